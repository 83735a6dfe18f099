/** Turns due_date, by-status and listProjects into words: Due date, By status, List projects. A check mark
 * says the is of is_active. */
export function label(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[-_.\s]+/)
    .filter((word, i, all) => word !== '' && !(word === 'is' && i === 0 && all.length > 1));
  const text = words.map((word) => abbreviations.get(word.toLowerCase()) ?? word.toLowerCase()).join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const abbreviations = new Map([
  ['id', 'ID'],
  ['ip', 'IP'],
  ['url', 'URL'],
  ['api', 'API'],
]);
