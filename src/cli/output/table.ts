/** Tables for people: columns as wide as needed, cut to the terminal, no lines drawn. */
import { plain } from './writer.ts';

export interface Column<T> {
  readonly title: string;
  readonly value: (item: T) => string;
  /** Only with `-o wide`. */
  readonly wide?: true;
  readonly align?: 'right';
}

/** Width on a terminal: wide characters (East Asian, emoji) take two columns, marks none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (/\p{M}/u.test(character)) continue;
    const wide =
      (code >= 0x1100 && code <= 0x115f) ||
      (code >= 0x2e80 && code <= 0xa4cf) ||
      (code >= 0xac00 && code <= 0xd7a3) ||
      (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0xfe30 && code <= 0xfe6f) ||
      (code >= 0xff00 && code <= 0xff60) ||
      (code >= 0x1f300 && code <= 0x1faff);
    width += wide ? 2 : 1;
  }
  return width;
}

function pad(text: string, width: number, align: 'right' | undefined): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'right' ? space + text : text + space;
}

/** The lines of a table, titles first. `width` 0 does not cut. */
export function renderTable<T>(
  columns: readonly Column<T>[],
  items: readonly T[],
  width: number,
): readonly string[] {
  const rows = items.map((item) => columns.map((column) => plain(column.value(item))));
  const widths = columns.map((column, index) =>
    Math.max(displayWidth(column.title), ...rows.map((row) => displayWidth(row[index] ?? ''))),
  );
  const lines = [columns.map((column) => column.title), ...rows].map((cells) =>
    cells
      .map((cell, index) => pad(cell, widths[index] ?? 0, columns[index]?.align))
      .join('  ')
      .trimEnd(),
  );
  if (width <= 0) return lines;
  return lines.map((line) => (displayWidth(line) <= width ? line : `${cut(line, width - 1)}…`));
}

/** RFC 4180; a cell that a spreadsheet would run as a formula gets a quote in front. */
export function renderCsv<T>(
  columns: readonly Column<T>[],
  items: readonly T[],
): readonly string[] {
  const cell = (text: string): string => {
    const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?%?$/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [
    columns.map((column) => cell(column.title)),
    ...items.map((item) => columns.map((column) => cell(column.value(item)))),
  ].map((row) => row.join(','));
}

/** The beginning of a line that takes at most so many columns. */
function cut(line: string, columns: number): string {
  let kept = '';
  for (const character of line) {
    if (displayWidth(kept + character) > columns) break;
    kept += character;
  }
  return kept;
}
