/**
 * The cursors of the pages that were seen, by list. The interface counts pages, the API hands out cursors: each page
 * brings the cursor of the next one.
 */
export class Cursors {
  #lists = new Map<string, Map<number, string>>();

  /** The parameter that asks for a page: its cursor, or, for a page that nobody came to by the one before, its number. */
  parameter(list: string, page: number): [string, string] | undefined {
    if (page <= 1) return undefined;
    const cursor = this.#lists.get(list)?.get(page);
    return cursor === undefined ? ['page', String(page)] : ['cursor', cursor];
  }

  /** Takes note of what a page says of the next one. */
  note(list: string, page: number, next: string | null): void {
    const cursor = next === null ? null : new URL(next, 'http://localhost').searchParams.get('cursor');
    let pages = this.#lists.get(list);
    if (!pages) {
      if (this.#lists.size >= 100) this.#lists.clear();
      pages = new Map();
      this.#lists.set(list, pages);
    }
    if (cursor) pages.set(page + 1, cursor);
    else pages.delete(page + 1);
  }

  forget(list: string): void {
    this.#lists.delete(list);
  }
}
