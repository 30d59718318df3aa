import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findWorn } from './themes.ts';

test('rules of light and dark are kept, those of themes that nobody can choose are not', () => {
  const kept = [
    ':root',
    ':root:where(.pf-v6-theme-dark)',
    '.pf-v6-c-card',
    ':where(:root:not(.pf-v6-theme-glass)) .pf-v6-c-table.pf-m-plain',
  ];
  const left = [
    ':root:where(.pf-v6-theme-high-contrast)',
    ':root:where(.pf-v6-theme-dark.pf-v6-theme-felt)',
    ':where(:root.pf-v6-theme-glass) .pf-v6-c-table:not(.pf-m-no-plain-on-glass)',
  ];
  assert.deepEqual(findWorn([...kept, ...left]), kept);
});
