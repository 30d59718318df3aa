/** The life of vms on a real host, through CLI and API: made, started, ended, renamed, filed, told of. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Event, Host, Operation, Vm } from '#api';
import { isFault } from '#lib';
import { findConnection, openClient } from '../../src/cli/connection.ts';
import { newGantry, type Gantry } from '../e2e/gantry.ts';

const script = join(import.meta.dirname, '../../gantry');

let gantry: Gantry;
let shelf: string;
let host: Host;

const bare = ['--memory', '64M', '--network', 'none'] as const;

before(async () => {
  gantry = await newGantry();
  await gantry.must('up', '--yes', '--listen', gantry.listen, '--no-vm');
  shelf = join(dirname(gantry.data), `${gantry.data.slice(-6)}-shelf`);
  mkdirSync(shelf);
  chmodSync(shelf, 0o755);
  const [only] = await gantry.json<readonly Host[]>('host', 'list');
  assert.ok(only?.driver === 'qemu');
  host = only;
  await gantry.must('host', 'set', host.name, `settings.searchPath=[${shelf}]`);
});
after(async () => {
  await gantry[Symbol.asyncDispose]();
  rmSync(shelf, { recursive: true, force: true });
});

const show = (vm: string): Promise<Vm> => gantry.json<Vm>('vm', 'show', vm);
const filesOf = async (vm: string) =>
  (await gantry.client().call('vm.files', { params: { vm } })).files;
const eventsAbout = async (id: string): Promise<readonly Event[]> =>
  (
    await gantry.client().call('event.list', { query: { about: id, limit: 200 } })
  ).items.toReversed();

void test('VM-01 VM-02 a vm is made in one operation: its disk is new, an existing one or none, and it has a network or none', async () => {
  const none = JSON.parse(
    await gantry.must('vm', 'create', 'none', ...bare, '--start', '-o', 'json'),
  ) as Operation;
  assert.equal(none.action, 'vm.create');
  const made = await show('none');
  assert.equal(made.state, 'running');
  assert.equal(made.definition.hardware.memory.sizeBytes, 64 * 1024 ** 2);
  assert.deepEqual([made.definition.hardware.disks, made.definition.hardware.adapters], [[], []]);
  await gantry.must('vm', 'create', 'new', '--memory', '64M', '--disk', '32M', '--format', 'raw');
  const { definition } = await show('new');
  assert.equal(definition.hardware.adapters[0]?.attachment.kind, 'user');
  assert.deepEqual(
    definition.hardware.disks.map(({ format }) => format),
    ['raw'],
  );
  const disk = (await filesOf('new')).find(({ role }) => role === 'disk');
  assert.ok(disk);
  assert.equal(statSync(disk.path).size, 32 * 1024 ** 2);
  await gantry.must('vm', 'start', 'new');
  await gantry.must('vm', 'turn-off', 'new', '--yes');
  const found = join(shelf, 'found.raw');
  copyFileSync(disk.path, found);
  const file = ['--disk-file', found, '--format', 'raw'];
  await gantry.must('vm', 'create', 'existing', ...bare, ...file, '--start');
  assert.equal((await show('existing')).definition.hardware.disks[0]?.file, found);
  const failed = await gantry.run(['vm', 'create', 'half', '-c', '1000', '--disk', '1G', '-s']);
  assert.notEqual(failed.code, 0);
  await assert.rejects(show('half'));
  assert.deepEqual(
    readdirSync(dirname(made.path)).toSorted(),
    ['existing', 'new', 'none'],
    'of what failed nothing is there',
  );
});

void test('VM-09 files are named after their vm, or as one likes: disks when they are made, a configuration when it is added', async () => {
  const names = async (vm: string): Promise<readonly string[]> =>
    (await filesOf(vm)).map(({ path }) => basename(path)).toSorted();
  await gantry.must('vm', 'create', 'plain', ...bare, '--disk', '32M');
  assert.deepEqual(await names('plain'), ['plain.json', 'plain.qcow2']);
  const client = gantry.client();
  const disk = { kind: 'new', sizeBytes: 32 * 1024 ** 2, file: 'System of 2026.img' } as const;
  await client.wait(
    await client.call('vm.create', { body: { name: 'own', network: 'none', disk } }),
  );
  assert.deepEqual(await names('own'), ['System of 2026.img', 'own.json']);
  const { path } = await show('own');
  await gantry.must('vm', 'remove', 'own', '--yes');
  const chosen = join(path, 'chosen.json');
  renameSync(join(path, 'own.json'), chosen);
  await gantry.must('vm', 'add', chosen);
  await gantry.must('vm', 'set', 'own', 'description=mine');
  assert.match(readFileSync(chosen, 'utf8'), /"description": *"mine"/);
  await gantry.must('vm', 'start', 'own');
  await gantry.must('vm', 'save', 'own');
  assert.deepEqual(await names('own'), [
    'System of 2026.img',
    'chosen.json',
    'chosen.log',
    'chosen.saved',
    'chosen.saved.json',
    'chosen.saved.png',
  ]);
  await gantry.must('vm', 'discard', 'own', '--yes');
  for (const vm of ['plain', 'own']) await gantry.must('vm', 'delete', vm, '--yes');
});

void test('FMT-02 the folder of a vm has its definition, disks, undo and snapshot layers, saved state and firmware settings under names that begin with its own, and nothing else', async (t) => {
  const { uefi, tpm } = host.facts?.missing ?? {};
  if (uefi !== undefined || tpm !== undefined) return t.skip(uefi ?? tpm);
  const name = 'Mail & News';
  await gantry.must('vm', 'create', name, ...bare, '--disk', '64M', '--firmware', 'uefi');
  const change = ['hardware.tpm=true', 'settings.undoDisks.enabled=true'];
  await gantry.must('vm', 'set', name, ...change);
  await gantry.must('vm', 'snapshot', 'take', name, 'off');
  await gantry.must('vm', 'start', name);
  await gantry.must('vm', 'snapshot', 'take', name, 'running', '--memory');
  await gantry.must('vm', 'save', name);
  const { path } = await show(name);
  const files = await filesOf(name);
  const here = readdirSync(path);
  assert.deepEqual(
    files.map((file) => file.path).sort(),
    here.map((one) => join(path, one)).sort(),
  );
  for (const file of here) assert.ok(file.startsWith(name), file);
  const count = (wanted: string): number => files.filter(({ role }) => role === wanted).length;
  assert.deepEqual(
    ['disk', 'undo', 'firmware', 'tpm'].map(count),
    [1, 2, 1, 1],
    JSON.stringify(files),
  );
  for (const role of ['configuration', 'saved-state', 'snapshot']) assert.ok(count(role) > 0, role);
  const states = here.filter((file) => file.endsWith('.state'));
  const kept = states.map((state) => readdirSync(join(path, state)).sort());
  // Nothing had been started yet when the first one was taken.
  assert.deepEqual(
    kept.toSorted((one, other) => one.length - other.length),
    [[], ['firmware', 'memory', 'memory.json', 'tpm']],
  );
  for (const other of await gantry.json<readonly Vm[]>('vm', 'list'))
    if (other.name !== name)
      for (const file of await filesOf(other.id)) assert.notEqual(dirname(file.path), path);
  await gantry.must('vm', 'discard-saved-state', name, '--yes');
  await gantry.must('vm', 'delete', name, '--yes');
  assert.equal(existsSync(path), false, 'what is in it is the vm’s alone, and goes with it');
});

void test('VM-38 turning off asks first, and then takes the power away, saving nothing', async () => {
  const words = `${script} vm turn-off existing --data ${gantry.data}`;
  const asked = spawnSync('script', ['-qec', words, '/dev/null'], { input: 'no\n' });
  assert.match(asked.stdout.toString(), /like pulling the plug: unsaved data is lost\. Go on\?/);
  assert.match(asked.stdout.toString(), /not confirmed, nothing was changed/);
  assert.equal((await show('existing')).state, 'running');
  const { id } = await show('existing');
  await gantry.must('vm', 'turn-off', 'existing', '--yes');
  assert.equal((await show('existing')).state, 'off');
  assert.ok(!(await filesOf('existing')).some(({ role }) => role === 'saved-state'));
  const names = (await eventsAbout(id)).map(({ name }) => name);
  assert.ok(names.includes('vm.state.powered-off'));
  assert.ok(!names.some((name) => name.startsWith('vm.shutdown')), names.join(' '));
});

void test('VM-13 a vm that is renamed keeps its identity, its files and its history', async () => {
  const old = await show('new');
  const files = (await filesOf('new')).map(({ path }) => path);
  const disk = files.find((path) => path.endsWith('.raw')) ?? '';
  const content = readFileSync(disk);
  await gantry.must('vm', 'rename', 'new', 'afterwards');
  const renamed = await show('afterwards');
  assert.deepEqual(
    { ...renamed.definition, name: 'new' },
    old.definition,
    'nothing but the name differs',
  );
  assert.deepEqual([renamed.id, renamed.path], [old.id, old.path]);
  assert.deepEqual(
    (await filesOf('afterwards')).map(({ path }) => path),
    files,
  );
  assert.deepEqual(readFileSync(disk), content);
  const names = (await eventsAbout(old.id)).map(({ name }) => name);
  assert.ok(names.includes('vm.created') && names.includes('vm.renamed'), names.join(' '));
  await assert.rejects(show('new'));
  await gantry.must('vm', 'start', 'afterwards');
  await gantry.must('vm', 'turn-off', 'afterwards', '--yes');
});

void test('VM-81 what is done with a vm is told: which vm, on which host, why and by whom', async () => {
  await gantry.must('vm', 'create', 'told', ...bare);
  const { id } = await show('told');
  for (const action of ['start', 'pause', 'resume', 'reset', 'save', 'restore', 'turn-off'])
    await gantry.must('vm', action, 'told', '--yes');
  await gantry.must('vm', 'delete', 'told', '--yes');
  // Firmware that is reset early resets the machine again by itself.
  const told = (await eventsAbout(id)).filter(
    ({ name, actor }) => /^vm\.(created|deleted|state)/.test(name) && actor.kind !== 'guest',
  );
  assert.deepEqual(
    told.map(({ name }) => name.replace(/^vm\.(state\.)?/, '')),
    [
      'created',
      'powered-on',
      'suspended',
      'resumed',
      'reset',
      'saved',
      'restored',
      'powered-off',
      'deleted',
    ],
  );
  for (const { name, target, ancestors, actor, origin } of told) {
    assert.deepEqual([target.kind, target.id, target.name], ['vm', id, 'told'], name);
    assert.ok(
      ancestors.some((thing) => thing.kind === 'host' && thing.id === host.id),
      name,
    );
    assert.equal(actor.kind, 'user', name);
    assert.ok(actor.name !== '' && origin !== undefined, name);
  }
  const causeOf = (ending: string): unknown =>
    told.find(({ name }) => name.endsWith(ending))?.attributes['cause'];
  assert.deepEqual([causeOf('powered-off'), causeOf('reset')], ['person', 'person']);
});

void test('HW-34 EVT-60 UUID and serials stay through save, snapshot, move and remove-and-add, are new for a clone, and are set while it is off', async () => {
  const identityOf = async (vm: string): Promise<readonly (string | null)[]> => {
    const { id, hardware } = (await show(vm)).definition;
    const { chassis, baseBoard } = hardware.bios;
    return [id, chassis.assetTag, chassis.serialNumber, baseBoard.serialNumber];
  };
  await gantry.must('vm', 'create', 'known', '--disk', '16M', ...bare);
  await gantry.must('vm', 'start', 'known');
  const identity = await identityOf('known');
  assert.ok(identity.every((part) => typeof part === 'string' && part !== ''));
  const stays = async (after: string): Promise<void> =>
    assert.deepEqual(await identityOf('known'), identity, after);

  await gantry.must('vm', 'save', 'known');
  await gantry.must('vm', 'restore', 'known');
  await stays('save and restore');
  const locked = await gantry.run(['vm', 'set', 'known', 'hardware.bios.chassis.assetTag=mine']);
  assert.notEqual(locked.code, 0);
  assert.match(locked.err, /only while it is off/);
  await gantry.must('vm', 'turn-off', 'known', '--yes');

  await gantry.must('vm', 'snapshot', 'take', 'known', 'before');
  await gantry.must('vm', 'snapshot', 'revert', 'known', 'before', '--yes');
  await stays('snapshot and revert');
  await gantry.must('vm', 'move', 'known', '--path', join(shelf, 'elsewhere'));
  await stays('move');
  const file = (await filesOf('known')).find(({ role }) => role === 'configuration')?.path ?? '';
  await gantry.must('vm', 'remove', 'known', '--yes');
  await gantry.must('vm', 'add', file);
  await stays('remove and add');
  const about = `target.id = ${identity[0]} AND (name = vm.deleted OR name = vm.created)`;
  const told = await gantry.json<Event[]>('event', 'export', '--filter', about);
  assert.deepEqual(
    told.map(({ name, attributes }) => [name, attributes['how']]),
    [
      ['vm.created', 'created'],
      ['vm.deleted', 'removed'],
      ['vm.created', 'added'],
    ],
  );

  await gantry.must('vm', 'snapshot', 'delete', 'known', 'before', '--yes');
  await gantry.must('vm', 'clone', 'known', 'other');
  await gantry.must('vm', 'start', 'other');
  const copied = new Set(await identityOf('other'));
  assert.ok(
    identity.every((part) => !copied.has(part)),
    'all are new for a clone',
  );
  await gantry.must('vm', 'turn-off', 'other', '--yes');

  await gantry.must('vm', 'set', 'known', 'hardware.bios.chassis.assetTag=mine');
  assert.equal((await identityOf('known'))[1], 'mine');
});

void test('VM-92 a vm that runs is cloned, full or linked, as its disks are at that moment; it runs on, keeps no snapshot, and its full clone lies in the usual folder, as that of a stopped one', async () => {
  const chainOf = async (vm: string): Promise<number> =>
    (await filesOf(vm)).filter(({ path }) => /\.(raw|qcow2)$/.test(path)).length;
  await gantry.must('vm', 'create', 'lively', '--disk', '16M', '--format', 'raw', ...bare);
  const usual = dirname((await show('lively')).path);
  await gantry.must('vm', 'move', 'lively', '--path', join(usual, 'deeper'));
  const [disk] = (await filesOf('lively')).filter(({ role }) => role === 'disk');
  assert.ok(disk);
  const content = randomBytes(1024 ** 2);
  writeFileSync(disk.path, content, { flag: 'r+' });
  await gantry.must('vm', 'start', 'lively');
  const pid = (await show('lively')).status.startedAt;

  const planned = await gantry.must('vm', 'clone', 'lively', 'full', '--dry-run');
  assert.match(planned, /could be cloned/);
  await gantry.must('vm', 'clone', 'lively', 'full');
  const [copied] = (await filesOf('full')).filter(({ role }) => role === 'disk');
  assert.ok(copied);
  const compared = await gantry.run(['disk', 'compare', copied.path, disk.path]);
  assert.equal(compared.code, 0, compared.out + compared.err);
  assert.deepEqual([await chainOf('full'), await chainOf('lively')], [1, 1], 'no layer is left');

  await gantry.must('vm', 'clone', 'lively', 'linked', '--linked');
  await gantry.must('vm', 'start', 'full');
  await gantry.must('vm', 'start', 'linked');
  const source = await show('lively');
  assert.deepEqual(
    [source.state, source.status.startedAt, source.status.snapshots.count],
    ['running', pid, 0],
  );
  assert.equal(new Set([source.id, (await show('full')).id, (await show('linked')).id]).size, 3);

  const quiesced = await gantry.run(['vm', 'clone', 'lively', 'quiet', '--quiesce']);
  assert.notEqual(quiesced.code, 0);
  assert.match(quiesced.err, /no guest agent answers/);
  await assert.rejects(show('quiet'));
  assert.equal((await show('lively')).status.snapshots.count, 0);
  for (const vm of ['linked', 'full', 'lively']) await gantry.must('vm', 'turn-off', vm, '--yes');
  const off = await gantry.run(['vm', 'clone', 'lively', 'quiet', '--quiesce']);
  assert.match(off.err, /lively does not run/);
  await gantry.must('vm', 'clone', 'lively', 'still');
  const parents = ['lively', 'full', 'still'].map(async (vm) => dirname((await show(vm)).path));
  assert.deepEqual(await Promise.all(parents), [join(usual, 'deeper'), usual, usual]);
  for (const vm of ['linked', 'full', 'still', 'lively'])
    await gantry.must('vm', 'delete', vm, '--yes');
});

void test('VM-12 a delete lists the files first, and never takes a disk that another vm uses', async () => {
  const [disk] = (await filesOf('afterwards')).filter(({ role }) => role === 'disk');
  assert.ok(disk);
  const others = (await filesOf('afterwards')).filter(({ role }) => role !== 'disk');
  await gantry.must('vm', 'create', 'user', ...bare, '--disk-file', disk.path, '--format', 'raw');
  const listed = await gantry.must('vm', 'delete', 'afterwards', '--dry-run');
  for (const { path } of others) assert.ok(listed.includes(path), listed);
  assert.match(listed, new RegExp(`${disk.path}.*uses it`));
  assert.ok(existsSync(disk.path) && (await show('afterwards')).state === 'off');
  await gantry.must('vm', 'delete', 'afterwards', '--yes');
  await assert.rejects(show('afterwards'));
  for (const { path } of others) assert.equal(existsSync(path), false, path);
  assert.ok(existsSync(disk.path));
  await gantry.must('vm', 'delete', 'user', '--yes');
});

void test('VM-07 SEC-51 SEC-52 the folder for new vms is set per host, and who may do what is granted per folder', async () => {
  const elsewhere = join(shelf, 'lab', 'machines');
  mkdirSync(elsewhere, { recursive: true });
  await gantry.must('host', 'set', host.name, `settings.vmFolder=${elsewhere}`);
  await gantry.must('folder', 'create', '/lab');
  await gantry.must('folder', 'create', '/lab/blue');
  await gantry.must('vm', 'create', 'placed', ...bare, '--folder', '/lab/blue');
  const placed = await show('placed');
  assert.equal(placed.path, join(elsewhere, 'placed'));
  assert.ok(existsSync(placed.path));
  assert.equal(statSync(placed.path).mode & 0o077, 0, 'nobody else looks into it');
  assert.equal(placed.folder, '/lab/blue');
  await gantry.must('user', 'create', 'ada');
  await gantry.must('grant', 'create', 'ada', 'auditor', '--on', 'folder:/lab');
  const [secret = ''] = (await gantry.must('token', 'create', 'look', '--user', 'ada'))
    .trim()
    .split('\n');
  const connection = findConnection(gantry.installation, {});
  const ada = openClient({ ...connection, token: secret });
  const seen = (await ada.call('vm.list', { query: { limit: 500 } })).items;
  assert.deepEqual(
    seen.map(({ name }) => name),
    ['placed'],
  );
  await assert.rejects(
    ada.call('vm.show', { params: { vm: 'existing' } }),
    (error) => isFault(error, 'not-found') || isFault(error, 'forbidden'),
  );
});
