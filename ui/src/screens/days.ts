export interface Day {
  /** YYYY-MM-DD. */
  date: string;
  count: number;
}

/** The last days up to now, each with how many of the times fall on it (UTC). */
export function countByDay(times: string[], length: number, now: number): Day[] {
  const counts = new Map<string, number>();
  for (let back = length - 1; back >= 0; back--)
    counts.set(new Date(now - back * 86_400_000).toISOString().slice(0, 10), 0);
  for (const time of times) {
    const date = time.slice(0, 10);
    const count = counts.get(date);
    if (count !== undefined) counts.set(date, count + 1);
  }
  return [...counts].map(([date, count]) => ({ date, count }));
}
