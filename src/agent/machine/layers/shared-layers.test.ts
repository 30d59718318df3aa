import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextMerge, noLayers, prune, type Layer, type Layers } from './layers.ts';
import { markShared, ownAgain, sharedFiles, unmarkShared } from './shared-layers.ts';

const seal = { sizeBytes: 1, modified: '1', head: '', mode: 0o600 };

/** own <- one <- two <- top */
const chain: Layers = {
  ...noLayers,
  files: [
    { file: 'own', format: 'qcow2', parent: null, seal },
    { file: 'two', format: 'qcow2', parent: 'one', seal },
    { file: 'one', format: 'qcow2', parent: 'own', seal },
    { file: 'top', format: 'qcow2', parent: 'two', seal: null },
  ] satisfies Layer[],
  tops: [{ disk: 'own', top: 'top' }],
};
const shared = markShared(chain, new Set(['own', 'one', 'two']));

test('nothing is merged into a shared layer, and it keeps its seal', () => {
  assert.deepEqual(nextMerge(chain, 'off'), { upper: 'one', lower: 'own' });
  assert.equal(nextMerge(shared, 'off'), undefined);
  const bare = prune({ ...shared, tops: [{ disk: 'own', top: 'two' }] });
  assert.ok(bare.files.every(({ seal: one }) => one !== null));
});

test('shared layers end to be shared from the top down, since each names the one below it', () => {
  assert.deepEqual(sharedFiles(shared), ['two', 'one', 'own']);
  assert.deepEqual(ownAgain(shared, new Set(['own', 'one'])), new Set());
  assert.deepEqual(ownAgain(shared, new Set(['own', 'two'])), new Set(['two']));
  assert.deepEqual(ownAgain(shared, new Set(['own', 'one', 'two'])).size, 3);
  for (let now = shared, [file] = sharedFiles(now); file !== undefined; [file] = sharedFiles(now)) {
    now = unmarkShared(now, new Set([file]));
    const merge = nextMerge(now, 'off');
    const renamed = now.files.filter(({ parent }) => parent === merge?.upper);
    assert.ok(
      renamed.every((layer) => !layer.shared),
      `${file} is not shared`,
    );
  }
});
