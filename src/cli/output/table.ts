/** Tables for people: columns as wide as needed, wrapped or cut to the terminal, no lines drawn. */
import { plain } from './writer.ts';

export interface Column<T> {
  readonly title: string;
  readonly value: (item: T) => string;
  /** Only with `-o wide`. */
  readonly wide?: true;
  readonly align?: 'right';
  /** Sentences: on a terminal that is too narrow they go on in further lines instead of being cut. */
  readonly wraps?: true;
}

const gap = '  ';
const minWrappedWidth = 10;

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

/** The lines of a table, titles first. `width` 0 neither wraps nor cuts. */
export function renderTable<T>(
  columns: readonly Column<T>[],
  items: readonly T[],
  width: number,
): readonly string[] {
  const rows = items.map((item) => columns.map((column) => plain(column.value(item))));
  const natural = columns.map((column, index) =>
    Math.max(displayWidth(column.title), ...rows.map((row) => displayWidth(row[index] ?? ''))),
  );
  const widths = fitWidths(columns, natural, width);
  const lines = [columns.map((column) => column.title), ...rows].flatMap((cells) => {
    const wrapped = cells.map((cell, index) =>
      columns[index]?.wraps === true ? wrapText(cell, widths[index] ?? 0) : [cell],
    );
    const height = Math.max(...wrapped.map((parts) => parts.length));
    return Array.from({ length: height }, (_, line) =>
      wrapped
        .map((parts, index) => pad(parts[line] ?? '', widths[index] ?? 0, columns[index]?.align))
        .join(gap)
        .trimEnd(),
    );
  });
  if (width <= 0) return lines;
  return lines.map((line) => (displayWidth(line) <= width ? line : `${cut(line, width - 1)}…`));
}

/** What does not fit is taken from the columns that wrap, the widest first, as far as words stay readable. */
function fitWidths<T>(
  columns: readonly Column<T>[],
  natural: readonly number[],
  width: number,
): readonly number[] {
  const widths = [...natural];
  if (width <= 0) return widths;
  const total = natural.reduce((sum, one) => sum + one, gap.length * (natural.length - 1));
  for (let excess = total - width; excess > 0; excess -= 1) {
    const [widest] = [...widths.keys()]
      .filter((index) => columns[index]?.wraps === true && (widths[index] ?? 0) > minWrappedWidth)
      .sort((one, other) => (widths[other] ?? 0) - (widths[one] ?? 0));
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

/** In lines of at most so many columns, between words where there are any. */
export function wrapText(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (displayWidth(longer) <= columns) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (displayWidth(line) > columns) {
      const part = breakWord(cut(line, columns));
      lines.push(part);
      line = line.slice(part.length);
    }
  }
  return [...lines, line];
}

/** As much as fits of a path, an id or a list without spaces: up to a mark, where one is far enough on. */
function breakWord(part: string): string {
  const end = Math.max(...['/', '.', ',', '-'].map((mark) => part.lastIndexOf(mark) + 1));
  return end > part.length / 2 ? part.slice(0, end) : part;
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
