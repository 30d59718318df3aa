import assert from 'node:assert/strict';
import { test } from 'node:test';
import { qemuParent } from './backing-name.ts';

const json = (options: unknown): string => `json:${JSON.stringify(options)}`;
const file = { driver: 'file', filename: 'base.img' };

for (const [name, path, format] of [
  ['base.img', 'base.img', undefined],
  ['file:base.img', 'base.img', undefined],
  ['file:///disks/base.img', 'file:///disks/base.img', undefined],
  [json(file), 'base.img', undefined],
  [json({ driver: 'vpc', file }), 'base.img', 'vhd'],
  [json({ driver: 'raw', 'file.driver': 'file', 'file.filename': 'base.img' }), 'base.img', 'raw'],
  [
    json({ driver: 'qcow2', 'node-name': 'a', file: { ...file, 'cache.direct': true } }),
    'base.img',
    'qcow2',
  ],
] as const)
  void test(`${name} leads to its file`, () => {
    assert.deepEqual(qemuParent(name), { names: [path], format });
  });

for (const name of [
  'nbd://example/disk',
  'json:{',
  'json:null',
  json({ driver: 'nbd', host: 'example' }),
  // A part of the file is not the file.
  json({ driver: 'raw', offset: 512, file }),
  json({ driver: 'qcow2', file: { driver: 'raw', file } }),
  json({ driver: 'qcow2', file: { driver: 'nbd', filename: 'base.img' } }),
  json({ driver: 'file', filename: 1 }),
])
  void test(`${name} leads to no file, and stays as it stands`, () => {
    assert.deepEqual(qemuParent(name), { names: [name], format: undefined });
  });

void test('the format that a file records beside the name is the one that counts', () => {
  assert.equal(qemuParent(json({ driver: 'raw', file }), 'qcow2').format, 'qcow2');
  assert.equal(qemuParent('base.vhd', 'vpc').format, 'vhd');
});
