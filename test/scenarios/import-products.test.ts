/** Vms as each product makes them: imported, exported for one, and imported again. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { exportTargets, placeName, type Snapshot } from '#api';
import { isFault } from '#lib';
import { lettersOf, onIde, putDisk, putVmx, readLetters } from './foreign-shelf.ts';
import { ImportRoom } from './import-room.ts';

let room: ImportRoom;
before(async () => {
  room = await ImportRoom.open();
});
after(() => room[Symbol.asyncDispose]());

void test('CMP-26 a vm from Fusion gets disks, adapters and snapshots', async () => {
  await putDisk(room.beside('Mac.vmwarevm/Mac.vmdk'), 'm');
  const file = putVmx(room.beside('Mac.vmwarevm/Mac.vmx'), {
    ...onIde('Mac.vmdk'),
    displayName: 'from-mac',
    'virtualHW.productCompatibility': 'hosted',
    'proxyApps.publishToHost': 'FALSE',
  });
  await room.gantry.must('vm', 'import', file);
  await room.gantry.must('vm', 'attach-disk', 'from-mac', '--new', '8M', '--bus', 'ide');
  await room.gantry.must('vm', 'attach-adapter', 'from-mac', '--network', 'user');
  await room.gantry.must('vm', 'snapshot', 'take', 'from-mac', 'first');
  const { definition } = await room.show('from-mac');
  assert.deepEqual([definition.hardware.disks.length, definition.hardware.adapters.length], [2, 1]);
  assert.equal(
    (await room.gantry.json<readonly Snapshot[]>('vm', 'snapshot', 'list', 'from-mac')).length,
    1,
  );
  await room.drop('from-mac');
});

void test('CMP-08 CMP-36 FMT-06 a vm that was exported as VMX or VMC and imported again has the same disks, adapters and addresses, static and generated ones as such, and what nobody here knows', async () => {
  const at = (name: string): string => room.beside(`round/${name}`);
  await putDisk(at('a.vmdk'), 'ab');
  await putDisk(at('b.vmdk'), 'cd');
  const file = putVmx(at('rounded.vmx'), {
    ...onIde('a.vmdk'),
    'scsi0.present': 'TRUE',
    'scsi0:2.present': 'TRUE',
    'scsi0:2.fileName': 'b.vmdk',
    'ethernet0.present': 'TRUE',
    'ethernet0.virtualDev': 'e1000',
    'ethernet0.addressType': 'static',
    'ethernet0.address': '00:50:56:00:36:01',
    'ethernet1.present': 'TRUE',
    'ethernet1.virtualDev': 'e1000',
    'ethernet1.addressType': 'generated',
    'ethernet1.generatedAddress': '00:0c:29:00:36:02',
    'guestinfo.role': 'front',
  });
  const facts = async (name: string): Promise<unknown> => {
    const { hardware } = (await room.show(name)).definition;
    return {
      disks: hardware.disks.map(placeName),
      letters: [await lettersOf(room.gantry, name), await lettersOf(room.gantry, name, 1)],
      macs: hardware.adapters.map(({ mac, macMode }) => [mac, macMode]),
    };
  };
  const expected = {
    disks: ['ide0:0', 'scsi0:2'],
    letters: ['ab..', 'cd..'],
    macs: [
      ['00:50:56:00:36:01', 'static'],
      ['00:0c:29:00:36:02', 'dynamic'],
    ],
  };
  await room.gantry.must('vm', 'import', file, '--name', 'rounded');
  assert.deepEqual(await facts('rounded'), expected);
  const exportAs = async (as: string, folder: string): Promise<void> => {
    await room.gantry.must('vm', 'export', 'rounded', '--as', as, '--path', at(folder));
    await room.drop('rounded');
  };
  await exportAs('vmware-workstation', 'out');
  assert.deepEqual(readdirSync(at('out')).sort(), [
    'rounded-ide0-0.vmdk',
    'rounded-scsi0-2.vmdk',
    'rounded.vmx',
  ]);
  const text = readFileSync(at('out/rounded.vmx'), 'utf8');
  for (const line of [
    'ethernet0.addressType = "static"',
    'ethernet0.address = "00:50:56:00:36:01"',
    'ethernet1.addressType = "generated"',
    'ethernet1.generatedAddress = "00:0c:29:00:36:02"',
    'guestinfo.role = "front"',
  ])
    assert.ok(text.includes(`${line}\n`), text);
  assert.equal(await readLetters(at('out/rounded-ide0-0.vmdk')), 'ab..');
  await room.gantry.must('vm', 'import', at('out/rounded.vmx'));
  assert.deepEqual(await facts('rounded'), expected);
  const copy = await room.gantry.must(
    'vm',
    'import',
    at('out/rounded.vmx'),
    '--origin',
    'copied',
    '--taken-addresses',
    'keep',
    '--name',
    'twin',
  );
  assert.match(copy, /twin/);
  const macs = (await room.show('twin')).definition.hardware.adapters.map(({ mac }) => mac);
  assert.equal(macs[0], '00:50:56:00:36:01');
  assert.match(macs[1] ?? '', /^52:47:59:/, 'made anew for a copy');
  await room.drop('twin');
  await exportAs('virtual-server-2005', 'out-vmc');
  assert.equal(await readLetters(at('out-vmc/rounded-scsi0-2.vhd')), 'cd..');
  await room.gantry.must('vm', 'import', at('out-vmc/rounded.vmc'));
  assert.deepEqual(await facts('rounded'), expected);
  const again = await room.gantry.run([
    'vm',
    'export',
    'rounded',
    '--as',
    'vmware-esx',
    '--path',
    at('out'),
  ]);
  assert.match(again.err, /cannot make the folder .*out/);
  assert.match(again.err, /name one that does not exist/);
  await room.drop('rounded');
});

void test('CMP-05 a vm is checked against the limits of each product before anything is written, and what fits is written with its disks', async () => {
  await room.gantry.must(
    'vm',
    'create',
    'leaving',
    '--profile',
    'classic',
    '--memory',
    '5G',
    '--disk',
    '1G',
  );
  const out = (as: string): string => room.beside(`leaving-${as}`);
  const exporting = (as: string) =>
    room.gantry.run(['vm', 'export', 'leaving', '--as', as, '--path', out(as)]);
  const client = room.gantry.client();
  const narrow: readonly string[] = ['virtual-pc-2004', 'virtual-server-2005', 'vmware-server'];
  for (const as of exportTargets) {
    const body = { as, path: out(as), moveToIde: false } as const;
    const { findings = [] } = await client.dryRun('vm.hand-out', {
      params: { vm: 'leaving' },
      body,
    });
    const blocking = findings.filter(({ effect }) => effect === 'blocking');
    const told = blocking.map(({ text }) => text).join('; ');
    assert.equal(
      /has at most 3\.[56] GiB memory, the vm has 5 GiB/.test(told),
      narrow.includes(as),
      as,
    );
    assert.equal(blocking.length, narrow.includes(as) ? 1 : 0, told);
    if (blocking.length === 0) continue;
    const request = { params: { vm: 'leaving' }, body };
    await assert.rejects(client.call('vm.hand-out', request), (error) => isFault(error, 'blocked'));
  }
  assert.match((await exporting('vmware-server')).err, /cannot export leaving for VMware Server/);
  for (const as of exportTargets) assert.equal(existsSync(out(as)), false, 'nothing was written');
  for (const as of ['hyper-v', 'libvirt']) assert.equal((await exporting(as)).code, 0, as);
  assert.deepEqual(readdirSync(out('hyper-v')).sort(), ['leaving-ide0-0.vhdx', 'leaving.ps1']);
  assert.match(
    readFileSync(`${out('hyper-v')}/leaving.ps1`, 'utf8'),
    /New-VM -Name 'leaving' -Generation 1/,
  );
  const path = `${out('libvirt')}/leaving.xml`;
  assert.ok(
    readFileSync(path, 'utf8').includes(`<source file='${out('libvirt')}/leaving-ide0-0.qcow2'/>`),
  );
  // libvirt's driver for tests takes whatever keeps to its schema.
  const judged = spawnSync('virsh', ['-c', 'test:///default', 'define', '--validate', path]);
  if (judged.error === undefined) assert.equal(judged.status, 0, judged.stderr.toString());
  for (const [as, format] of [
    ['hyper-v', 'vhdx'],
    ['libvirt', 'qcow2'],
  ] as const)
    execFileSync('qemu-img', ['check', '-q', '-f', format, `${out(as)}/leaving-ide0-0.${format}`]);
  await room.drop('leaving');
});

void test('CMP-15 the export of a vm with a saved state offers to resume and shut it down, or to go without the state, which is written for nobody', async () => {
  await room.gantry.must('vm', 'create', 'saver', '--memory', '64M');
  await room.gantry.must('vm', 'start', 'saver');
  await room.gantry.must('vm', 'save', 'saver');
  const path = room.beside('saver-out');
  const words = ['vm', 'export', 'saver', '--as', 'vmware-player', '--path', path, '--move-to-ide'];
  const { code, err } = await room.gantry.run(words);
  assert.notEqual(code, 0);
  assert.match(
    err,
    /saver is saved: a saved state fits no other product and is never written for one/,
  );
  assert.match(
    err,
    /resume and shut it down: gantry vm restore saver; or export it without: --saved-state discard/,
  );
  await room.gantry.must(...words, '--saved-state', 'discard');
  assert.deepEqual(readdirSync(path), ['saver.vmx']);
  assert.equal((await room.show('saver')).state, 'saved');
  await room.gantry.must('vm', 'discard', 'saver', '--yes');
  await room.drop('saver');
});

void test('CMP-22 vms made by Workstation, Player, Server (GSX), ESX and Fusion are imported from VMX and VMDK alike', async () => {
  const made = [
    [
      'Workstation',
      'twoGbMaxExtentSparse',
      { 'virtualHW.version': '7', 'scsi0.virtualDev': 'lsilogic' },
    ],
    [
      'Player',
      'monolithicSparse',
      { 'virtualHW.version': '10', 'virtualHW.productCompatibility': 'hosted' },
    ],
    [
      'GSX',
      'twoGbMaxExtentFlat',
      { 'virtualHW.version': '3', autostart: 'poweron', autostop: 'softpoweroff' },
    ],
    [
      'ESX',
      'monolithicFlat',
      { 'virtualHW.version': '7', 'sched.cpu.units': 'mhz', 'scsi0.virtualDev': 'lsilogic' },
    ],
    [
      'Fusion',
      'monolithicSparse',
      { 'virtualHW.version': '4', 'proxyApps.publishToHost': 'FALSE' },
    ],
  ] as const;
  for (const [product, variant, settings] of made) {
    const vmdk = room.beside(`by-${product}/${product}.vmdk`);
    await putDisk(vmdk, 'ab-c', { variant });
    // The descriptor of ESX calls a flat file one on its own file system.
    if (product === 'ESX') {
      const text = readFileSync(vmdk, 'utf8');
      const theirs = text
        .replace('"monolithicFlat"', '"vmfs"')
        .replace(' FLAT ', ' VMFS ')
        .replace(/(-flat\.vmdk") 0/, '$1');
      assert.notEqual(theirs, text);
      writeFileSync(vmdk, theirs);
    }
    const file = putVmx(room.beside(`by-${product}/${product}.vmx`), {
      'scsi0.present': 'TRUE',
      'scsi0:0.present': 'TRUE',
      'scsi0:0.fileName': `${product}.vmdk`,
      'ethernet0.present': 'TRUE',
      displayName: `by ${product}`,
      ...settings,
    });
    await room.gantry.must('vm', 'import', file);
    const { definition } = await room.show(`by ${product}`);
    assert.deepEqual(definition.hardware.disks.map(placeName), ['scsi0:0'], product);
    assert.equal(await lettersOf(room.gantry, `by ${product}`), 'ab.c', product);
    if (product === 'GSX') assert.equal(definition.settings.start.onHostStart, 'always');
    await room.drop(`by ${product}`);
  }
});
