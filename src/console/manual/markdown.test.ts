import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  anchorOf,
  parseInline,
  parseMarkdown,
  plainText,
  type Block,
  type Inline,
} from './markdown.ts';
import { followLink } from './places.ts';

const docs = fileURLToPath(new URL('../../../docs/', import.meta.url));
const files = ['errors.md', ...globSync('manual/**/*.md', { cwd: docs })];

const inlinesOf = (block: Block): readonly (readonly Inline[])[] => {
  switch (block.kind) {
    case 'heading':
    case 'paragraph':
      return [block.parts];
    case 'code':
      return [];
    case 'list':
      return block.items.flatMap((item) => item.flatMap(inlinesOf));
    case 'table':
      return [...block.head, ...block.rows.flat()];
  }
};
const linksIn = (parts: readonly Inline[]): readonly string[] =>
  parts.flatMap((part) => [
    ...(part.kind === 'link' ? [part.to] : []),
    ...('parts' in part ? linksIn(part.parts) : []),
  ]);
const wordsIn = (parts: readonly Inline[]): string =>
  parts
    .map((part) => ('parts' in part ? wordsIn(part.parts) : part.kind === 'text' ? part.text : ''))
    .join('');

test('blocks are headings, paragraphs, lists in lists, code and tables', () => {
  const text = [
    '<!-- said to writers -->',
    '# One *two*',
    'a line',
    'and its end',
    '- first',
    '  goes on',
    '  - below',
    '- second',
    '',
    '```sh',
    '# no heading',
    '```',
    '| a | b |',
    '|---|---|',
    '| `x\\|y` | z |',
  ].join('\n');
  const blocks = parseMarkdown(text);
  assert.deepEqual(
    blocks.map(({ kind }) => kind),
    ['heading', 'paragraph', 'list', 'code', 'table'],
  );
  const [head, paragraph, list, code, table] = blocks;
  assert.ok(head?.kind === 'heading' && anchorOf(head.parts) === 'one-two');
  assert.ok(paragraph?.kind === 'paragraph');
  assert.equal(plainText(paragraph.parts), 'a line and its end');
  assert.ok(list?.kind === 'list' && list.items.length === 2);
  assert.deepEqual(
    list.items[0]?.map(({ kind }) => kind),
    ['paragraph', 'list'],
  );
  assert.ok(code?.kind === 'code' && code.text === '# no heading');
  assert.ok(table?.kind === 'table');
  assert.deepEqual(table.rows[0]?.[0], [{ kind: 'code', text: 'x|y' }]);
});

test('marks are read inside a line, and what is none of them stays text', () => {
  assert.deepEqual(parseInline('2 * 3 and snake_case_name, a **b `c`** [d](e.md)'), [
    { kind: 'text', text: '2 * 3 and snake_case_name, a ' },
    {
      kind: 'strong',
      parts: [
        { kind: 'text', text: 'b ' },
        { kind: 'code', text: 'c' },
      ],
    },
    { kind: 'text', text: ' ' },
    { kind: 'link', to: 'e.md', parts: [{ kind: 'text', text: 'd' }] },
  ]);
});

test('of every page of the manual no mark is left over, and every link leads to a page that is there', () => {
  assert.ok(files.length > 15);
  for (const file of files) {
    const blocks = parseMarkdown(readFileSync(docs + file, 'utf8'));
    assert.equal(blocks[0]?.kind, 'heading', file);
    for (const parts of blocks.flatMap(inlinesOf)) {
      assert.doesNotMatch(wordsIn(parts), /\]\(|\*\*|``/, `${file}: ${plainText(parts)}`);
      for (const link of linksIn(parts)) {
        const followed = followLink(file, link);
        // Decisions and measurements are in the source tree alone.
        if (followed?.page.startsWith('manual/') === true && followed.page.endsWith('.md'))
          assert.ok(files.includes(followed.page), `${file}: ${link}`);
      }
    }
  }
});
