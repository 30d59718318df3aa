import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFault } from '#lib';
import { readModinfo, readNeeded } from './elf.ts';
import { makeModule } from './testing/elf.ts';

test('the libraries of a real program are read', async () => {
  assert.ok(readNeeded(await readFile('/usr/bin/qemu-img')).includes('libc.so.6'));
});

test('what a module says of itself is read in order', () => {
  const module = makeModule('alias=virtio:d1v*', 'depends=virtio,virtio_ring', 'name=x', 'odd');
  assert.deepEqual(readModinfo(module), [
    ['alias', 'virtio:d1v*'],
    ['depends', 'virtio,virtio_ring'],
    ['name', 'x'],
  ]);
});

test('a damaged file is a fault that says corrupt, wherever the damage is', () => {
  const module = makeModule('depends=a');
  const place = fc.nat({ max: module.length - 1 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(place, fc.nat(255)), { maxLength: 8 }),
      fc.nat(),
      (edits, cut) => {
        const bytes = Buffer.from(module.subarray(0, module.length - (cut % 3)));
        for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
        for (const read of [readModinfo, readNeeded]) {
          try {
            read(bytes);
          } catch (error) {
            assert.ok(isFault(error, 'corrupt'), String(error));
          }
        }
      },
    ),
    { numRuns: 2000 },
  );
});
