import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffSettings } from '#api';
import { metadataChangeOf, type MetadataChange } from './metadata-events.ts';

function told(before: object, after: object): readonly (MetadataChange | undefined)[] {
  return diffSettings(before, after).map((change) =>
    metadataChangeOf({ name: 'vm.setting.changed', attributes: { ...change } }),
  );
}

const kept = (elements: object): object => ({ extensions: { 'libvirt-metadata': elements } });

test('a change of metadata is told with the address of its namespace, as it is written', () => {
  const uri = 'http://Example.org/A?b&c';
  const text = "<x:y xmlns:x='http://Example.org/A?b&amp;c'/>";
  assert.deepEqual(told(kept({}), kept({ [uri]: text })), [{ type: 2, nsuri: uri }]);
  assert.deepEqual(told(kept({ [uri]: text }), kept({})), [{ type: 2, nsuri: uri }]);
});

test('description and title are metadata, too, and other settings are not', () => {
  assert.deepEqual(told({ description: '', name: 'a' }, { description: 'x', name: 'b' }), [
    { type: 0, nsuri: null },
    undefined,
  ]);
  const title = { extensions: { 'libvirt-title': 'x' } };
  assert.deepEqual(told({}, title), [{ type: 1, nsuri: null }]);
});
