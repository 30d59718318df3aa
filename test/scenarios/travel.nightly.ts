/** Vms that are copied and whose files are moved, with a real guest that goes on. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AllowedAction, Event, Operation, Vm } from '#api';
import { newGantry, type Gantry } from '../e2e/gantry.ts';
import { SerialPerson, signInAtSerial } from '../e2e/serial.ts';
import { upWithShelf, type Shelf } from '../e2e/shelf.ts';

let gantry: Gantry;
let shelf: Shelf;

before(async () => {
  gantry = await newGantry();
  shelf = await upWithShelf(gantry);
});
after(async () => {
  await gantry[Symbol.asyncDispose]();
  shelf?.[Symbol.dispose]();
});

const show = (vm: string): Promise<Vm> => gantry.json<Vm>('vm', 'show', vm);
const mayTravel = async (vm: string): Promise<readonly string[]> =>
  (await gantry.json<readonly AllowedAction[]>('vm', 'actions', vm))
    .filter(({ action, allowed }) => allowed && ['clone', 'relocate'].includes(action))
    .map(({ action }) => action);

let turns = 0;
const mounted = 'until grep -q /data /proc/mounts; do sleep 1; done';

/** What a shell says that somebody signed in to before; not what it said to another question. */
async function hears(vm: string, words: string, answer: string): Promise<void> {
  turns += 1;
  await using person = await SerialPerson.sit(gantry, vm);
  person.type(`\recho "<${turns}:${words}>"\r`);
  await person.until(new RegExp(`<${turns}:${answer}>`, 'i'));
}

void test('VM-87 a running vm is neither copied nor moved, and it is said what to do first', async () => {
  const path = join(shelf.path, 'a');
  for (const words of [
    ['vm', 'clone', 'hello', 'twin'],
    ['vm', 'move', 'hello', '--path', path],
    ['vm', 'move-disk', 'hello', 'virtio0:0', '--path', path],
  ]) {
    const { code, err } = await gantry.run(words);
    assert.notEqual(code, 0);
    assert.match(err, /hello is running/);
    assert.match(err, /hint: shut it down first/);
  }
  assert.deepEqual(await mayTravel('hello'), []);
  assert.equal(existsSync(path), false);
});

void test('VM-87 the state of a paused vm travels along when its files are moved', async () => {
  {
    await using person = await signInAtSerial(gantry, 'hello');
    person.type('KEPT=in-memory-$((40+2))\r');
    await person.until(/KEPT=/);
  }
  await gantry.must('vm', 'pause', 'hello');
  assert.deepEqual(await mayTravel('hello'), ['clone', 'relocate']);
  const before = await show('hello');
  await gantry.must('vm', 'move', 'hello', '--path', join(shelf.path, 'b'));
  const moved = await show('hello');
  assert.equal(moved.state, 'paused');
  assert.equal(moved.path, join(shelf.path, 'b', 'hello'));
  assert.equal(existsSync(before.path), false);
  assert.ok(readdirSync(moved.path).includes('hello.qcow2'));
  await gantry.must('vm', 'resume', 'hello');
  await hears('hello', '$KEPT', 'in-memory-42');
  const [told] = await gantry.json<readonly Event[]>(
    'event',
    'list',
    '--filter',
    'name = vm.files.moved',
  );
  assert.equal(told?.attributes['oldPath'], before.path);
});

void test('VM-87 VM-92 the copy of a saved vm has its state, is warned of its guest, and once it is turned off an identity of its own', async () => {
  await gantry.must('vm', 'save', 'hello');
  const cloned = await gantry.run([
    'vm',
    'clone',
    'hello',
    'twin',
    '--path',
    join(shelf.path, 'c'),
  ]);
  assert.equal(cloned.code, 0, cloned.err);
  assert.match(cloned.err, /warning: nobody said that the guest of hello was generalised/);
  const [source, twin] = [await show('hello'), await show('twin')];
  assert.equal(source.state, 'saved');
  assert.equal(twin.state, 'saved');
  assert.equal(twin.path, join(shelf.path, 'c', 'twin'));
  assert.notEqual(twin.id, source.id);
  const [mac, otherMac] = [source, twin].map(
    ({ definition }) => definition.hardware.adapters[0]?.mac,
  );
  assert.notEqual(mac, otherMac);
  await gantry.must('vm', 'restore', 'twin');
  await hears('twin', '$KEPT', 'in-memory-42');
  await gantry.must('vm', 'turn-off', 'twin', '--yes');
  await gantry.must('vm', 'start', 'twin');
  const { definition } = await show('twin');
  await (await signInAtSerial(gantry, 'twin'))[Symbol.asyncDispose]();
  await hears(
    'twin',
    '$(cat /sys/class/dmi/id/product_uuid; until cat /sys/class/net/[!l]*/address; do sleep 1; done 2>&1)',
    `${definition.id}[^>]*${otherMac}[^>]*`,
  );
  const serials = [source.definition, definition].map(
    ({ hardware }) => hardware.bios.chassis.serialNumber,
  );
  assert.ok(serials[1] !== null && serials[0] !== serials[1], serials.join(' '));
  await gantry.must('vm', 'turn-off', 'twin', '--yes');
  await gantry.must('vm', 'delete', 'twin', '--yes');
  assert.equal(existsSync(twin.path), false);
});

void test('VM-87 a disk of a saved vm moves by itself, and the vm goes on from its state', async () => {
  const [disk] = (await show('hello')).definition.hardware.disks;
  assert.ok(disk !== undefined);
  await gantry.must('vm', 'move-disk', 'hello', 'virtio0:0', '--path', join(shelf.path, 'd'));
  const { definition, path } = await show('hello');
  assert.equal(definition.hardware.disks[0]?.file, join(shelf.path, 'd', disk.file));
  assert.equal(existsSync(join(path, disk.file)), false);
  await gantry.must('vm', 'restore', 'hello');
  await hears('hello', '$(sync)$KEPT', 'in-memory-42');
});

void test('VM-92 a linked clone has an identity of its own, is warned of its guest, and writes beside its source on one base', async () => {
  await hears('hello', `$(${mounted}; echo both >/data/who; sync; cat /data/who)`, 'both');
  await gantry.must('vm', 'turn-off', 'hello', '--yes');
  const outside = await gantry.run(['vm', 'clone', 'hello', 'kid', '--linked']);
  assert.match(outside.err, /hint: .*gantry vm move-disk hello virtio0:0/);
  await gantry.must('vm', 'move-disk', 'hello', 'virtio0:0');
  const path = join(shelf.path, 'e');
  const plan = await gantry.run(['vm', 'clone', 'hello', 'kid', '--linked', '--dry-run']);
  const made = await gantry.run(['vm', 'clone', 'hello', 'kid', '--linked', '--path', path]);
  for (const { code, err } of [plan, made]) {
    assert.equal(code, 0, err);
    assert.match(
      err,
      /warning: nobody said that the guest of hello was generalised.*SSH host keys/,
    );
  }
  const quiet = ['vm', 'clone', 'hello', 'quiet', '--linked', '--generalised', '--dry-run'];
  assert.doesNotMatch((await gantry.run(quiet)).err, /generalised/);
  const told = await gantry.json<readonly Event[]>(
    'event',
    'list',
    '--filter',
    'name = vm.clone.not-generalised',
  );
  assert.deepEqual(
    told.map(({ target }) => target?.name),
    ['twin', 'kid'],
  );
  await gantry.must('vm', 'start', 'hello');
  await gantry.must('vm', 'start', 'kid');
  const [source, kid] = [await show('hello'), await show('kid')];
  const identities = [source, kid].map(({ definition: { id, hardware } }) => [
    id,
    hardware.adapters[0]?.mac,
    hardware.bios.chassis.serialNumber,
  ]);
  for (const [index, one] of (identities[0] ?? []).entries())
    assert.notEqual(one, identities[1]?.[index]);
  for (const vm of ['hello', 'kid']) {
    await (await signInAtSerial(gantry, vm))[Symbol.asyncDispose]();
    await hears(vm, `$(${mounted}; cat /data/who; echo ${vm} >/data/who; sync)`, 'both');
  }
  for (const vm of ['hello', 'kid']) {
    await hears(vm, '$(echo 3 >/proc/sys/vm/drop_caches; cat /data/who)', vm);
    await gantry.must('vm', 'turn-off', vm, '--yes');
  }
  await gantry.must('vm', 'flatten', 'kid');
  await gantry.must('vm', 'delete', 'hello', '--yes');
  await gantry.must('vm', 'start', 'kid');
  await (await signInAtSerial(gantry, 'kid'))[Symbol.asyncDispose]();
  await hears('kid', `$(${mounted}; cat /data/who)`, 'kid');
});

void test('SNAP-16 a new vm is made from a snapshot, linked or with files of its own, while the vm runs, which is free meanwhile and may lose the snapshot', async () => {
  await hears('kid', '$(echo golden >/data/who; sync; cat /data/who)', 'golden');
  await gantry.must('vm', 'snapshot', 'take', 'kid', 'golden');
  await hears('kid', '$(echo later >/data/who; sync; cat /data/who)', 'later');
  const clone = ['vm', 'clone', 'kid', '--snapshot', 'golden', '--generalised'];
  await gantry.must(...clone, 'leaf', '--linked', '--path', join(shelf.path, 'e'));
  const { id } = await gantry.json<Operation>(
    ...clone,
    'whole',
    '--path',
    join(shelf.path, 'f'),
    '--no-wait',
  );
  await gantry.must('vm', 'snapshot', 'take', 'kid', 'meanwhile');
  await gantry.must('operation', 'wait', id);
  await gantry.must('vm', 'snapshot', 'delete', 'kid', 'golden');
  const [kid, whole] = [await show('kid'), await show('whole')];
  assert.equal(kid.state, 'running');
  assert.equal(whole.path, join(shelf.path, 'f', 'whole'));
  const disks = whole.definition.hardware.disks.map(({ file }) => file);
  assert.deepEqual(readdirSync(whole.path).toSorted(), [...disks, 'whole.json'].toSorted());
  for (const file of disks) assert.equal(statSync(join(whole.path, file)).nlink, 1);
  assert.notEqual(
    whole.definition.hardware.adapters[0]?.mac,
    kid.definition.hardware.adapters[0]?.mac,
  );
  const leaf = await show('leaf');
  const [base = ''] = leaf.definition.hardware.disks.map(({ file }) => file);
  assert.equal(statSync(join(leaf.path, base)).nlink, 2);
  await gantry.must('vm', 'turn-off', 'kid', '--yes');
  await gantry.must('vm', 'start', 'whole');
  await (await signInAtSerial(gantry, 'whole'))[Symbol.asyncDispose]();
  await hears('whole', `$(${mounted}; cat /data/who)`, 'golden');
});

void test('DISK-28 a differencing disk of a disk that a vm has is made and given to the vm in one step, where that is wished', async () => {
  await gantry.must('vm', 'create', 'based', '--disk', '64M');
  const before = await show('based');
  const [disk] = before.definition.hardware.disks;
  const parent = join(before.path, disk?.file ?? '');
  const words = ['host', 'create-child-disk', shelf.host, join(before.path, 'monday.qcow2')];
  const refused = await gantry.run([...words, parent]);
  assert.notEqual(refused.code, 0);
  assert.match(refused.err, /based[^]*--reattach/, 'it is offered');
  assert.deepEqual(
    (await show('based')).definition.hardware.disks,
    before.definition.hardware.disks,
  );
  assert.match(await gantry.must(...words, parent, '--reattach'), /made .*monday\.qcow2/);
  const after = await show('based');
  assert.deepEqual(after.definition.hardware.disks, [{ ...disk, file: 'monday.qcow2' }]);
  assert.equal(statSync(parent).mode & 0o222, 0, 'the parent is read-only');
  const made = await gantry.json<readonly Operation[]>('operation', 'list');
  const changes = made.filter(({ target }) => target?.name === 'based').map(({ action }) => action);
  assert.deepEqual(changes.toSorted(), ['vm.create', 'vm.disk.reattach'], 'by one operation');
  await gantry.must('vm', 'start', 'based');
  assert.equal((await show('based')).state, 'running');
  const running = await gantry.run([
    ...words.slice(0, -1),
    join(before.path, 'tuesday.qcow2'),
    join(before.path, 'monday.qcow2'),
    '--reattach',
  ]);
  assert.match(running.err, /based is running, and its disk changes only while it is off/);
  await gantry.must('vm', 'turn-off', 'based', '--yes');
});

/** By the API: a command is a process, which takes longer than what it asks for. */
async function act(vm: string, action: string): Promise<void> {
  const client = gantry.client();
  const begun = await client.call('vm.act', { params: { vm, action }, body: {} });
  const { state, fault } = await client.wait(begun);
  assert.equal(state, 'done', fault?.message ?? '');
}

async function started(vm: string): Promise<void> {
  await act(vm, 'hold');
  await act(vm, 'turn-off');
}

void test('TPL-20 every copy has an id, MAC addresses, serial numbers and a host name of its own, and first-boot settings on a configuration disk where that is wished', async () => {
  // What is asked for here is the vm's and its host's to give: no guest need run, so none is waited for.
  await gantry.must('vm', 'create', 'master', '--disk', '16M', '--memory', '64M');
  await started('master');
  const master = await show('master');
  const disks = master.definition.hardware.disks.map((one) => ({ ...one, serial: 'MASTER-1' }));
  const client = gantry.client();
  const body: object = { hardware: { disks } };
  await client.call('vm.update', { params: { vm: 'master' }, body: body as Record<string, never> });
  await gantry.must('vm', 'snapshot', 'take', 'master', 'clean');
  const settings = join(shelf.path, 'settings.yaml');
  writeFileSync(settings, '#cloud-config\npackages: [nginx]\n');
  const clone = ['vm', 'clone', 'master', '--generalised'];
  await gantry.must(...clone, 'Web_1', '--first-boot', '--user-data', settings);
  await gantry.must(...clone, 'web-2', '--linked', '--host-name', 'second.example');
  await gantry.must(
    ...clone,
    'web-3',
    '--snapshot',
    'clean',
    '--path',
    join(shelf.path, 'g'),
    '--first-boot',
  );
  await gantry.must('vm', 'clone', 'Web_1', 'plain', '--generalised');
  const names = ['master', 'Web_1', 'web-2', 'web-3', 'plain'];
  for (const name of ['Web_1', 'web-2', 'plain']) await started(name);
  const vms = await Promise.all(names.map(show));
  const identities = vms.map(({ definition: { id, hardware } }) => [
    id,
    ...hardware.adapters.map(({ mac }) => mac),
    ...hardware.disks.map(({ serial }) => serial),
    hardware.bios.chassis.serialNumber,
    hardware.bios.baseBoard.serialNumber,
  ]);
  assert.deepEqual(new Set(identities.map(({ length }) => length)), new Set([5]));
  for (const [index] of (identities[0] ?? []).entries()) {
    const column = identities.map((one) => one[index] ?? '');
    assert.equal(new Set(column).size, names.length, `no two are the same: ${column.join(', ')}`);
    // Those of the board are given at the first start, which web-3 has not had.
    const none = column.filter((one) => one === '').length;
    assert.equal(none, index < 3 ? 0 : 1, column.join(', '));
  }
  const media = vms.map(({ definition }) =>
    definition.hardware.opticalDrives.flatMap(({ medium }) => (medium === null ? [] : [medium])),
  );
  assert.deepEqual(
    media.map(([medium]) => (medium?.kind === 'file' ? medium.file : null)),
    [null, 'Web_1.first-boot.iso', 'web-2.first-boot.iso', 'web-3.first-boot.iso', null],
    'a copy of a copy is not taken for that',
  );
  for (const [name, host] of [
    ['Web_1', 'web-1'],
    ['web-2', 'second.example'],
    ['web-3', 'web-3'],
  ] as const) {
    const { id, path } = await show(name);
    const read = (file: string): string => {
      const to = join(shelf.path, `${name}.${file}`);
      const words = ['-indev', join(path, `${name}.first-boot.iso`), '-osirrox', 'on'];
      execFileSync('xorriso', [...words, '-extract', `/${file}`, to], { stdio: 'ignore' });
      return readFileSync(to, 'utf8');
    };
    assert.deepEqual(JSON.parse(read('meta-data')), { 'instance-id': id, 'local-hostname': host });
    assert.match(read('user-data'), name === 'Web_1' ? /packages: \[nginx\]/ : /^#cloud-config\s/);
    await gantry.must('vm', 'delete', name, '--yes');
    assert.equal(existsSync(path), false, 'its configuration disk goes with it');
  }
});

/** Of a host, with what it says against it. */
async function refused(...words: string[]): Promise<string> {
  const { code, err } = await gantry.run(words);
  assert.notEqual(code, 0, words.join(' '));
  return err;
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

void test('TPL-14 a template has its disk read-only before the first differencing copy exists', async () => {
  await gantry.must('vm', 'create', 'golden', '--disk', '16M', '--memory', '64M');
  const { path } = await show('golden');
  const disk = join(path, 'golden.qcow2');
  assert.equal(modeOf(disk), '600');
  await gantry.must('vm', 'template', 'golden');
  assert.equal(modeOf(disk), '400', 'nobody writes it');
  assert.equal(statSync(disk).nlink, 1, 'and nobody else has it yet');
  const before = readFileSync(disk);
  await gantry.must('vm', 'clone', 'golden', 'test-1', '--linked');
  assert.equal(statSync(disk).nlink, 2);
  await started('test-1');
  assert.deepEqual(readFileSync(disk), before);
  assert.deepEqual(
    [(await show('golden')).standing, (await show('test-1')).standing],
    ['template', 'off'],
  );
});

void test('a template is neither started nor changed, from a snapshot or not, and an ordinary vm again when that is asked for', async () => {
  for (const words of [
    ['vm', 'start', 'golden'],
    ['vm', 'hold', 'golden'],
    ['vm', 'set', 'golden', 'hardware.memory.sizeBytes=134217728'],
    ['vm', 'attach-disk', 'golden', '--new', '1M'],
    ['vm', 'compact-disk', 'golden', 'virtio0:0'],
    ['vm', 'snapshot', 'take', 'golden', 'more'],
    ['vm', 'snapshot', 'revert', 'golden', 'template', '--yes'],
    ['vm', 'snapshot', 'delete', 'golden', 'template', '--yes'],
  ])
    assert.match(
      await refused(...words),
      /golden is a template.*\n.*gantry vm template golden --end/s,
    );
  const again = await gantry.json<Operation>('vm', 'template', 'golden');
  assert.equal(again.result?.['ignored'], 'golden is a template already');
  await gantry.must('vm', 'rename', 'golden', 'golden-2');
  await gantry.must('vm', 'rename', 'golden-2', 'golden');
});

void test('TPL-09 what is a parent of other disks, a template or an image, is neither deleted nor changed', async () => {
  for (const words of [
    ['vm', 'delete', 'golden', '--yes'],
    ['vm', 'template', 'golden', '--end'],
  ])
    assert.match(
      await refused(...words),
      /linked clones stand on .* golden: test-1\n.*gantry vm flatten/s,
    );
  const { path } = await show('golden');
  const disk = join(path, 'golden.qcow2');
  const { sharedWith } =
    (await gantry.client().call('vm.files', { params: { vm: 'golden' } })).files.find(
      (file) => file.path === disk,
    ) ?? {};
  assert.deepEqual(sharedWith, ['test-1']);

  // An image of the library, whose file is somebody else's, under a disk.
  const base = join(shelf.path, 'base.vhd');
  await gantry.must('host', 'create-disk', shelf.host, base, '16M');
  await gantry.must('image', 'add', 'base', base);
  const child = join(shelf.path, 'child.vhd');
  await gantry.must('host', 'create-child-disk', shelf.host, child, base);
  const before = readFileSync(base);
  for (const words of [
    ['image', 'delete', 'base', '--yes'],
    ['host', 'delete-disk', shelf.host, base, '--yes'],
    ['host', 'compact-disk', shelf.host, base],
    ['host', 'resize-disk', shelf.host, base, '32M'],
  ])
    assert.match(await refused(...words), /child\.vhd/, words.join(' '));
  assert.deepEqual(readFileSync(base), before);
  await gantry.must('host', 'delete-disk', shelf.host, child, '--yes');
  assert.match(await refused('image', 'delete', 'base'), /needs a confirmation.*\n.*add --yes/s);
  await gantry.must('image', 'delete', 'base', '--yes');
  assert.deepEqual(readFileSync(base), before, 'the file was not made by Gantry');

  await gantry.must('vm', 'flatten', 'test-1');
  await gantry.must('vm', 'template', 'golden', '--end');
  assert.match(await refused('vm', 'template', 'golden', '--end'), /golden is not a template/);
  assert.equal(statSync(disk).mode & 0o200, 0o200, 'it is written again');
  assert.equal((await show('golden')).standing, 'off');
  await started('golden');
  await gantry.must('vm', 'delete', 'golden', '--yes');
  assert.equal(existsSync(path), false);
  await started('test-1');
});
