import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { KnownMedia, LinkResult } from '#api';
import { FakeAgent, makeDefinition, makeRecord, makeReport } from '../../testing/fake-agent.ts';
import { Stage } from '../../testing/stage.ts';

let stage: Stage;
let agent: FakeAgent;
const mine = makeDefinition('mine');
const other = makeDefinition('other');
const sizeBytes = 1_474_560;

const found = (
  path: string,
  drive: 'cd' | 'floppy',
): LinkResult<'host.media'>['files'][number] => ({
  path,
  drive,
  sizeBytes,
});

before(async () => {
  stage = await Stage.open();
  agent = await FakeAgent.join(stage, 'h1');
  const answer: LinkResult<'host.media'> = {
    files: [
      found('/iso/setup.iso', 'cd'),
      found('/iso/tools.iso', 'cd'),
      found('/iso/boot.img', 'floppy'),
      found('/vms/other/private.iso', 'cd'),
    ],
    drives: [{ path: '/dev/sr0', drive: 'cd', name: 'PLEXTOR DVDR' }],
    complete: true,
    inserted: [
      { path: '/iso/tools.iso', vmId: other.id, writes: false },
      { path: '/iso/boot.img', vmId: other.id, writes: true },
      { path: '/iso/setup.iso', vmId: mine.id, writes: false },
      { path: '/dev/sr0', vmId: other.id, writes: false },
    ],
  };
  agent.handlers['host.media'] = () => answer;
  agent.handlers['image.inspect'] = ({ file }: { file: string }) => ({
    path: file,
    format: 'raw',
    imageKind: 'cd',
    sizeBytes: 7,
    fileBytes: 7,
    sha256: null,
  });
  agent.handlers['machine.configure'] = () => ({ report: makeReport(mine) });
  await agent.connect([makeRecord(mine, 1), makeRecord(other, 1)]);
  const image = { name: 'tools', file: '/iso/tools.iso', imageKind: 'cd', format: 'raw' };
  assert.equal((await stage.act('POST', '/images', image)).state, 'done');
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

async function list(token?: string): Promise<KnownMedia['media']> {
  const { status, json, text } = await stage.send(
    'GET',
    '/vms/mine/media',
    token === undefined ? {} : { token },
  );
  assert.equal(status, 200, text);
  return (json as KnownMedia).media;
}

test('images of the library and files of the host are offered, each once, marked with the vms that have them', async () => {
  const media = await list();
  assert.deepEqual(
    media.map(({ name, drive, medium, vms }) => [name, drive, medium.kind, vms]),
    [
      ['tools', 'cd', 'image', ['other']],
      ['boot.img', 'floppy', 'file', ['other']],
      ['private.iso', 'cd', 'file', []],
      ['setup.iso', 'cd', 'file', []],
      ['PLEXTOR DVDR', 'cd', 'device', ['other']],
    ],
  );
});

test('a floppy image that another vm writes is held, unless the drive of this one only reads, and so is a drive of the host that another has', async () => {
  const held = async (): Promise<readonly string[]> =>
    (await list()).filter((medium) => medium.held).map(({ name }) => name);
  const setFloppy = async (floppy: object): Promise<void> => {
    const { state, fault } = await stage.act('PATCH', '/vms/mine', { hardware: { floppy } });
    assert.equal(state, 'done', JSON.stringify(fault));
  };
  await setFloppy({ readOnly: false });
  assert.deepEqual(await held(), ['boot.img', 'PLEXTOR DVDR']);
  await setFloppy({ readOnly: true });
  assert.deepEqual(await held(), ['PLEXTOR DVDR']);
});

test('RCON-35 only images of the library and files of the search path that the person may read are told, and drives of the host to those who may give them; vms that may not be seen are not named', async () => {
  const user = await stage.addUser('user', [
    { role: 'vm-administrator', objectKind: 'vm', object: 'mine' },
  ]);
  const told = async (token: string): Promise<readonly unknown[]> =>
    (await list(token)).map(({ name, vms }) => [name, vms]);
  // The image may not be seen, its file neither; the files of the other vm are not to be had.
  assert.deepEqual(await told(user), [
    ['boot.img', ['another vm']],
    ['setup.iso', []],
  ]);
  const reader = await stage.addUser('reader', [
    { role: 'auditor', objectKind: 'vm', object: 'mine' },
    { role: 'auditor', objectKind: 'image', object: 'tools' },
  ]);
  assert.deepEqual(await told(reader), [['tools', ['another vm']]]);
  const keeper = await stage.addUser('keeper', [
    { role: 'server-administrator', objectKind: 'host', object: 'h1' },
  ]);
  assert.deepEqual((await told(keeper)).at(-1), ['PLEXTOR DVDR', ['other']]);
});

test('for a vm that is to be made on a host its images are told, and files to those who may make vms', async () => {
  const told = async (token?: string): Promise<readonly string[]> => {
    const given = token === undefined ? {} : { token };
    const { status, json, text } = await stage.send('GET', '/hosts/h1/media', given);
    assert.equal(status, 200, text);
    return (json as KnownMedia).media.map(({ name, vms }) => `${name} ${vms.join()}`);
  };
  assert.deepEqual(await told(), [
    'tools other',
    'boot.img other',
    'private.iso ',
    'setup.iso mine',
    'PLEXTOR DVDR other',
  ]);
  const viewer = { role: 'auditor', objectKind: 'host', object: 'h1' };
  const maker = await stage.addUser('maker', [
    viewer,
    { role: 'create', objectKind: 'folder', object: '/' },
  ]);
  // What another vm has is nobody else's.
  assert.deepEqual(await told(maker), ['tools other', 'boot.img other', 'setup.iso mine']);
  const seer = await stage.addUser('seer', [viewer]);
  assert.deepEqual(await told(seer), ['tools other']);
});
