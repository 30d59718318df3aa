/** A vm's disks are not reached through another vm, by whichever call. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { VmDocument } from '../../documents.ts';
import { Stage } from '../../testing/stage.ts';

let stage: Stage;
let maker: string;
let folder: string;
const elsewhere = '/disks/shared.qcow2';

before(async () => {
  stage = await Stage.open();
  await stage.addHost('h1');
  const disk = { kind: 'new', sizeBytes: 1_048_576, format: 'qcow2' } as const;
  await stage.act('POST', '/vms', { name: 'secret', disk });
  await stage.act('POST', '/vms/secret/disks', {
    kind: 'existing',
    file: elsewhere,
    format: 'qcow2',
    readOnly: false,
  });
  await stage.act('POST', '/vms', { name: 'mine', definition: { hardware: { floppy: null } } });
  folder = stage.coordinator.inventory.find<VmDocument>('vm', 'secret')?.data.path ?? '';
  maker = await stage.addUser('maker', [
    { role: 'create', objectKind: 'installation' },
    { role: 'vm-administrator', objectKind: 'vm', object: 'mine' },
  ]);
});
after(() => stage[Symbol.asyncDispose]());

const attach = (file: string) =>
  ['POST', '/vms/mine/disks', { kind: 'existing', file, format: 'qcow2' }] as const;
const ways = {
  'a disk of a new vm': () =>
    [
      'POST',
      '/vms',
      {
        name: 'thief',
        disk: { kind: 'existing', file: `${folder}/secret.qcow2`, format: 'qcow2' },
      },
    ] as const,
  'a disk that is attached': () => attach(`${folder}/secret.qcow2`),
  'the same, written in another way': () => attach(`${folder}//./secret.qcow2`),
  'a disk that lies elsewhere': () => attach(elsewhere),
  'its saved state, as a disk': () => attach(`${folder}/secret.saved`),
  'a port that writes into it': () =>
    [
      'PATCH',
      '/vms/mine',
      { hardware: { serialPorts: [{ kind: 'file', file: `${folder}/secret.qcow2` }] } },
    ] as const,
};

for (const [what, way] of Object.entries(ways))
  test(`a file of another vm is refused: ${what}`, async () => {
    const [method, path, body] = way();
    const answer = await stage.send(method, path, { body, token: maker });
    assert.equal(answer.status, 403, answer.text);
    assert.match(answer.text, /is a file of another vm/);
  });

test('who may change the disks of both vms may share a file between them', async () => {
  const [method, path, body] = attach(elsewhere);
  const answer = await stage.send(method, path, { body });
  assert.equal(answer.status, 202, answer.text);
});
