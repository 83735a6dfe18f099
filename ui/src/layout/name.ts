/** The service's name, which the server writes into the page. */
export const applicationName =
  document.querySelector<HTMLMetaElement>('meta[name="application-name"]')?.content ?? '';
