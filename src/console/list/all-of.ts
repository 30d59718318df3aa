/** A filter that holds where all of them do; undefined where none is given. */
export function allOf(...filters: readonly (string | undefined)[]): string | undefined {
  const given = filters.filter((filter) => filter !== undefined && filter !== '');
  return given.length > 1 ? `(${given.join(') AND (')})` : given[0];
}
