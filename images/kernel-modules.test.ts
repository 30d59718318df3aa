import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '#lib';
import { chooseModules } from './kernel-modules.ts';
import { makeModule } from './testing/elf.ts';

const folder = 'lib/modules/6.1.0/kernel';
const candidates = new Map([
  [`${folder}/drivers/virtio/virtio.ko`, makeModule('alias=none')],
  [`${folder}/drivers/virtio/virtio_ring.ko`, makeModule('depends=virtio')],
  [
    `${folder}/drivers/block/virtio_blk.ko`,
    makeModule('depends=virtio_ring,virtio', 'alias=virtio:d2v*'),
  ],
  [`${folder}/drivers/usb/usb-storage.ko`, makeModule('depends=scsi_mod')],
  [`${folder}/drivers/other.ko`, makeModule()],
]);

test('named modules come with what they depend on, and nothing else', () => {
  const set = chooseModules(candidates, new Set(['scsi_mod']), ['virtio-blk', 'usb-storage']);
  assert.deepEqual(
    [...set.files.keys()].map((path) => path.split('/').at(-1)),
    ['virtio_blk.ko', 'usb-storage.ko', 'virtio.ko', 'virtio_ring.ko'],
  );
  assert.match(set.aliases, /^alias virtio:d2v\* virtio_blk$/m);
});

test('a line of modules.dep has the nearest first and what all need last', () => {
  const { dependencies } = chooseModules(candidates, new Set(), ['virtio_blk']);
  const line = dependencies.split('\n').find((text) => text.includes('virtio_blk.ko:'));
  assert.equal(
    line,
    'kernel/drivers/block/virtio_blk.ko: kernel/drivers/virtio/virtio_ring.ko kernel/drivers/virtio/virtio.ko',
  );
});

test('all modules that are missing are named at once', () => {
  assert.throws(
    () => chooseModules(candidates, new Set(), ['usb-storage', 'absent']),
    (error) => isFault(error, 'not-found') && /absent, scsi_mod/.test(error.message),
  );
});
