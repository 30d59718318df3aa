/** What stands against the import of a vm of another product, and what is chosen before the vm is there. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { DryRun, Snapshot, Vm } from '#api';
import { inUtf16, vmcText } from '../../src/foreign/testing.ts';
import { lettersOf, onIde, putDisk, putVmx } from './foreign-shelf.ts';
import { ImportRoom } from './import-room.ts';

let room: ImportRoom;
before(async () => {
  room = await ImportRoom.open();
});
after(() => room[Symbol.asyncDispose]());

void test('CMP-01 an import begins with a check that changes nothing and lists what is carried over, adapted, dropped and in the way, each with the remedy', async () => {
  await putDisk(room.beside('check/a.vmdk'), 'a');
  const file = putVmx(room.beside('check/checked.vmx'), {
    ...onIde('a.vmdk'),
    displayName: 'checked',
    'scsi0:3.present': 'TRUE',
    'scsi0:3.fileName': 'gone.vmdk',
    'ethernet0.present': 'TRUE',
    'ethernet0.networkName': 'VM Network',
    'firewire.present': 'TRUE',
    memsize: '96',
  });
  const vms = async () =>
    (await room.gantry.json<readonly Vm[]>('vm', 'list')).map(({ id, version }) => [id, version]);
  const before = [readdirSync(room.beside('check')), await vms()];
  const plan = await room.gantry.json<DryRun>('vm', 'import', file, '--dry-run');
  const { findings = [] } = plan;
  assert.deepEqual(plan.adapters, [{ slot: 0, there: 'VM Network', network: 'user' }]);
  const of = (effect: string) => findings.filter((one) => one.effect === effect);
  const told = (effect: string): string =>
    of(effect)
      .map(({ text }) => text)
      .join('\n');
  assert.match(told('carried'), /^name checked$/m);
  assert.match(told('carried'), /^memory 96 MiB$/m);
  assert.match(told('carried'), /^disk ide0:0 \S+a\.vmdk, 4 MiB, vmdk to qcow2$/m);
  assert.match(
    told('adapted'),
    /^network VM Network: adapter 0 is in the user-mode network instead$/m,
  );
  assert.match(told('dropped'), /^firewire TRUE: FireWire \(IEEE 1394\) is not offered/m);
  assert.match(told('blocking'), /^the disk scsi0:3, gone\.vmdk, is not on this host$/m);
  for (const { effect, text, remedy } of findings)
    assert.equal(typeof remedy === 'string' && remedy.length > 5, effect !== 'carried', text);
  const { out, err } = await room.gantry.run(['vm', 'import', file, '--dry-run']);
  assert.match(out, /vm checked cannot be imported yet/);
  const titles = ['carried over:', 'adapted:', 'dropped:', 'in the way:'].map((title) =>
    err.indexOf(title),
  );
  assert.deepEqual(
    titles,
    titles.toSorted((a, b) => a - b),
    err,
  );
  assert.ok(
    titles.every((at) => at >= 0),
    err,
  );
  assert.match(await room.refused(file), /cannot import .*gone\.vmdk, is not on this host/);
  assert.deepEqual([readdirSync(room.beside('check')), await vms()], before);
});

void test('CMP-07 a vm that another product has running or saved is known by its lock or state files and is not taken over', async () => {
  await putDisk(room.beside('locked/a.vmdk'), 'a');
  const file = putVmx(room.beside('locked/locked.vmx'), onIde('a.vmdk'));
  mkdirSync(room.beside('locked/locked.vmx.lck'));
  writeFileSync(room.beside('locked/locked.vmx.lck/M12345.lck'), 'x');
  assert.match(
    await room.refused(file, '--start'),
    /locked\.vmx\.lck is locked: the other product has the vm running/,
  );
  rmSync(room.beside('locked/locked.vmx.lck'), { recursive: true });
  mkdirSync(room.beside('locked/a.vmdk.lck'));
  writeFileSync(room.beside('locked/a.vmdk.lck/M54321.lck'), 'x');
  assert.match(await room.refused(file, '--start'), /a\.vmdk\.lck is locked/);
  rmSync(room.beside('locked/a.vmdk.lck'), { recursive: true });
  writeFileSync(room.beside('locked/locked.vmss'), 'state');
  assert.match(
    await room.refused(file, '--start'),
    /locked\.vmss, 5 B: a saved state fits no other product/,
  );
  await putDisk(room.beside('locked/old.vhd'), 'a');
  writeFileSync(room.beside('locked/pc.vmc'), inUtf16(vmcText()));
  writeFileSync(room.beside('locked/pc.vsv'), 'state');
  assert.match(
    await room.refused(room.beside('locked/pc.vmc'), '--start'),
    /pc\.vsv, 5 B: a saved state/,
  );
  const names = (await room.gantry.json<readonly Vm[]>('vm', 'list')).map(({ name }) => name);
  assert.ok(!names.includes('locked') && !names.includes('pc'), names.join());
});

void test('CMP-14 FMT-14 a VMC of Virtual PC or Virtual Server in saved state is taken over once its discarding is agreed to; the state is told with its size and never restored', async () => {
  const server = vmcText().replace(
    '<hardware>',
    `<properties><modifier><name type="string">Microsoft Virtual Server 2005</name></modifier></properties><hardware>`,
  );
  for (const [name, bytes] of [
    ['of-pc', inUtf16(vmcText())],
    ['of-server', Buffer.from(server.replace('UTF-16', 'UTF-8'))],
  ] as const) {
    await putDisk(room.beside(`${name}/old.vhd`), 'ab');
    const file = room.beside(`${name}/${name}.vmc`);
    writeFileSync(file, bytes);
    const state = room.beside(`${name}/${name}.vsv`);
    writeFileSync(state, Buffer.alloc(3 * 1024 * 1024, 'state'));
    const told = await room.refused(file);
    assert.match(
      told,
      new RegExp(`saved state ${state}, 3 MiB: a saved state fits no other product`),
    );
    assert.match(
      told,
      /resume and shut the vm down there, or import without it: --saved-state discard/,
    );
    await room.gantry.must(
      'vm',
      'import',
      file,
      '--saved-state',
      'discard',
      '--taken-addresses',
      'new',
    );
    const vm = await room.show(name);
    assert.equal(vm.state, 'off');
    assert.equal(await lettersOf(room.gantry, name), 'ab..');
    assert.equal(statSync(state).size, 3 * 1024 * 1024, 'it stays where it is');
    await room.drop(name);
  }
});

void test('CMP-17 FMT-13 undo disks of a vm are known as layers over its disks, and committed, discarded or put above a snapshot, as is chosen before the vm is there', async () => {
  const undo = room.beside('undo/old.vud');
  await putDisk(room.beside('undo/old.vhd'), 'aaa');
  await putDisk(undo, '-b-c', { parent: room.beside('undo/old.vhd') });
  const file = room.beside('undo/undone.vmc');
  writeFileSync(file, vmcText());
  const told = await room.refused(file);
  assert.match(told, new RegExp(`undo disks hold changes: ${undo}, \\d`));
  assert.match(told, /--undo commit .*discard .*snapshot/);
  const take = async (choice: string): Promise<string> => {
    await room.gantry.must('vm', 'import', file, '--undo', choice, '--taken-addresses', 'new');
    return lettersOf(room.gantry, 'undone');
  };
  assert.equal(await take('commit'), 'abac');
  await room.drop('undone');
  assert.equal(await take('discard'), 'aaa.');
  await room.drop('undone');
  assert.equal(await take('snapshot'), 'abac');
  const [snapshot] = await room.gantry.json<readonly Snapshot[]>(
    'vm',
    'snapshot',
    'list',
    'undone',
  );
  assert.equal(snapshot?.name, 'before the undo disks');
  await room.gantry.must('vm', 'snapshot', 'revert', 'undone', 'before the undo disks', '--yes');
  assert.equal(await lettersOf(room.gantry, 'undone'), 'aaa.');
  await room.drop('undone');
});

void test('CMP-18 differencing disks are taken over with their parents, and a parent that is missing or was changed is in the way, with its recorded location', async () => {
  const at = (name: string): string => room.beside(`chain/${name}`);
  await putDisk(at('far/base.vhd'), 'aaaa');
  await putDisk(at('far/middle.vhd'), '-b', { parent: at('far/base.vhd') });
  await putDisk(at('old.vhd'), '--c', { parent: at('far/middle.vhd') });
  const file = at('chained.vmc');
  writeFileSync(file, vmcText());
  const words = [file, '--taken-addresses', 'new'];
  await room.gantry.must('vm', 'import', ...words);
  assert.equal(await lettersOf(room.gantry, 'chained'), 'abca');
  await room.drop('chained');
  // Moved: the recorded locations lead nowhere, the files lie beside the child.
  for (const name of ['base.vhd', 'middle.vhd']) renameSync(at(`far/${name}`), at(name));
  await room.gantry.must('vm', 'import', ...words);
  assert.equal(await lettersOf(room.gantry, 'chained'), 'abca');
  await room.drop('chained');
  renameSync(at('base.vhd'), at('kept'));
  const missing = await room.refused(...words);
  assert.match(
    missing,
    new RegExp(`parent of ${at('middle.vhd')} is not on this host; it is recorded as .*base\\.vhd`),
  );
  assert.match(missing, new RegExp(`put it into ${at('').replace(/\/$/, '')}`));
  await putDisk(at('base.vhd'), 'zzzz');
  assert.match(
    await room.refused(...words),
    /the parent of \S+middle\.vhd, recorded as .*base\.vhd.*, was changed or is another disk/,
  );
});

void test('CMP-25 FMT-22 snapshots of a VMX are read with their descriptions and taken over as snapshots, or flattened, as is chosen', async () => {
  const at = (name: string): string => room.beside(`snaps/${name}`);
  await putDisk(at('s.vmdk'), 'aaaa');
  await putDisk(at('s-000001.vmdk'), '-b', { parent: at('s.vmdk') });
  await putDisk(at('s-000002.vmdk'), '--c', { parent: at('s-000001.vmdk') });
  await putDisk(at('s-000003.vmdk'), 'x', { parent: at('s.vmdk') });
  const file = putVmx(at('snapped.vmx'), onIde('s-000002.vmdk'));
  writeFileSync(
    at('snapped.vmsd'),
    [
      ['.encoding', 'UTF-8'],
      ['snapshot.numSnapshots', '3'],
      ['snapshot.current', '2'],
      ...snapshotLines(
        0,
        { uid: '1', displayName: 'clean', description: 'just|0Ainstalled' },
        's.vmdk',
      ),
      ...snapshotLines(1, { uid: '3', parent: '1', displayName: 'tried' }, 's-000003.vmdk'),
      ...snapshotLines(2, { uid: '2', parent: '1', displayName: 'patched' }, 's-000001.vmdk'),
    ]
      .map(([name, value]) => `${name} = "${value}"\n`)
      .join(''),
  );
  const flat = await room.gantry.run(['vm', 'import', file]);
  assert.match(flat.err, /snapshots clean, tried, patched: the disks are flattened/);
  assert.equal(await lettersOf(room.gantry, 'snapped'), 'abca');
  assert.deepEqual(await room.gantry.json('vm', 'snapshot', 'list', 'snapped'), []);
  await room.drop('snapped');
  await room.gantry.must('vm', 'import', file, '--snapshots', 'import');
  assert.equal(await lettersOf(room.gantry, 'snapped'), 'abca');
  const list = await room.gantry.json<readonly Snapshot[]>('vm', 'snapshot', 'list', 'snapped');
  const nameOf = new Map(list.map(({ id, name }) => [id, name]));
  assert.deepEqual(
    list.map(({ name, parent, present }) => [name, parent && nameOf.get(parent), present]),
    [
      ['clean', null, false],
      ['tried', 'clean', false],
      ['patched', 'clean', true],
    ],
  );
  assert.match(list[0]?.description ?? '', /^just\ninstalled\ntaken there at 2023-/);
  for (const [name, letters] of [
    ['tried', 'xaaa'],
    ['clean', 'aaaa'],
    ['patched', 'abaa'],
  ] as const) {
    await room.gantry.must('vm', 'snapshot', 'revert', 'snapped', name, '--yes');
    assert.equal(await lettersOf(room.gantry, 'snapped'), letters, name);
  }
  await room.drop('snapped');
});

function snapshotLines(
  index: number,
  facts: Readonly<Record<string, string>>,
  file: string,
): readonly (readonly [string, string])[] {
  const all = { ...facts, createTimeHigh: '391600', createTimeLow: '-5', numDisks: '1' };
  return [
    ...Object.entries(all),
    ['disk0.fileName', file] as const,
    ['disk0.node', 'ide0:0'] as const,
  ].map(([name, value]) => [`snapshot${index}.${name}`, value] as const);
}

void test('CMP-35 an address that another vm has is given to no second one, and an import that would repeat it asks for keep or new', async () => {
  const mac = '00:0c:29:00:35:01';
  await room.gantry.must('vm', 'create', 'first-one', '--memory', '64M');
  await room.gantry.must('vm', 'attach-adapter', 'first-one', '--network', 'user', '--mac', mac);
  await room.gantry.must('vm', 'create', 'other-one', '--memory', '64M');
  const again = await room.gantry.run([
    'vm',
    'attach-adapter',
    'other-one',
    '--network',
    'user',
    '--mac',
    mac,
  ]);
  assert.match(again.err, /first-one has the MAC address 00:0c:29:00:35:01/);
  await putDisk(room.beside('twin/a.vmdk'), 'a');
  const file = putVmx(room.beside('twin/twin.vmx'), {
    ...onIde('a.vmdk'),
    'ethernet0.present': 'TRUE',
    'ethernet0.addressType': 'generated',
    'ethernet0.generatedAddress': mac,
  });
  const told = await room.refused(file);
  assert.match(told, /adapter 0 has the MAC address 00:0c:29:00:35:01, which first-one has/);
  assert.match(told, /choose: --taken-addresses keep, or new/);
  const macOf = async (choice: string): Promise<string | undefined> => {
    await room.gantry.must('vm', 'import', file, '--taken-addresses', choice);
    const { definition } = await room.show('twin');
    await room.drop('twin');
    return definition.hardware.adapters[0]?.mac;
  };
  assert.equal(await macOf('keep'), mac);
  assert.match((await macOf('new')) ?? '', /^52:47:59:/);
  for (const vm of ['first-one', 'other-one']) await room.drop(vm);
});
