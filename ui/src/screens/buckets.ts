/** A span of time, and what was counted in it. */
export interface Bucket {
  /** Its beginning, as far as it tells the spans apart: 2026-11-23, or 2026-11-23T09. */
  at: string;
  count: number;
}

export type Span = 'day' | 'hour';

const lengths: Record<Span, number> = { day: 86_400_000, hour: 3_600_000 };
const digits: Record<Span, number> = { day: 10, hour: 13 };

/** One thing that happened, or several at once. */
export interface Moment {
  time: string;
  count: number;
}

/** The last spans up to now, each with what is counted in it (UTC). */
export function countBy(span: Span, moments: Moment[], length: number, now: number): Bucket[] {
  const counts = new Map(last(span, length, now).map((at) => [at, 0]));
  for (const { time, count } of moments) {
    const at = key(span, time);
    const before = counts.get(at);
    if (before !== undefined) counts.set(at, before + count);
  }
  return [...counts].map(([at, count]) => ({ at, count }));
}

/** What was counted in all of them. */
export function totalOf(buckets: Bucket[]): number {
  return buckets.reduce((sum, { count }) => sum + count, 0);
}

/** How something was at a time: one of those that are looked at together. */
export interface Reading {
  time: string;
  of: string;
  value: number;
}

/**
 * The last spans up to now, each with how it was at its end: the last reading of each, added up. A reading is good until
 * there is another one of the same.
 */
export function stateBy(span: Span, readings: Reading[], length: number, now: number): Bucket[] {
  const waiting = readings.toSorted((a, b) => b.time.localeCompare(a.time));
  const states = new Map<string, number>();
  return last(span, length, now).map((at) => {
    for (let next = waiting.at(-1); next && key(span, next.time) <= at; next = waiting.at(-1)) {
      states.set(next.of, next.value);
      waiting.pop();
    }
    return { at, count: [...states.values()].reduce((sum, value) => sum + value, 0) };
  });
}

function last(span: Span, length: number, now: number): string[] {
  return Array.from({ length }, (_, i) =>
    key(span, new Date(now - (length - 1 - i) * lengths[span]).toISOString()),
  );
}

function key(span: Span, time: string): string {
  return time.slice(0, digits[span]);
}

/** When the first of the last spans begins. */
export function beginning(span: Span, length: number, now: number): string {
  const at = new Date(now - (length - 1) * lengths[span]).toISOString().slice(0, digits[span]);
  return span === 'day' ? `${at}T00:00:00Z` : `${at}:00:00Z`;
}
