import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { assemble } from '../testing/assemble.ts';
import { floppyBootSector } from './boot-sector.ts';

test('the sector is boot-sector.S assembled', async (context) => {
  const code = await assemble(join(import.meta.dirname, 'boot-sector.S'));
  if (code === undefined) {
    context.skip('no assembler (package binutils) on this machine');
    return;
  }
  assert.ok(floppyBootSector().equals(code));
});
