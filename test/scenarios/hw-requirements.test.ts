/** What is asked of virtual hardware, through CLI and API, on one coordinator with a simulated host. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { placeName } from '#api';
import type { Client, GuestCatalogueEntry, Hardware, Profile, UnrepresentedDevice, Vm } from '#api';
import { isFault, miB } from '#lib';
import { findConnection, openClient } from '../../src/cli/connection.ts';
import { newGantry, type Gantry } from '../e2e/gantry.ts';

let gantry: Gantry;
let client: Client;

before(async () => {
  gantry = await newGantry();
  await gantry.must('up', '--simulate', '1x1', '--yes', '--listen', gantry.listen);
  client = gantry.client();
});
after(async () => {
  await gantry[Symbol.asyncDispose]();
});

const show = (vm: string): Promise<Vm> => client.call('vm.show', { params: { vm } });
const warned = async (vm: string): Promise<readonly string[]> => {
  const { warnings } = await client.call('vm.check', { params: { vm }, body: {} });
  return warnings.map(({ code }) => code);
};

void test('HW-23 there is no sound device by default; where the target product has none, one is warned of', async () => {
  await gantry.must('vm', 'create', 'quiet', '--profile', 'classic');
  assert.equal((await show('quiet')).definition.hardware.sound, 'none');
  await gantry.must('vm', 'create', 'modern-quiet');
  assert.equal((await show('modern-quiet')).definition.hardware.sound, 'none');
  await gantry.must('vm', 'set', 'quiet', 'hardware.sound=sb16');
  assert.equal((await show('quiet')).definition.hardware.sound, 'sb16');
  assert.deepEqual(await warned('quiet'), []);
  await gantry.must('vm', 'set', 'quiet', 'portableTo=[virtual-pc]');
  assert.deepEqual(await warned('quiet'), [], 'Virtual PC has a sound device');
  const said = await gantry.run(['vm', 'set', 'quiet', 'portableTo=[virtual-server]']);
  assert.match(said.err, /warning: Microsoft Virtual Server has no sound device/);
  assert.deepEqual(await warned('quiet'), ['portability-sound']);
});

void test('memory and processors are set as they are at creation; with nothing to set a vm is not touched', async () => {
  await gantry.must('vm', 'create', 'sized', '-m', '512M');
  await gantry.must('vm', 'set', 'sized', '-m', '768M', '-c', '2', 'description=larger');
  const { hardware, description } = (await show('sized')).definition;
  assert.deepEqual(
    [hardware.memory.sizeBytes, hardware.processor.count, description],
    [768 * miB, 2, 'larger'],
  );
  const { code, err } = await gantry.run(['vm', 'set', 'sized']);
  assert.notEqual(code, 0);
  assert.match(err, /nothing to change was given\nhint: .*gantry vm settings sized/);
});

void test('HW-47 the one CD drive is at secondary channel position 0, and a second one is warned of', async () => {
  await gantry.must(
    'vm',
    'create',
    'portable',
    '--profile',
    'classic',
    '--set',
    'portableTo=[virtual-pc]',
  );
  const { opticalDrives } = (await show('portable')).definition.hardware;
  assert.deepEqual(
    opticalDrives.map(({ bus, controller, position }) => [bus, controller, position]),
    [['ide', 1, 0]],
  );
  assert.deepEqual(await warned('portable'), []);
  const second = { bus: 'ide', controller: 1, position: 1 } as const;
  const plan = await client.dryRun('vm.update', {
    params: { vm: 'portable' },
    body: { hardware: { opticalDrives: [...opticalDrives, second] } },
  });
  assert.deepEqual(
    plan.warnings.map(({ code }) => code),
    ['portability-cd-drives'],
  );
  assert.match(plan.warnings[0]?.text ?? '', /2 CD drives \(ide1:0, ide1:1\)/);
});

void test('DISK-68 a vm meant for a product without SCSI is warned of each disk that would be ignored there, above all of one with the system or a page file', async () => {
  await gantry.must('vm', 'create', 'moving', '--profile', 'classic', '--disk', '1G');
  await gantry.must('vm', 'set', 'moving', 'portableTo=[virtual-pc]');
  assert.deepEqual(await warned('moving'), [], 'all disks are on IDE');
  await gantry.must('vm', 'attach-disk', 'moving', '--new', '1G', '--bus', 'scsi');
  const { disks } = (await show('moving')).definition.hardware;
  const told = async (body: object): Promise<readonly string[]> =>
    (
      await client.dryRun('vm.update', {
        params: { vm: 'moving' },
        body: body as Record<string, never>,
      })
    ).warnings
      .filter(({ code }) => code.startsWith('portability'))
      .map(({ text, remedy }) => `${text}; ${remedy ?? ''}`);
  const check = await client.call('vm.check', { params: { vm: 'moving' }, body: {} });
  assert.match(
    check.warnings.map(({ text }) => text).join('\n'),
    /Virtual PC ignores the disk scsi0:0: it has no scsi bus; a page file or swap space on it/,
  );
  const onScsi = disks.map((disk, position) => ({ ...disk, bus: 'scsi', controller: 1, position }));
  const [system, data] = await told({ hardware: { disks: onScsi } });
  assert.match(system ?? '', /scsi1:0: .*; the guest boots from it, and would not start there/);
  assert.match(data ?? '', /scsi1:1: .*; a page file or swap space on it.*; attach .* on ide$/);
  const large = disks.map((disk) => ({ ...disk, sizeBytes: 128 * 1024 ** 3 }));
  const [size] = await told({ portableTo: ['virtual-server'], hardware: { disks: large } });
  assert.match(size ?? '', /a VHD of at most 127 GiB on ide.* has 128 GiB; attach .* on scsi$/);
});

void test('CMP-13 a vm that is made portable to Virtual PC has all its disks on IDE from the start', async () => {
  const name = 'for-virtual-pc';
  await gantry.must('vm', 'create', name, '--disk', '1G', '--set', 'portableTo=[virtual-pc]');
  const places = async (): Promise<readonly string[]> =>
    (await show(name)).definition.hardware.disks.map(placeName);
  assert.equal((await show(name)).definition.hardware.profile, 'classic', 'which Virtual PC knows');
  assert.deepEqual(await places(), ['ide0:0']);
  for (let more = 0; more < 2; more += 1)
    await gantry.must('vm', 'attach-disk', name, '--new', '1G');
  assert.deepEqual(await places(), ['ide0:0', 'ide0:1', 'ide1:1']);
  const full = await gantry.run(['vm', 'attach-disk', name, '--new', '1G']);
  assert.match(full.err, /no free place on the bus ide/, 'none goes elsewhere by itself');
  assert.deepEqual(await warned(name), []);
  // Guests of today, whose disks would be on virtio.
  await gantry.must(
    'vm',
    'create',
    'linux-there',
    '--guest',
    'debian',
    '--disk',
    '1G',
    '--set',
    'portableTo=[virtual-pc]',
  );
  const { disks } = (await show('linux-there')).definition.hardware;
  assert.deepEqual(disks.map(placeName), ['ide0:0']);
});

void test('HW-51 a change of hardware under an installed guest is warned of, with the way to keep the old beside the new', async () => {
  const name = 'installed';
  await gantry.must('vm', 'create', name, '--profile', 'classic', '--disk', '1G');
  const change = async (body: object): Promise<string[]> => {
    const plan = await client.dryRun('vm.update', {
      params: { vm: name },
      body: body as Record<string, never>,
    });
    return plan.warnings
      .filter(({ code }) => code === 'guest-may-not-boot')
      .map(({ text, remedy }) => `${text}; ${remedy ?? ''}`);
  };
  const before = (await show(name)).definition.hardware;
  const [adapter, disk] = [before.adapters[0], before.disks[0]];
  assert.ok(adapter && disk);
  const adapters = [{ ...adapter, model: 'e1000' as const }];
  assert.deepEqual(await change({ hardware: { adapters } }), [], 'nothing is installed yet');
  await gantry.must('vm', 'start', name);
  await gantry.must('vm', 'turn-off', name, '--yes');
  const scsi = { ...disk, bus: 'scsi', controller: 0, position: 0 };
  const [ofAdapter] = await change({ hardware: { adapters } });
  assert.match(ofAdapter ?? '', /may not boot: network adapter 0 changes from tulip to e1000/);
  assert.match(ofAdapter ?? '', /gantry vm attach-adapter installed --model e1000$/);
  const [ofDisk] = await change({ hardware: { disks: [scsi] } });
  assert.match(
    ofDisk ?? '',
    /moves to the bus scsi.*gantry vm attach-disk installed --new 1G --bus scsi$/,
  );
  assert.match(
    (await change({ hardware: { firmware: { type: 'uefi' } } }))[0] ?? '',
    /firmware changes/,
  );
  const said = await gantry.run(['vm', 'set', name, 'hardware.machine=q35', '--dry-run']);
  assert.match(said.err, /warning: the guest of installed may not boot: the machine type changes/);
  // The offer is one that can be taken up.
  await gantry.must('vm', 'attach-adapter', name, '--model', 'e1000');
  assert.deepEqual(
    (await show(name)).definition.hardware.adapters.map(({ model }) => model),
    ['tulip', 'e1000'],
  );
});

void test('HW-53 a guest has recommended devices and known incompatibilities, shown when they are chosen', async () => {
  const guests = await gantry.json<readonly GuestCatalogueEntry[]>('guest', 'list');
  for (const { diskBus, adapter, scsiController, profile } of guests)
    assert.ok(diskBus && adapter && scsiController && profile);
  const known = (id: string): string =>
    guests
      .find((guest) => guest.id === id)
      ?.incompatibilities.map(({ text }) => text)
      .join() ?? '';
  assert.match(known('solaris-10'), /1\/06 and 6\/06 crash .* Merom, Woodcrest and Conroe/);
  assert.match(known('linux-2.6'), /early Linux 2\.4 and 2\.6 kernels fail/);
  assert.match(
    await gantry.must('guest', 'show', 'solaris-10'),
    /known problem +64-bit Solaris 10/,
  );
  await gantry.must('vm', 'create', 'sun', '--guest', 'solaris-10');
  assert.deepEqual(await warned('sun'), []);
  const chosen = await gantry.run(['vm', 'set', 'sun', 'hardware.processor.model=Conroe']);
  assert.match(chosen.err, /warning: Solaris 10: .* recommended: profile classic/);
  assert.deepEqual(await warned('sun'), ['guest-incompatibility']);
  const created = await gantry.run([
    'vm',
    'create',
    'early',
    '--guest',
    'linux-2.6',
    '--profile',
    'modern',
    '--disk',
    '1G',
  ]);
  assert.match(created.err, /warning: Linux 2\.4 and 2\.6: early/);
});

void test('a device that is attached is warned of as one that is set', async () => {
  await gantry.must('vm', 'create', 'nt', '--guest', 'windows-nt-4-sp6a');
  const attached = await gantry.run(['vm', 'attach-adapter', 'nt', '--model', 'virtio']);
  assert.match(attached.err, /warning: Windows NT Server 4\.0 SP6a: it has no driver/);
  const body = { kind: 'new', sizeBytes: 1_048_576, bus: 'virtio' } as const;
  const plan = await client.dryRun('vm.disk.attach', { params: { vm: 'nt' }, body });
  assert.deepEqual(
    plan.warnings.map(({ code }) => code),
    ['guest-incompatibility'],
  );
});

void test('HW-27 devices that cannot be represented are a list for machines, and what brings hardware in reports each hit', async () => {
  const listed = await gantry.json<readonly UnrepresentedDevice[]>('device', 'unrepresented');
  const { items } = await client.call('unrepresented.list', {});
  assert.deepEqual(listed, items);
  assert.deepEqual(
    items.map(({ id }) => id),
    [
      'firewire',
      'other-network',
      'modem',
      'video-board',
      'audio-board',
      'coprocessor',
      'physical-scsi',
      'backup',
      'usb-device',
    ],
  );
  assert.match(items.at(-1)?.unless ?? '', /passed through/);
  const hardware = { ieee1394: true, modem: {}, tapeDrive: [1] };
  await assert.rejects(
    client.call('vm.create', { body: { name: 'foreign', definition: { hardware } } }),
    (error) => {
      assert.ok(isFault(error, 'invalid'));
      const paths = (error.facts['issues'] as { path: string }[]).map(({ path }) => path);
      assert.deepEqual(paths, ['hardware/ieee1394', 'hardware/modem', 'hardware/tapeDrive']);
      return true;
    },
  );
});

void test('HW-59 a hardware profile is stored under a name and used again when vms are created', async () => {
  await gantry.must(
    'vm',
    'create',
    'pattern',
    '--profile',
    'classic',
    '--memory',
    '256M',
    '--disk',
    '1G',
  );
  await gantry.must(
    'vm',
    'set',
    'pattern',
    'hardware.sound=sb16',
    'hardware.processor.model=qemu64',
  );
  const pattern = (await show('pattern')).definition.hardware;
  await gantry.must('profile', 'save', 'office', '--vm', 'pattern', '--meaning', 'desks of 2005');
  await gantry.must('profile', 'save', 'builder', 'memory.sizeBytes=2G', 'processor.count=4');
  const names = (await gantry.json<readonly Profile[]>('profile', 'list')).map(({ name }) => name);
  assert.deepEqual(names, ['arm', 'builder', 'classic', 'modern', 'office']);
  const office = await gantry.json<Profile>('profile', 'show', 'office');
  assert.equal(office.meaning, 'desks of 2005');
  assert.equal(office.builtIn, false);
  assert.deepEqual(
    [office.hardware.disks, office.hardware.adapters],
    [[], []],
    'nothing of the vm',
  );
  const made = async (name: string, ...words: string[]): Promise<Hardware> => {
    await gantry.must('vm', 'create', name, ...words);
    return (await show(name)).definition.hardware;
  };
  const desk = await made('desk', '--profile', 'office', '--disk', '2G');
  assert.deepEqual(
    { ...desk, disks: [], adapters: [] },
    { ...pattern, disks: [], adapters: [] },
    'all but disks and addresses is as it was',
  );
  const [adapter] = desk.adapters;
  assert.equal(adapter?.model, pattern.adapters[0]?.model);
  assert.notEqual(adapter?.mac, pattern.adapters[0]?.mac);
  assert.equal(desk.disks[0]?.bus, 'ide');
  // What is said at creation still counts, and so does what the profile says against the catalogue.
  const small = await made('small', '--profile', 'office', '--memory', '64M', '--guest', 'debian');
  assert.equal(small.memory.sizeBytes, 64 * 1024 * 1024);
  assert.equal(small.clock.base, 'localtime');
  assert.equal((await made('server', '--profile', 'builder')).processor.count, 4);

  const profiles = (params: { profile: string }) => client.call('profile.delete', { params });
  await assert.rejects(client.call('profile.create', { body: { name: 'office' } }), (error) =>
    isFault(error, 'exists'),
  );
  await assert.rejects(
    client.call('profile.create', { body: { name: 'wrong', hardware: { sound: 'drum' } } }),
    (error) => isFault(error, 'invalid'),
  );
  await assert.rejects(profiles({ profile: 'classic' }), (error) => isFault(error, 'refused'));
  await gantry.must('profile', 'delete', 'office');
  await assert.rejects(
    client.call('vm.create', { body: { name: 'late', profile: 'office' } }),
    (error) => isFault(error, 'not-found'),
  );
  assert.equal((await show('desk')).definition.hardware.sound, 'sb16', 'its vms stay as they are');
  const { items } = await client.call('event.list', {
    query: { filter: 'name : profile', limit: 20 },
  });
  assert.deepEqual(items.map(({ name, target }) => `${name} ${target.name}`).toSorted(), [
    'profile.created builder',
    'profile.created office',
    'profile.deleted office',
  ]);

  await gantry.must('user', 'create', 'eve');
  await gantry.must('grant', 'create', 'eve', 'create');
  const [secret = ''] = (await gantry.must('token', 'create', 'eve', '--user', 'eve'))
    .trim()
    .split('\n');
  const eve = openClient({ ...findConnection(gantry.installation, {}), token: secret });
  assert.ok((await eve.call('profile.list', {})).items.length >= 3);
  await assert.rejects(eve.call('profile.create', { body: { name: 'mine' } }), (error) =>
    isFault(error, 'forbidden'),
  );
});
