import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { unrepresentedDevices, type ForeignMachine, type VmImport } from '#api';
import { importDefinition, type Imported } from './import-definition.ts';
import { guestOf } from './import-guests.ts';

const disk = (
  bus: ForeignMachine['disks'][number]['bus'],
  controller: number,
  position: number,
): ForeignMachine['disks'][number] => ({
  bus,
  controller,
  position,
  named: 'd.vmdk',
  path: `/srv/${bus}${controller}-${position}.vmdk`,
  format: 'vmdk',
  sizeBytes: 1024 ** 3,
});

const machine: ForeignMachine = {
  product: 'VMware',
  format: 'vmx',
  name: 'web',
  description: 'text',
  guestOs: 'debian11-64',
  memoryBytes: 768 * 1024 ** 2,
  processors: 4,
  coresPerSocket: 2,
  firmware: 'bios',
  secureBoot: false,
  uuid: null,
  chassisSerial: 'C-1',
  assetTag: 'has spaces in it',
  boardSerial: null,
  scsiModel: 'lsilogic',
  disks: [disk('scsi', 0, 0)],
  drives: [],
  floppy: null,
  adapters: [{ model: 'e1000', mac: '00:0c:29:aa:bb:cc', network: 'VM Network' }],
  sound: 'hda',
  usb: '2.0',
  clock: 'localtime',
  tpm: false,
  lost: [],
  kept: {},
};

let macs = 0;
const importing = (
  change: Partial<ForeignMachine>,
  usedMacs: readonly string[] = [],
  choice: Partial<Pick<VmImport, 'networks' | 'adapters'>> = {},
): Imported =>
  importDefinition({
    id: randomUUID(),
    name: 'web',
    format: 'qcow2',
    foreign: { ...machine, ...change },
    networks: [],
    adapters: 'all',
    ...choice,
    usedMacs: new Set(usedMacs),
    makeMac: () => `52:47:59:00:00:${String((macs += 1)).padStart(2, '0')}`,
  });

test('what has a counterpart is taken over, with disks that are converted into the vm’s folder', () => {
  const { definition, disks } = importing({});
  const { hardware } = definition;
  assert.equal(definition.guestOs, 'debian');
  assert.equal(definition.description, 'text');
  assert.equal(hardware.memory.sizeBytes, machine.memoryBytes);
  assert.deepEqual([hardware.processor.count, hardware.processor.coresPerSocket], [4, 2]);
  assert.equal(hardware.scsiController, 'lsi53c895a');
  assert.equal(hardware.bios.chassis.serialNumber, 'C-1');
  assert.equal(hardware.bios.chassis.assetTag, null, 'no serial number has spaces');
  assert.deepEqual(
    hardware.adapters.map(({ model, mac, macMode }) => [model, mac, macMode]),
    [['e1000', '00:0c:29:aa:bb:cc', 'static']],
  );
  assert.equal(hardware.clock.base, 'localtime');
  assert.deepEqual(disks, [
    {
      kind: 'foreign',
      file: 'web-scsi0-0.qcow2',
      format: 'qcow2',
      sizeBytes: 1024 ** 3,
      sourcePath: '/srv/scsi0-0.vmdk',
      sourceFormat: 'vmdk',
    },
  ]);
});

test('HW-27 each device that no vm can have is told by its entry in the list of them', () => {
  const lost = unrepresentedDevices.map(({ id }) => ({
    setting: `theirs-${id}`,
    value: 'TRUE',
    why: 'as it is',
    device: id,
  }));
  const { warnings } = importing({ lost });
  for (const { id, device, reason } of unrepresentedDevices) {
    const told = warnings.find(({ code }) => code === `unrepresented-${id}`);
    assert.equal(told?.text, `theirs-${id} TRUE: ${device} is not offered: ${reason}`);
  }
});

test('what becomes something else is told: controllers, adapters, places, addresses, guests', () => {
  const { definition, warnings } = importing(
    {
      guestOs: 'beos',
      scsiModel: 'buslogic',
      disks: [disk('scsi', 0, 12), disk('nvme', 0, 0), disk('sata', 0, 20)],
      drives: [{ bus: 'scsi', controller: 0, position: 0, medium: { named: 'x', path: null } }],
      adapters: [{ model: 'vmxnet3', mac: '00:0c:29:aa:bb:cc', network: null }],
    },
    ['00:0c:29:aa:bb:cc'],
  );
  const { disks, opticalDrives, adapters } = definition.hardware;
  assert.deepEqual(
    disks.map(({ bus, position }) => `${bus}${position}`),
    ['scsi0', 'sata0', 'sata1'],
  );
  assert.deepEqual(
    opticalDrives.map(({ bus, position }) => `${bus}${position}`),
    ['scsi1'],
  );
  assert.notEqual(adapters[0]?.mac, '00:0c:29:aa:bb:cc');
  assert.deepEqual(adapters[0]?.attachment, { kind: 'none' });
  const said = warnings.map(({ text }) => text).join('\n');
  for (const word of ['beos', 'buslogic', 'scsi0:12', 'nvme0:0', 'sata0:20', 'vmxnet3', '00:0c:29'])
    assert.ok(said.includes(word), `${word} in:\n${said}`);
});

test('words of a file cannot write lines of their own into what is told', () => {
  const { warnings } = importing({
    lost: [{ setting: 'a\nb', value: 'c\u001b[2Jd\u202e', why: 'so', device: null }],
  });
  const told = warnings.find(({ text }) => text.includes('c?[2Jd?'));
  assert.ok(told?.text.startsWith('a?b '), warnings.map(({ text }) => text).join('|'));
});

test('settings that nobody knows are kept among the extensions, by the name of their format', () => {
  const { definition } = importing({ kept: { 'guestinfo.role': 'front' } });
  assert.deepEqual(definition.extensions, { vmx: { 'guestinfo.role': 'front' } });
});

test('guests are known by the words of VMware and by plain names', () => {
  const words = {
    'debian11-64': 'debian',
    'ubuntu-64': 'ubuntu',
    winNetStandard: 'windows-server-2003-standard',
    'Windows Server 2003 Enterprise': 'windows-server-2003-enterprise',
    win2000Serv: 'windows-2000-server',
    winXPPro: 'windows-xp',
    'windows9-64': 'windows-10',
    windows9srv_64: 'windows-server-2016',
    'windows2019srvNext-64': 'windows-server-2022',
    'windows11-64': 'windows-11',
    'other5xlinux-64': 'linux',
    otherGuest: 'other',
    beos: undefined,
  };
  for (const [word, guest] of Object.entries(words)) assert.equal(guestOf(word), guest, word);
});

test('NET-50 several adapters on one network are warned of, and kept, left out but for one, or spread, as is asked', () => {
  const adapters = ['inside', 'inside', null, 'outside'].map((network) => ({
    model: 'e1000',
    mac: null,
    network,
  }));
  const plugged = (choice: Partial<Pick<VmImport, 'networks' | 'adapters'>>) => {
    const { definition, warnings } = importing({ adapters }, [], choice);
    return {
      on: definition.hardware.adapters.map(({ slot, attachment }) =>
        attachment.kind === 'network'
          ? `${slot} ${attachment.network}`
          : `${slot} ${attachment.kind}`,
      ),
      told: warnings.filter(({ text }) => text.startsWith('adapters ')),
    };
  };
  const kept = plugged({ networks: ['lab'] });
  assert.deepEqual(kept.on, ['0 lab', '1 lab', '2 none', '3 lab']);
  assert.deepEqual(
    kept.told.map(({ code, text }) => [code, text.split(':')[0]]),
    [['adapters-share-network', 'adapters 0, 1, 3 are all in network lab']],
  );
  assert.match(kept.told[0]?.remedy ?? '', /first-of-network.*name a network for each/);
  assert.equal(
    plugged({}).told[0]?.text.split(':')[0],
    'adapters 0, 1, 3 are all in the user-mode network',
  );
  const one = plugged({ networks: ['lab'], adapters: 'first-of-network' });
  assert.deepEqual(one.on, ['0 lab', '2 none']);
  assert.deepEqual(
    one.told.map(({ text }) => text),
    ['adapters 1, 3: left out, since adapter 0 is in network lab'],
  );
  const spread = plugged({ networks: ['lan', 'dmz', 'user'] });
  assert.deepEqual(spread, { on: ['0 lan', '1 dmz', '2 none', '3 user'], told: [] });
  assert.throws(() => plugged({ networks: ['a', 'b', 'c', 'd'] }), { code: 'invalid' });
});
