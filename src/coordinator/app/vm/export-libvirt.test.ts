import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { z } from 'zod';
import { profiles, vmDefinitionSchema, type Vm, type VmDefinition } from '#api';
import { createInventory } from '../../inventory/memory-inventory.ts';
import { holdClock } from '../../inventory/testing/clock.ts';
import { hostData, idOf, vmData, Writer } from '../../inventory/testing/documents.ts';
import { readDomain } from '../../gateway/define/wish.ts';
import { exportMachine } from './export-machine.ts';
import { exportProfiles } from './export-profiles.ts';
import { writeForLibvirt } from './export-libvirt.ts';

type Change = Readonly<Record<string, unknown>>;

const disk = {
  bus: 'scsi',
  controller: 0,
  position: 0,
  file: 'a.qcow2',
  format: 'qcow2',
  sizeBytes: 2 ** 30,
};
const adapter = {
  slot: 0,
  model: 'virtio',
  mac: '52:54:00:00:00:01',
  attachment: { kind: 'network', network: 'lan' },
};
const firewall = { inbound: 'deny', outbound: 'allow', rules: [] };

/** One change of each thing that a vm has; the last word of a path may stand for all below it. */
const changes: Readonly<Record<string, Change>> = {
  description: { description: 'a web server' },
  tags: { tags: ['shop'] },
  guestOs: { guestOs: 'windows-11' },
  domainController: { domainController: true },
  portableTo: { portableTo: ['virtual-server'] },
  production: { production: true },
  extensions: { extensions: { vmx: { 'guestinfo.role': 'front' } } },
  'resources.cpuWeight': { resources: { cpuWeight: 200 } },
  'resources.cpuReservePercent': { resources: { cpuReservePercent: 5 } },
  'resources.cpuMaximumPercent': { resources: { cpuMaximumPercent: 50 } },
  'settings.start': { settings: { start: { onHostStart: 'always' } } },
  'settings.shutdown': { settings: { shutdown: { onHostStop: 'off' } } },
  'settings.undoDisks': { settings: { undoDisks: { enabled: true } } },
  'settings.snapshots': { settings: { snapshots: { limit: 3 } } },
  'settings.diskSpace': { settings: { diskSpace: { warnPercent: 33 } } },
  'settings.onGuestReboot': { settings: { onGuestReboot: 'turn-off' } },
  'settings.processorUse': { settings: { processorUse: { warnPercent: 33 } } },
  'settings.memoryUse': { settings: { memoryUse: { warnPercent: 33 } } },
  'settings.failure': { settings: { failure: { reaction: 'reset' } } },
  'settings.heartbeat': { settings: { heartbeat: { missedLimit: 9 } } },
  'settings.console': { settings: { console: { mode: 'exclusive' } } },
  'settings.time': { settings: { time: { synchronise: false } } },
  'settings.guestInformation': { settings: { guestInformation: { shareHostFacts: true } } },
  'settings.acceleration': { settings: { acceleration: 'tcg' } },
  'settings.runAs': { settings: { runAs: 'shop' } },
  'settings.evenPowerfulAccount': { settings: { evenPowerfulAccount: true } },
  'settings.scripts': {
    settings: { scripts: [{ event: 'vm.crashed', file: '/srv/tell', arguments: [] }] },
  },
  'hardware.machine': { hardware: { machine: 'pc' } },
  'hardware.firmware.type': { hardware: { firmware: { type: 'uefi' } } },
  'hardware.firmware.secureBoot': { hardware: { firmware: { type: 'uefi', secureBoot: true } } },
  'hardware.firmware.bootOrder': { hardware: { firmware: { bootOrder: ['network'] } } },
  'hardware.firmware.bootOnce': { hardware: { firmware: { bootOnce: 'cd' } } },
  'hardware.bios.chassis.assetTag': { hardware: { bios: { chassis: { assetTag: 'A7' } } } },
  'hardware.bios.chassis.serialNumber': { hardware: { bios: { chassis: { serialNumber: 'C7' } } } },
  'hardware.bios.baseBoard': { hardware: { bios: { baseBoard: { serialNumber: 'B7' } } } },
  'hardware.processor.count': { hardware: { processor: { count: 3 } } },
  'hardware.processor.maxCount': { hardware: { processor: { maxCount: 8 } } },
  'hardware.processor.coresPerSocket': { hardware: { processor: { coresPerSocket: 2 } } },
  'hardware.processor.threadsPerCore': { hardware: { processor: { threadsPerCore: 2 } } },
  'hardware.processor.model': { hardware: { processor: { model: 'qemu64' } } },
  'hardware.processor.hideHypervisor': { hardware: { processor: { hideHypervisor: true } } },
  'hardware.memory.sizeBytes': { hardware: { memory: { sizeBytes: 2 ** 28 } } },
  'hardware.memory.maxBytes': { hardware: { memory: { maxBytes: 2 ** 36 } } },
  'hardware.scsiController': { hardware: { scsiController: 'am53c974' } },
  'hardware.disks': { hardware: { disks: [{ ...disk, serial: 'D7' }] } },
  'hardware.disks.limits': {
    hardware: { disks: [{ ...disk, limits: { reads: { perSecond: 9 } } }] },
  },
  'hardware.opticalDrives': {
    hardware: { opticalDrives: [{ bus: 'sata', controller: 0, position: 4, medium: null }] },
  },
  'hardware.floppy': { hardware: { floppy: { medium: null } } },
  'hardware.adapters.slot': { hardware: { adapters: [{ ...adapter, slot: 1 }] } },
  'hardware.adapters.model': { hardware: { adapters: [{ ...adapter, model: 'e1000' }] } },
  'hardware.adapters.mac': { hardware: { adapters: [{ ...adapter, mac: '52:54:00:00:00:02' }] } },
  'hardware.adapters.attachment': {
    hardware: { adapters: [{ ...adapter, attachment: { kind: 'none' } }] },
  },
  'hardware.adapters.link': { hardware: { adapters: [{ ...adapter, link: 'down' }] } },
  'hardware.adapters.optional': { hardware: { adapters: [{ ...adapter, optional: true }] } },
  'hardware.adapters.bandwidth': {
    hardware: { adapters: [{ ...adapter, bandwidth: { inboundBitsPerSecond: 8_000_000 } }] },
  },
  'hardware.adapters.priority': { hardware: { adapters: [{ ...adapter, priority: 'high' }] } },
  'hardware.adapters.firewall': { hardware: { adapters: [{ ...adapter, firewall }] } },
  'hardware.adapters.addresses': {
    hardware: { adapters: [{ ...adapter, addresses: ['10.0.0.7'] }] },
  },
  'hardware.adapters.vlans': {
    hardware: { adapters: [{ ...adapter, vlans: [{ first: 5, last: 6 }] }] },
  },
  'hardware.sharedFolders': {
    hardware: { sharedFolders: [{ slot: 0, name: 'docs', hostPath: '/srv/docs', readOnly: true }] },
  },
  'hardware.serialPorts': { hardware: { serialPorts: [{ kind: 'file', file: '/tmp/com1' }] } },
  'hardware.parallelPort': { hardware: { parallelPort: { kind: 'file', file: '/tmp/lpt1' } } },
  'hardware.graphics.adapter': { hardware: { graphics: { adapter: 'cirrus' } } },
  'hardware.graphics.videoMemoryBytes': { hardware: { graphics: { videoMemoryBytes: 2 ** 25 } } },
  'hardware.graphics.acceleration3d': {
    hardware: { graphics: { adapter: 'virtio', acceleration3d: true } },
  },
  'hardware.sound': { hardware: { sound: 'hda' } },
  'hardware.usb': { hardware: { usb: '1.1' } },
  'hardware.tablet': { hardware: { tablet: true } },
  'hardware.tpm': { hardware: { tpm: true } },
  'hardware.clock.base': { hardware: { clock: { base: 'localtime' } } },
  'hardware.clock.offsetSeconds': { hardware: { clock: { offsetSeconds: 60 } } },
};

/** The name and id of the vm are told in any case; the profile is how it was begun; who gave an address is Gantry's alone. */
const apart = ['id', 'name', 'hardware.profile', 'hardware.adapters.macMode'];

function definitionWith(change: Change): VmDefinition {
  const { tablet: _, ...modern } = profiles.modern.hardware;
  const base = {
    id: idOf('web'),
    name: 'web',
    hardware: {
      ...modern,
      processor: { ...modern.processor, count: 4, maxCount: 4 },
      disks: [disk],
      adapters: [adapter],
      scsiController: 'lsi53c895a',
      usb: '2.0',
    },
  };
  return vmDefinitionSchema.parse(merged(base, change));
}

function merged(base: unknown, change: unknown): unknown {
  if (!isRecord(base) || !isRecord(change)) return change;
  const all = Object.entries(change).map(([key, value]) => [key, merged(base[key], value)]);
  return { ...base, ...(Object.fromEntries(all) as object) };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function exported(definition: VmDefinition): { readonly xml: string; readonly told: string } {
  const inventory = createInventory({ clock: holdClock() });
  const writer = new Writer(inventory);
  writer.put('host', idOf('h1'), hostData('h1'));
  writer.put('vm', idOf('web'), vmData('web', { definition }));
  const vm: Vm | undefined = inventory.vm(idOf('web'));
  assert.ok(vm);
  const networkName = (id: string): string => id;
  const facts = { definition, networkName, isSaved: false };
  const choices = { savedState: undefined, moveToIde: false };
  const { machine, notes } = exportMachine(facts, exportProfiles.libvirt, choices);
  const place = { machine, folder: '/srv/out', networkName };
  const told = notes.list.filter(({ effect }) => effect === 'adapted' || effect === 'dropped');
  return {
    xml: writeForLibvirt({ ...vm, definition }, place).toString(),
    told: told.map(({ text }) => text).join('\n'),
  };
}

/** Paths of all that a definition may say. */
function* leaves(schema: z.core.$ZodType, path: string): Generator<string> {
  const def: object = schema._zod.def;
  const at = (key: string): unknown => Object.entries(def).find(([name]) => name === key)?.[1];
  const inner = (at('innerType') ?? at('element')) as z.core.$ZodType | undefined;
  const shape = at('shape') as Readonly<Record<string, z.core.$ZodType>> | undefined;
  if (inner !== undefined) yield* leaves(inner, path);
  else if (shape === undefined) yield path;
  else
    for (const [key, value] of Object.entries(shape))
      yield* leaves(value, path === '' ? key : `${path}.${key}`);
}

test('FMT-45 all that a vm has is in the libvirt domain XML written of it or told as lost, and the XML is read again as a vm', () => {
  const usual = exported(definitionWith({}));
  assert.doesNotMatch(usual.told, /settings|resources|tags/);
  for (const [path, change] of Object.entries(changes)) {
    const { xml, told } = exported(definitionWith(change));
    assert.ok(xml !== usual.xml || told !== usual.told, `${path} is lost in silence`);
  }
  const paths = [...Object.keys(changes), ...apart];
  for (const leaf of leaves(vmDefinitionSchema, ''))
    assert.ok(
      paths.some((path) => leaf === path || leaf.startsWith(`${path}.`)),
      `${leaf} may be lost in silence: say what becomes of it`,
    );
  const wish = readDomain(usual.xml);
  assert.deepEqual(
    [wish.name, wish.blocks[0]?.file, wish.adapters[0]?.mac],
    ['web', '/srv/out/web-scsi0-0.qcow2', adapter.mac],
  );
  assert.partialDeepStrictEqual(wish.hardware, { processor: { count: 4 }, machine: 'q35' });
});

test('what is lost on the way to libvirt is told with its value and what to do, and nothing that is usual', () => {
  const { told } = exported(
    definitionWith({
      settings: { start: { onHostStart: 'always', order: 7 }, failure: { reaction: 'reset' } },
      hardware: { firmware: { type: 'uefi' }, usb: '3', serialPorts: [{ kind: 'pty' }] },
    }),
  );
  assert.match(told, /^settings\.start\.onHostStart always: it is of Gantry/m);
  assert.match(told, /^settings\.start\.order 7: /m);
  assert.match(told, /^settings\.failure\.reaction reset: a guest that crashed is restarted/m);
  assert.match(told, /^variables of its UEFI: libvirt makes new ones/m);
  assert.match(told, /^USB controller 3: libvirt gives one of its own/m);
  assert.doesNotMatch(told, /serial port|heartbeat|scripts|shared folder/);
});
