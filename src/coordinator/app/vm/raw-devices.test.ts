/** Who may give a vm a drive of its host, by whichever call, and what is refused. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Disk, LinkParams, LinkResult } from '#api';
import type { VmDocument } from '../../documents.ts';
import { FakeAgent, makeDefinition, makeRecord, makeReport } from '../../testing/fake-agent.ts';
import { Stage } from '../../testing/stage.ts';

const byId = '/dev/disk/by-id/wwn-0x5000c500a1b2c3d4';
const mine = makeDefinition('mine');
const free = {
  sizeBytes: 1_048_576,
  path: byId,
  identity: 'wwn naa.5000c500a1b2c3d4',
  usedBy: null,
  readOnly: false,
};
const drive = {
  kind: 'device',
  bus: 'scsi',
  position: 5,
  file: byId,
  format: 'raw',
  sizeBytes: free.sizeBytes,
  cache: 'none',
} as const;
const medium = { kind: 'device', device: '/dev/sda' } as const;
const optical = { bus: 'sata', position: 1 } as const;
const attach = { kind: 'device', device: '/dev/sdb', bus: 'scsi' } as const;

let stage: Stage;
let agent: FakeAgent;
let maker: string;
let answer: LinkResult<'host.drive'> = free;
const attached: Disk[] = [];

before(async () => {
  stage = await Stage.open();
  agent = await FakeAgent.join(stage, 'h1');
  Object.assign(agent.handlers, {
    'host.configure': () => ({}),
    'host.drive': () => answer,
    'machine.configure': () => ({ report: makeReport(mine) }),
    'machine.disk.attach': ({ disk }: LinkParams<'machine.disk.attach'>) => {
      attached.push(disk);
      return { live: false };
    },
    'machine.adopt': () => ({
      record: makeRecord({ ...makeDefinition('found'), hardware: withDrive() }),
    }),
    'machine.forget': () => ({}),
  });
  await agent.connect([makeRecord(mine, 1)]);
  maker = await stage.addUser('maker', [
    { role: 'create', objectKind: 'installation' },
    { role: 'vm-administrator', objectKind: 'vm', object: 'mine' },
  ]);
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

function withDrive(): typeof mine.hardware {
  const disk = { ...drive, controller: 0, readOnly: false, shared: false, discard: true } as const;
  return { ...mine.hardware, disks: [{ ...disk, serial: '' }] };
}

const ways = {
  'a drive that is attached': ['POST', '/vms/mine/disks', attach],
  'a definition that is changed': ['PATCH', '/vms/mine', { hardware: { disks: [drive] } }],
  'the definition of a new vm': [
    'POST',
    '/vms',
    { name: 'thief', definition: { hardware: { disks: [drive] } } },
  ],
  'a CD drive into which it is put': ['PUT', '/vms/mine/media/sata0:0', medium],
  'a floppy drive that is changed': ['PATCH', '/vms/mine', { hardware: { floppy: { medium } } }],
  'a serial port that leads to it': [
    'PATCH',
    '/vms/mine',
    { hardware: { serialPorts: [{ kind: 'device', device: '/dev/sdb' }] } },
  ],
  'a parallel port that leads to it': [
    'PATCH',
    '/vms/mine',
    { hardware: { parallelPort: { kind: 'device', device: '/dev/sdb' } } },
  ],
  'the CD drive of a new vm': [
    'POST',
    '/vms',
    { name: 'thief', definition: { hardware: { opticalDrives: [{ ...optical, medium }] } } },
  ],
} as const;

for (const [what, [method, path, body]] of Object.entries(ways))
  test(`a drive of the host takes the right to give it: ${what}`, async () => {
    const refused = await stage.send(method, path, { body, token: maker });
    assert.equal(refused.status, 403, refused.text);
    assert.match(refused.text, /host\.drives/);
  });

test('a vm that is found with a drive of the host is added by those alone who may give it one', async () => {
  const body = { host: 'h1', file: '/vms/found/found.json' };
  const asked = await stage.send('POST', '/vms/add', { body, token: maker });
  const operation = await stage.coordinator.operations.wait(
    (asked.json as { id: string }).id,
    10_000,
  );
  assert.equal(operation.state, 'failed');
  assert.match(JSON.stringify(operation), /host\.drives|a drive or a port of the host/);
  assert.equal(stage.coordinator.inventory.find<VmDocument>('vm', 'found'), undefined);
});

test('a drive is attached by its own name, with what it is known by, and not while the host uses it', async () => {
  answer = { ...free, usedBy: 'sdb1 is mounted at /srv' };
  const used = await stage.send('POST', '/vms/mine/disks', { body: attach });
  assert.equal(used.status, 409);
  assert.match(used.text, /the host itself uses \/dev\/sdb: sdb1 is mounted at \/srv/);
  answer = { ...free, readOnly: true };
  const protectedDrive = await stage.send('POST', '/vms/mine/disks', { body: attach });
  assert.match(protectedDrive.text, /\/dev\/sdb is write-protected/);
  answer = free;
  assert.equal((await stage.act('POST', '/vms/mine/disks', attach)).state, 'done');
  const [disk] = attached;
  assert.deepEqual(
    [disk?.kind, disk?.file, disk?.format, disk?.sizeBytes, disk?.cache, disk?.drive],
    ['device', byId, 'raw', free.sizeBytes, 'none', free.identity],
  );
  const change = { settings: { undoDisks: { enabled: true } } };
  const undo = await stage.send('PATCH', '/vms/mine', { body: change });
  assert.equal(undo.status, 400, undo.text);
  assert.match(undo.text, /undo disks lie on files/);
  const clone = await stage.send('POST', '/vms/mine/clone', { body: { name: 'copy' } });
  assert.match(clone.text, /is a raw device: a drive of the host is not copied/);
  const move = await stage.send('POST', '/vms/mine/disks/scsi0:0/relocate', {
    body: { path: '/x' },
  });
  assert.match(move.text, /is a raw device, not a file/);
  await using other = await FakeAgent.join(stage, 'h2');
  Object.assign(other.handlers, {
    'host.configure': () => ({}),
    'machine.arrival.plan': () => ({ ok: true, reasons: [], warnings: [] }),
  });
  const leaving = { ok: true, reasons: [], warnings: [], storedBytes: 0, guest: null };
  Object.assign(agent.handlers, { 'machine.departure.plan': () => leaving });
  await other.connect([]);
  const migration = await stage.send('POST', '/vms/mine/relocate', { body: { host: 'h2' } });
  assert.equal(migration.status, 409, migration.text);
  assert.match(migration.text, /is a raw device, the drive \/dev\/disk\/by-id/);
});
