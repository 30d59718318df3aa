/**
 * The Markdown that the manual is written in, as blocks and inline parts: headings, paragraphs, lists and lists in them, fenced code,
 * tables and pictures; comments are left out. Text of the installation itself, not of strangers; what is no mark of these stays text, and nothing becomes HTML.
 */

export type Inline =
  | { readonly kind: 'text' | 'code'; readonly text: string }
  | { readonly kind: 'strong' | 'emphasis'; readonly parts: readonly Inline[] }
  | { readonly kind: 'link'; readonly to: string; readonly parts: readonly Inline[] }
  | { readonly kind: 'picture'; readonly from: string; readonly text: string };

export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly parts: readonly Inline[] }
  | { readonly kind: 'paragraph'; readonly parts: readonly Inline[] }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'list'; readonly ordered: boolean; readonly items: readonly Item[] }
  | { readonly kind: 'table'; readonly head: Row; readonly rows: readonly Row[] };

/** The blocks of one entry of a list. */
export type Item = readonly Block[];
export type Row = readonly (readonly Inline[])[];

const fence = /^```/;
const heading = /^(#{1,6}) (.*)$/;
const bullet = /^(?:[-*]|(\d+)\.) +(.*)$/;
const comment = /^<!--.*-->$/;
const tableRule = /^\|?[ :|-]+\|?$/;

export function parseMarkdown(text: string): readonly Block[] {
  return parseLines(text.split('\n'));
}

function parseLines(lines: readonly string[]): readonly Block[] {
  const blocks: Block[] = [];
  let at = 0;
  const take = (wanted: (line: string) => boolean): readonly string[] => {
    const begun = at;
    while (at < lines.length && wanted(lines[at] ?? '')) at += 1;
    return lines.slice(begun, at);
  };
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const [, marks, title = ''] = heading.exec(line) ?? [];
    const entry = bullet.exec(line);
    if (line.trim() === '' || comment.test(line)) at += 1;
    else if (fence.test(line)) {
      at += 1;
      const code = take((next) => !fence.test(next));
      at += 1;
      blocks.push({ kind: 'code', text: code.join('\n') });
    } else if (marks !== undefined) {
      at += 1;
      blocks.push({ kind: 'heading', level: marks.length, parts: parseInline(title) });
    } else if (line.startsWith('|') && tableRule.test(lines[at + 1] ?? '')) {
      const [head = '', , ...rows] = take((next) => next.startsWith('|'));
      blocks.push({ kind: 'table', head: parseRow(head), rows: rows.map(parseRow) });
    } else if (entry !== null) {
      const inList = take((next) => next.trim() === '' || /^ {2}/.test(next) || bullet.test(next));
      blocks.push({ kind: 'list', ordered: entry[1] !== undefined, items: parseItems(inList) });
    } else {
      const paragraph = take(
        (next) =>
          next.trim() !== '' && !fence.test(next) && !heading.test(next) && !bullet.test(next),
      );
      blocks.push({ kind: 'paragraph', parts: parseInline(paragraph.join(' ')) });
    }
  }
  return blocks;
}

/** What is indented belongs to the entry above. */
function parseItems(lines: readonly string[]): readonly Item[] {
  const items: string[][] = [];
  for (const line of lines) {
    const [, , first] = bullet.exec(line) ?? [];
    if (first !== undefined) items.push([first]);
    else items.at(-1)?.push(line.replace(/^ {2,3}/, ''));
  }
  return items.map(parseLines);
}

function parseRow(line: string): Row {
  const cells = line
    .replace(/^\|/, '')
    .replace(/\|\s*$/, '')
    .split(/(?<!\\)\|/);
  return cells.map((cell) => parseInline(cell.trim().replaceAll('\\|', '|')));
}

const marked =
  /`([^`]+)`|!\[([^\]]*)\]\(([^)\s]+)\)|\[((?:[^\][]|\[[^\]]*\])+)\]\(([^)\s]+)\)|\*\*(.+?)\*\*|(?<!\w)[*_]([^*_\s](?:[^*_]*[^*_\s])?)[*_](?!\w)/g;

export function parseInline(text: string): readonly Inline[] {
  const parts: Inline[] = [];
  let last = 0;
  const addText = (to: number): void => {
    if (to > last) parts.push({ kind: 'text', text: text.slice(last, to) });
  };
  for (const found of text.matchAll(marked)) {
    addText(found.index);
    last = found.index + found[0].length;
    const [, code, shown, from, label, to, strong, emphasis] = found;
    if (code !== undefined) parts.push({ kind: 'code', text: code });
    else if (from !== undefined) parts.push({ kind: 'picture', from, text: shown ?? '' });
    else if (to !== undefined) parts.push({ kind: 'link', to, parts: parseInline(label ?? '') });
    else if (strong !== undefined) parts.push({ kind: 'strong', parts: parseInline(strong) });
    else parts.push({ kind: 'emphasis', parts: parseInline(emphasis ?? '') });
  }
  addText(text.length);
  return parts;
}

/** Its words alone. */
export function plainText(parts: readonly Inline[]): string {
  return parts.map((part) => ('parts' in part ? plainText(part.parts) : part.text)).join('');
}

/** As links name a heading: small letters and digits, with hyphens between words. */
export function anchorOf(parts: readonly Inline[]): string {
  return plainText(parts)
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}
