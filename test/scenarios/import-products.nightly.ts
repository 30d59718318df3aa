/** Vms as each product makes them: imported, exported for one, and imported again. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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

void test('FMT-25 a vm is written as an OVF package or as one OVA, with manifest and signature, and taken over from it; a file that is not what was packed is refused', async () => {
  const at = (name: string): string => room.beside(`packed/${name}`);
  await putDisk(at('a.vmdk'), 'ab');
  await putDisk(at('b.vmdk'), 'cd');
  const file = putVmx(at('shop.vmx'), {
    ...onIde('a.vmdk'),
    annotation: 'sells <things> & more',
    'scsi0.present': 'TRUE',
    'scsi0:2.present': 'TRUE',
    'scsi0:2.fileName': 'b.vmdk',
    'ethernet0.present': 'TRUE',
    'ethernet0.virtualDev': 'e1000',
    'ethernet0.addressType': 'static',
    'ethernet0.address': '00:50:56:00:25:01',
  });
  await room.gantry.must('vm', 'import', file, '--name', 'shop');
  const facts = async (name: string): Promise<unknown> => {
    const { hardware, description } = (await room.show(name)).definition;
    return {
      description,
      memoryBytes: hardware.memory.sizeBytes,
      disks: hardware.disks.map(placeName),
      letters: [await lettersOf(room.gantry, name), await lettersOf(room.gantry, name, 1)],
      adapters: hardware.adapters.map(({ model, mac, macMode }) => [model, mac, macMode]),
    };
  };
  const before = await facts('shop');
  const signer = at('signer.pem');
  const openssl = (...words: string[]): string =>
    execFileSync('openssl', words, { stdio: 'pipe' }).toString();
  const made = ['-newkey', 'rsa:2048', '-nodes', '-x509', '-days', '3', '-subj', '/CN=Shop makers'];
  openssl('req', ...made, '-keyout', at('key.pem'), '-out', at('cert.pem'));
  writeFileSync(signer, readFileSync(at('key.pem'), 'utf8') + readFileSync(at('cert.pem'), 'utf8'));
  const exporting = (path: string, ...more: string[]) =>
    room.gantry.run(['vm', 'export', 'shop', '--as', 'ovf', '--path', path, ...more]);
  const wrongKey = await exporting(at('no.ova'), '--sign-with', at('cert.pem'));
  assert.match(wrongKey.err, /cannot sign with .*cert\.pem/);
  assert.equal((await exporting(at('shop.ova'), '--sign-with', signer)).code, 0);
  assert.match((await exporting(at('shop.ova'))).err, /there is a file .*shop\.ova already/);
  assert.deepEqual(
    readdirSync(at('')).filter((name) => /ova/.test(name)),
    ['shop.ova'],
  );
  // Judged by tools that are not ours.
  mkdirSync(at('out'));
  const members = execFileSync('tar', ['-xvf', at('shop.ova'), '-C', at('out')]).toString();
  assert.deepEqual(members.trim().split('\n'), [
    'shop.ovf',
    'shop.mf',
    'shop.cert',
    'shop-ide0-0.vmdk',
    'shop-scsi0-2.vmdk',
  ]);
  const manifest = readFileSync(at('out/shop.mf'), 'utf8');
  const files = Array.from(manifest.matchAll(/\((.*)\)/g), ([, name = '']) => name);
  const sums = execFileSync('openssl', ['dgst', '-sha256', ...files], { cwd: at('out') });
  assert.equal(sums.toString().replaceAll('SHA2-256', 'SHA256'), manifest);
  const [signed = ''] = readFileSync(at('out/shop.cert'), 'utf8').split('\n');
  writeFileSync(at('signature'), Buffer.from(signed.split('= ')[1] ?? '', 'hex'));
  writeFileSync(at('public.pem'), openssl('x509', '-in', at('cert.pem'), '-pubkey', '-noout'));
  const verify = ['-verify', at('public.pem'), '-signature', at('signature'), at('out/shop.mf')];
  assert.match(openssl('dgst', '-sha256', ...verify), /Verified OK/);
  for (const disk of ['shop-ide0-0.vmdk', 'shop-scsi0-2.vmdk']) {
    const info = execFileSync('qemu-img', ['info', '-f', 'vmdk', at(`out/${disk}`)]).toString();
    assert.match(info, /create type: streamOptimized/);
  }
  assert.equal(await readLetters(at('out/shop-scsi0-2.vmdk')), 'cd..');
  await room.drop('shop');
  await room.gantry.must('vm', 'import', at('shop.ova'));
  assert.deepEqual(await facts('shop'), before);
  await room.drop('shop');
  const words = ['vm', 'import', at('out/shop.ovf'), '--dry-run'];
  const looked = (await room.gantry.run(words)).err;
  assert.match(looked, /manifest .*shop\.mf, 3 files/);
  assert.match(
    looked,
    /signed by CN=Shop makers, whom no authority that the host knows vouches for/,
  );
  // What was changed on its way.
  const change = (name: string, from: string, to: string): (() => void) => {
    const bytes = readFileSync(at(`out/${name}`));
    const altered = Buffer.from(bytes);
    const place = bytes.indexOf(from);
    assert.ok(place >= 0);
    altered.write(to, place, 'latin1');
    writeFileSync(at(`out/${name}`), altered);
    return () => writeFileSync(at(`out/${name}`), bytes);
  };
  const undoText = change('shop.ovf', '64 MiB of', '65 MiB of');
  assert.match(await room.refused(at('out/shop.ovf')), /shop\.ovf was changed after it was packed/);
  undoText();
  const undoManifest = change('shop.mf', 'SHA256(shop-ide', 'SHA256(shop-idf');
  assert.match(await room.refused(at('out/shop.ovf')), /the manifest is not what was signed/);
  undoManifest();
  const undoDisk = change('shop-scsi0-2.vmdk', '# Disk DescriptorFile', '# Disk descriptorFile');
  const torn = await room.refused(at('out/shop.ovf'));
  assert.match(torn, /shop-scsi0-2\.vmdk is not the file that was packed/);
  undoDisk();
  assert.equal(
    (await room.gantry.run(['vm', 'show', 'shop'])).code === 0,
    false,
    'nothing is left',
  );
  await room.gantry.must('vm', 'import', at('out/shop.ovf'));
  assert.deepEqual(await facts('shop'), before);
  await room.drop('shop');
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
