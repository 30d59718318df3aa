/** A line of blocks for values over time: as wide as asked for, gaps are blanks. */
const blocks = '▁▂▃▄▅▆▇█';

/** From nothing up to `most`; where there are more values than columns, the greatest of each column. */
export function sparkline(values: readonly (number | null)[], most: number, width: number): string {
  const columns = Math.min(width, values.length);
  let line = '';
  for (let column = 0; column < columns; column += 1) {
    const from = Math.floor((column * values.length) / columns);
    const to = Math.floor(((column + 1) * values.length) / columns);
    const known = values.slice(from, to).filter((value) => value !== null);
    const share = most > 0 ? Math.min(1, Math.max(...known) / most) : 0;
    line += known.length === 0 ? ' ' : (blocks[Math.round(share * (blocks.length - 1))] ?? ' ');
  }
  return line;
}
