/**
 * From a vm's definition to the specification of its process. Pure: what has to be looked up on the host
 * comes in as `Surroundings`.
 *
 * Invariant: the same definition on two hosts gives the same devices at the same places (HW-02); paths and
 * the accelerator are all that differs.
 */
import {
  guestUuid,
  type Adapter,
  type BootDevice,
  type Hardware,
  type SharedFolder,
  type VmDefinition,
} from '#api';
import { present } from '#lib';
import {
  clockAt,
  type Adapter as AdapterSpec,
  type AdapterNetwork,
  type BootSpec,
  type ClockSpec,
  type FirmwareSpec,
  type MachineSpec,
  type ParallelPort,
  type SerialPort,
  type SharedFolder as SharedFolderSpec,
  type Tpm,
} from '#qemu';
import { dirname, basename } from 'node:path';
import type { MachineFile } from '../../../machine/record.ts';
import { resolveFile, type RunPlaces } from '../places.ts';
import { adapterId, adapterRoms, diskId, drivesOf, floppyId, opticalId } from './devices.ts';

/** What a definition alone does not say. */
export interface Surroundings {
  readonly places: RunPlaces;
  readonly acceleration: 'kvm' | 'tcg';
  /** `7.2`: the chip set as this QEMU has it, or as a saved state needs it. */
  readonly chipsetVersion: string | undefined;
  readonly firmware: FirmwareSpec;
  readonly tpm: Tpm | undefined;
  /** The host's graphics processor, where guests can draw through it. */
  readonly renderNodePath: string | undefined;
  /** `none` where this QEMU cannot. */
  readonly folderSharing: 'offered' | 'none';
  readonly sandbox: 'on' | 'off';
  readonly bootOnce: BootDevice | undefined;
  /** Host devices to do without, this once. */
  readonly without: readonly string[];
  /** Host ports of forwards that ask for any free one, by adapter slot and place in its list. */
  readonly freePorts: ReadonlyMap<string, number>;
  /** Interfaces of adapters that lead into networks, by slot. */
  readonly taps: ReadonlyMap<number, string>;
  readonly stateFrom: MachineSpec['stateFrom'];
  readonly nowMs: number;
  /** Minutes that the host's zone is west of UTC. */
  readonly zoneMinutes: number;
  readonly hostName: string;
  readonly productVersion: string;
}

export function makeMachineSpec(file: MachineFile, around: Surroundings): MachineSpec {
  const { definition } = file;
  const { hardware } = definition;
  const modern = hardware.profile === 'modern';
  const usb = usbGenerations[hardware.usb];
  const drives = drivesOf(file, around.without, around.places.disks);
  return {
    name: definition.name,
    uuid: definition.id,
    chipset: hardware.machine,
    chipsetVersion: around.chipsetVersion,
    acceleration: around.acceleration,
    processor: processorOf(hardware),
    memory: memoryOf(file),
    firmware: around.firmware,
    boot: bootOf(hardware, around.bootOnce),
    onReset: definition.settings.onGuestReboot === 'turn-off' ? 'shutdown' : 'reset',
    ...drives,
    adapters: hardware.adapters.map((adapter) =>
      adapterSpec(file, adapter, { ...around, boots: bootsFromNetwork(hardware, around) }),
    ),
    shares: sharesOf(hardware, around),
    serialPorts: serialPortsOf(file, around),
    parallelPort: parallelPortOf(file, around),
    display: displays[hardware.graphics.adapter],
    videoMemoryBytes: hardware.graphics.videoMemoryBytes,
    renderNodePath: hardware.graphics.acceleration3d ? around.renderNodePath : undefined,
    vnc: hardware.graphics.adapter === 'none' ? undefined : { socketPath: around.places.screen },
    sound: hardware.sound,
    usbControllers: usb === undefined ? [] : [usb],
    tablet: hardware.tablet ? usb : undefined,
    balloon: modern ? 'virtio' : 'none',
    randomSource: modern ? 'virtio' : 'none',
    guestChannel: { socketPath: around.places.channel },
    tpm: around.tpm,
    clock: clockOf(file, around),
    identity: {
      uuid: guestUuid(definition),
      manufacturer: 'Gantry',
      product: 'Virtual Machine',
      // Without one QEMU writes the chip set, and with it its own version.
      version: mayKnowHost(definition) ? around.productVersion : 'unknown',
      // Inventory tools know a machine by its system's number; a virtual one has no other than its chassis'.
      systemSerial: hardware.bios.chassis.serialNumber ?? undefined,
      boardSerial: hardware.bios.baseBoard.serialNumber ?? undefined,
      chassisSerial: hardware.bios.chassis.serialNumber ?? undefined,
      chassisAssetTag: hardware.bios.chassis.assetTag ?? undefined,
    },
    firmwareEntries: [
      {
        name: 'opt/org.gantry/vm',
        content: { kind: 'text', text: JSON.stringify(guestFacts(definition, around)) },
      },
    ],
    hypervisorSignature: hardware.processor.hideHypervisor ? 'hidden' : 'shown',
    guestSleep: 'hidden',
    crashDevice: modern ? 'pvpanic' : 'none',
    // Always held first: nothing happens before the agent listens.
    start: 'hold',
    stateFrom: around.stateFrom,
    monitorSocketPath: around.places.monitor,
    sandbox: around.sandbox,
  };
}

const displays = {
  std: 'standard',
  cirrus: 'cirrus',
  virtio: 'virtio',
  none: 'none',
} as const;

const usbGenerations = {
  none: undefined,
  '1.1': 'usb1',
  '2.0': 'usb2',
  '3': 'usb3',
} as const;

/** Modules that memory can be plugged in as, where the definition leaves room for more. */
export const memorySlots = 16;

/** What a guest may know of itself, and of its host only where that is allowed (GA-23, GA-24, SEC-10). */
export function guestFacts(
  definition: VmDefinition,
  around: Pick<Surroundings, 'hostName' | 'productVersion'>,
): Readonly<Record<string, string>> {
  const own = { name: definition.name, uuid: guestUuid(definition) };
  if (!mayKnowHost(definition)) return own;
  return { ...own, host: around.hostName, product: around.productVersion };
}

function mayKnowHost({ settings }: VmDefinition): boolean {
  return settings.guestInformation.shareHostFacts;
}

function processorOf({ processor }: Hardware): MachineSpec['processor'] {
  const all = Math.max(processor.count, processor.maxCount ?? processor.count);
  const perSocket = processor.coresPerSocket * processor.threadsPerCore;
  return {
    count: processor.count,
    sockets: Math.ceil(all / perSocket),
    cores: processor.coresPerSocket,
    threads: processor.threadsPerCore,
    model: processor.model,
  };
}

/** What was plugged in later is no part of what the machine begins with. */
function memoryOf({ definition, pluggedMemory }: MachineFile): MachineSpec['memory'] {
  const { maxBytes, sizeBytes: allBytes } = definition.hardware.memory;
  const sizeBytes = allBytes - pluggedMemory.reduce((sum, bytes) => sum + bytes, 0);
  if (maxBytes === null || maxBytes <= sizeBytes) return { sizeBytes };
  return { sizeBytes, maxBytes, slots: memorySlots };
}

function bootsFromNetwork(
  hardware: Hardware,
  around: Surroundings,
): 'from-network' | 'not-from-network' {
  const asked = hardware.firmware.bootOrder.includes('network') || around.bootOnce === 'network';
  return asked ? 'from-network' : 'not-from-network';
}

function bootOf(hardware: Hardware, bootOnce: BootDevice | undefined): BootSpec {
  const order = hardware.firmware.bootOrder.flatMap((device) => bootIds(hardware, device));
  const once = bootOnce === undefined ? undefined : bootIds(hardware, bootOnce)[0];
  return { order, once };
}

/** The devices of a kind in the order of their places. */
export function bootIds(hardware: Hardware, device: BootDevice): string[] {
  switch (device) {
    case 'disk':
      return hardware.disks.map(diskId);
    case 'cd':
      return hardware.opticalDrives.map(opticalId);
    case 'floppy':
      return hardware.floppy ? [floppyId] : [];
    case 'network':
      return hardware.adapters.filter(({ model }) => adapterRoms.has(model)).map(adapterId);
  }
}

/** What of an adapter its definition does not say. Without free ports none of its forwards may ask for one. */
export interface AdapterSurroundings extends Partial<Pick<Surroundings, 'freePorts' | 'taps'>> {
  readonly boots?: 'from-network' | 'not-from-network';
}

export function adapterSpec(
  file: MachineFile,
  adapter: Adapter,
  around: AdapterSurroundings = {},
): AdapterSpec {
  const withRom = around.boots === 'from-network' && adapterRoms.has(adapter.model);
  return {
    id: adapterId(adapter),
    position: adapter.slot,
    model: adapter.model,
    mac: adapter.mac,
    network: networkOf(file, adapter, around),
    bootRom: withRom ? 'present' : 'absent',
  };
}

function sharesOf({ sharedFolders }: Hardware, around: Surroundings): MachineSpec['shares'] {
  if (around.folderSharing === 'none') return undefined;
  return { linksPath: around.places.shares, folders: sharedFolders.map(shareSpec) };
}

export function shareSpec({ slot, name, readOnly }: SharedFolder): SharedFolderSpec {
  return { slot, name, access: readOnly ? 'read-only' : 'writable' };
}

export function portKey(slot: number, index: number): string {
  return `${slot}/${index}`;
}

function networkOf(
  file: MachineFile,
  adapter: Adapter,
  { freePorts, taps }: AdapterSurroundings,
): AdapterNetwork {
  const { attachment } = adapter;
  if (attachment.kind !== 'user') {
    const interfaceName = taps?.get(adapter.slot);
    return interfaceName === undefined
      ? { kind: 'none' }
      : { kind: 'tap', interfaceName, vhost: 'off' };
  }
  const { bootFile } = attachment;
  const path = bootFile === null ? undefined : resolveFile(file.folder, bootFile);
  return {
    kind: 'user',
    reach: attachment.restrict ? 'isolated' : 'outside',
    forwards: attachment.forwards.map((forward, index) => ({
      ...forward,
      hostPort:
        forward.hostPort === 0
          ? present(freePorts?.get(portKey(adapter.slot, index)), 'a free port')
          : forward.hostPort,
    })),
    tftp: path === undefined ? undefined : { folderPath: dirname(path), bootFile: basename(path) },
  };
}

function serialPortsOf(file: MachineFile, around: Surroundings): SerialPort[] {
  return file.definition.hardware.serialPorts.flatMap((port, position): SerialPort[] => {
    switch (port.kind) {
      case 'none':
        return [];
      case 'console': {
        const path = present(around.places.serial[position], 'a place for the serial port');
        return [{ position, target: { kind: 'socket', path } }];
      }
      case 'file':
        return [{ position, target: { kind: 'file', path: resolveFile(file.folder, port.file) } }];
      case 'pty':
        return [{ position, target: { kind: 'terminal' } }];
      case 'device':
        if (around.without.includes(port.device)) return [{ position, target: { kind: 'none' } }];
        return [{ position, target: { kind: 'host-device', path: port.device } }];
    }
  });
}

function parallelPortOf(file: MachineFile, around: Surroundings): ParallelPort | undefined {
  const { parallelPort } = file.definition.hardware;
  switch (parallelPort.kind) {
    case 'none':
      return undefined;
    case 'file':
      return { kind: 'file', path: resolveFile(file.folder, parallelPort.file) };
    case 'device':
      if (around.without.includes(parallelPort.device)) return undefined;
      return { kind: 'host-device', path: parallelPort.device };
  }
}

/** How far the guest's clock is from its base, as the guest or an administrator set it (HW-49). */
export function clockOffset(file: MachineFile): number {
  return file.clockOffsetSeconds ?? file.definition.hardware.clock.offsetSeconds;
}

function clockOf(file: MachineFile, around: Surroundings): ClockSpec {
  const { base } = file.definition.hardware.clock;
  const offset = clockOffset(file);
  if (offset === 0) return base === 'utc' ? { kind: 'utc' } : { kind: 'local' };
  const zoneMs = base === 'utc' ? 0 : -around.zoneMinutes * 60_000;
  return clockAt(around.nowMs + zoneMs, offset);
}
