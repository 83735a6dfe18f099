import type { Values } from '../data/patch';
import { label } from '../document/label';

/** The words by which something is named that should not be. */
const worrying =
  /(^|_)(overdue|failed|failures|expired|broken|blocked|denied|refused|limited|errors|pending)$/;

export function worries(name: string): boolean {
  return worrying.test(name);
}

export interface Warning {
  path: string;
  text: string;
  /** What it was found below, outermost first. */
  above: string[];
}

/** What of a report somebody should look at: counts of what should not be, and a check that failed. */
export function attention(values: Values, above: string[] = []): Warning[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const path = [...above, name];
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      return attention(value as Values, path);
    }
    const warning = (text: string): Warning => ({ path: path.join('.'), text, above });
    if (name === 'ok' && value === false)
      return [warning([...above.map(label), 'a check failed'].join(': '))];
    if (typeof value !== 'number' || value <= 0 || !worries(name)) return [];
    return [warning([value.toLocaleString(), ...above, label(name)].join(' ').toLowerCase())];
  });
}
