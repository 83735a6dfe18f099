/** Turns due_date, by-status and listProjects into words: Due date, By status, List projects. A check mark
 * says the is of is_active. */
export function label(name: string): string {
  const parts = split(name.replace(/([a-z0-9])([A-Z])/g, '$1 $2')).map((word) => word.toLowerCase());
  return sentence(parts.filter((word, i) => !(word === 'is' && i === 0 && parts.length > 1)));
}

/** The same of a value that is one name: in_progress is In progress, log_in_failed is Log in failed. What it has in
 * capitals stays so: EdDSA. */
export function words(value: string): string {
  return sentence(split(value));
}

function split(name: string): string[] {
  return name.split(/[-_.\s]+/).filter((word) => word !== '');
}

function sentence(parts: string[]): string {
  const text = parts.map((word) => abbreviations.get(word) ?? word).join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What is not written as it is spelt. */
const abbreviations = new Map([
  ...[
    'api',
    'csv',
    'html',
    'http',
    'https',
    'id',
    'ip',
    'json',
    'pdf',
    'sql',
    'uri',
    'url',
    'uuid',
    'vat',
  ].map((name) => [name, name.toUpperCase()] as const),
  ['ids', 'IDs'],
  ['urls', 'URLs'],
  // What JSON Web Keys call it (RFC 7517).
  ['kid', 'key ID'],
]);
