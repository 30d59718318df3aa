/** Things and lists in the format that was asked for. `json` is the API's own JSON; a list is one array. */
import { renderCsv, renderTable, type Column } from './table.ts';
import { plain, type OutputFormat, type Writer } from './writer.ts';

export function writeList<T>(
  out: Writer,
  format: OutputFormat,
  columns: readonly Column<T>[],
  items: readonly T[],
  nothing: string,
): void {
  switch (format) {
    case 'json':
      out.line(JSON.stringify(items, null, 2));
      return;
    case 'yaml':
      out.yaml(items);
      return;
    case 'csv':
      for (const line of renderCsv(columns, items)) out.line(line);
      return;
    case 'table':
    case 'wide': {
      if (items.length === 0) {
        out.note(out.typed(nothing));
        return;
      }
      const shown = columns.filter((column) => format === 'wide' || column.wide === undefined);
      for (const line of renderTable(shown, items, format === 'wide' ? 0 : out.width))
        out.line(line);
      return;
    }
  }
}

/** One thing: label and value per line for people, the API's own JSON or YAML for programs. */
export function writeThing(
  out: Writer,
  format: OutputFormat,
  thing: unknown,
  rows: readonly (readonly [string, string])[],
): void {
  if (format === 'json') return out.line(JSON.stringify(thing, null, 2));
  if (format === 'yaml') return out.yaml(thing);
  if (format === 'csv') {
    for (const line of renderCsv(
      [
        { title: 'field', value: (row: readonly [string, string]) => row[0] },
        { title: 'value', value: (row) => row[1] },
      ],
      rows,
    ))
      out.line(line);
    return;
  }
  const width = Math.max(...rows.map(([label]) => label.length));
  for (const [label, value] of rows) {
    const shown = value === '' && label !== '' ? '-' : plain(value);
    out.line(`${label.padEnd(width)}  ${shown}`.trimEnd());
  }
}
