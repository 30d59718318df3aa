import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { hostTabHelp, pageHelp, sectionHelp, thingHelp, vmTabHelp } from './help.ts';
import { anchorOf, parseMarkdown } from './markdown.ts';

const docs = new URL('../../../docs/', import.meta.url);

test('every help mark leads to a page of the manual, and to a heading that is on it', () => {
  for (const table of [pageHelp, thingHelp, vmTabHelp, sectionHelp, hostTabHelp]) {
    for (const place of Object.values<string>(table)) {
      const [page = '', heading] = place.split('#');
      const blocks = parseMarkdown(readFileSync(new URL(page, docs), 'utf8'));
      const anchors = blocks.flatMap((block) =>
        block.kind === 'heading' ? [anchorOf(block.parts)] : [],
      );
      assert.ok(heading === undefined ? anchors.length > 0 : anchors.includes(heading), place);
    }
  }
});
