import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { miB } from '#lib';
import { openDisk } from '../open.ts';
import { store, withFolder } from '../testing/folder.ts';
import { convertDisk } from './convert.ts';
import { makeDisk } from './create.ts';
import { spansOf } from './spans.ts';

const sizeBytes = 8 * miB;

test('chunks of what is compressed are smaller, and all of a disk is in one of them', () =>
  withFolder(async (folder) => {
    const [plain, packed] = [join(folder, 'plain.qcow2'), join(folder, 'packed.qcow2')];
    const text = Buffer.alloc(sizeBytes - 2 * miB, 'text ');
    await makeDisk(
      { path: plain, format: 'qcow2', sizeBytes, durability: 'memory' },
      store,
      (made) => made.write(text, 2 * miB),
    );
    await using source = await openDisk({ path: plain, store });
    const target = { path: packed, format: 'qcow2' };
    await convertDisk(source, { target, store, compress: true });
    await using disk = await openDisk({ path: packed, store });
    for (const [one, largest] of [
      [source, 2 * miB],
      [disk, miB],
    ] as const) {
      let [end, most] = [0, 0];
      for await (const span of spansOf(one, 2 * miB, undefined, miB)) {
        assert.equal(span.chunk, end, 'one behind the other');
        end += span.chunkLength;
        most = Math.max(most, span.end - span.start);
      }
      assert.equal(end, sizeBytes);
      assert.equal(most, largest);
    }
  }));
