/** A page of a list. Apart from the schemas of lists, since the console's first page reads no schema. */

export const maxPage = 1000;

export interface Page<T> {
  readonly items: readonly T[];
  /** Null at the end. */
  readonly nextCursor: string | null;
  /** How many match the filter and may be seen. */
  readonly total: number;
}
