/**
 * Disks, adapters and media of a machine. What the running process can take at once it does (`live`);
 * the definition has it in any case, so that the next start does too.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  placeName,
  type Adapter,
  type Disk,
  type Hardware,
  type LinkResult,
  type Medium,
  type Tray,
} from '#api';
import { Fault, toFault } from '#lib';
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';
import { requireNotAtWork } from '../machine/disks-at-work.ts';
import type { Hands } from '../machine/hands.ts';
import { compactDisk } from '../machine/compact.ts';
import { keep, type Change } from '../machine/keep-hardware.ts';
import { resizeDisk } from '../machine/resize.ts';
import { matchDisks } from '../machine/match-disks.ts';
import { operationOf, tellingFailure } from '../machine/disk-failure.ts';
import { eventOfObstacle } from '../machine/obstacles.ts';
import { requireLayersKept, withoutLayersOf } from '../machine/layers/keep-layers.ts';
import { requireParents } from '../machine/layers/take-parents.ts';
import { dropChild, putChild } from '../machine/layers/make-child.ts';
import type { Layers } from '../machine/layers/layers.ts';
import type { MachineFile } from '../machine/record.ts';
import { reportAfter } from './report-after.ts';

type DeviceVerbs = Pick<
  Handlers,
  | 'machine.disk.create'
  | 'machine.disk.inspect'
  | 'machine.disk.delete'
  | 'machine.disk.compact'
  | 'machine.disk.resize'
  | 'machine.disk.match'
  | 'machine.disk.put-child'
  | 'machine.disk.drop-child'
  | 'machine.disk.attach'
  | 'machine.disk.detach'
  | 'machine.adapter.attach'
  | 'machine.adapter.detach'
  | 'machine.adapter.change'
  | 'machine.medium'
  | 'machine.hardware'
>;

export function deviceVerbs(host: Host): DeviceVerbs {
  const { storage } = host.driver;
  return {
    async 'machine.disk.create'({ id, generation, cause, source }, { signal, progress }) {
      const machine = host.machine(id);
      const disk = await machine.change(
        'change-disks',
        generation,
        cause,
        (hands) => {
          const work = { vmId: id, operation: operationOf(source), file: source.file };
          return tellingFailure(host, { ...work, cause, signal: hands.signal }, () =>
            storage.createDisk(hands.file, source, hands.signal, (share) =>
              progress(share, `making disk ${source.file}`),
            ),
          );
        },
        signal,
      );
      return { disk };
    },

    async 'machine.disk.inspect'({ id, file, format }, { signal }) {
      const folder = id === null ? null : host.machine(id).file.folder;
      return await storage.inspectDisk(folder, file, format, signal);
    },

    async 'machine.disk.delete'({ id, generation, cause, file }) {
      const machine = host.machine(id);
      await machine.change('change-disks', generation, cause, async (hands) => {
        const attached = [hands.file.definition, hands.file.startedWith]
          .flatMap((definition) => definition?.hardware.disks ?? [])
          .some((disk) => disk.file === file);
        if (attached) {
          throw new Fault('refused', `disk ${file} is attached to ${machine.report().name}`, {
            hint: 'detach it first',
          });
        }
        // Its own disks too: one of them can be made from this one.
        await storage.deleteDisk(hands.file.folder, file, [...host.others(id), hands.file]);
      });
      return {};
    },

    'machine.disk.compact': ({ id, generation, cause, place, ...wish }, { signal, progress }) =>
      host
        .machine(id)
        .change(
          'change-disks',
          generation,
          cause,
          (hands) => compactDisk(hands, place, wish),
          signal,
          progress,
        ),

    'machine.disk.resize': ({ id, generation, cause, place, sizeBytes }, { signal }) =>
      host
        .machine(id)
        .change(
          'change-disks',
          generation,
          cause,
          (hands) => resizeDisk(hands, place, sizeBytes),
          signal,
        ),

    'machine.disk.match': ({ id, generation, cause, disks }, { signal, progress }) => {
      const machine = host.machine(id);
      const match = (hands: Hands): Promise<void> => matchDisks(hands, disks);
      return reportAfter(
        machine,
        machine.change('change-disks', generation, cause, match, signal, progress),
      );
    },

    'machine.disk.put-child': ({ id, generation, cause, ...pair }, { signal }) =>
      host
        .machine(id)
        .change('change-disks', generation, cause, (hands) => putChild(hands, pair), signal),

    async 'machine.disk.drop-child'({ id, generation, cause, ...pair }, { signal }) {
      await host
        .machine(id)
        .change('change-disks', generation, cause, (hands) => dropChild(hands, pair), signal);
      return {};
    },

    'machine.disk.attach': ({ id, generation, cause, disk }, { signal }) =>
      host
        .machine(id)
        .change('change-disks', generation, cause, (hands) => attachDisk(hands, disk), signal),

    'machine.disk.detach': ({ id, generation, cause, disk }, { signal }) =>
      host
        .machine(id)
        .change('change-disks', generation, cause, (hands) => detachDisk(hands, disk), signal),

    'machine.adapter.attach': ({ id, generation, cause, adapter }, { signal }) =>
      host
        .machine(id)
        .change('configure', generation, cause, (hands) => attachAdapter(hands, adapter), signal),

    'machine.adapter.detach': ({ id, generation, cause, adapter }, { signal }) =>
      host
        .machine(id)
        .change('configure', generation, cause, (hands) => detachAdapter(hands, adapter), signal),

    'machine.adapter.change': ({ id, generation, cause, adapter }, { signal }) =>
      host
        .machine(id)
        .change('configure', generation, cause, (hands) => changeAdapter(hands, adapter), signal),

    'machine.medium': ({ id, generation, cause, place, medium, path, tray }, { signal }) =>
      host
        .machine(id)
        .change(
          'insert-media',
          generation,
          cause,
          (hands) => changeMedium(hands, { place, medium, path, tray }),
          signal,
        ),

    async 'machine.hardware'({ id }) {
      const machine = host.machine(id);
      return machine.running?.hardware() ?? host.driver.hardware(machine.file);
    },
  };
}

export type Live = LinkResult<'machine.disk.attach'>;
const samePlace = (one: Disk, other: Disk): boolean => placeName(one) === placeName(other);

async function attachDisk(hands: Hands, disk: Disk): Promise<Live> {
  const { running, file } = hands;
  const { layers: before } = file;
  const layers = await layersWith(hands, disk);
  await requireNotAtWork(hands.host, { ...file, layers }, disk);
  const present = file.startedWith?.hardware.disks.find((other) => samePlace(other, disk));
  const add: Change = (hardware) => ({
    ...hardware,
    disks: [...hardware.disks.filter((other) => !samePlace(other, disk)), disk],
  });
  if (running && present?.file === disk.file) {
    await keep(hands, add, true);
    return { live: true };
  }
  const live = await attempt(hands, async () => {
    // Its undo disk is made at the next start.
    const waits = file.definition.settings.undoDisks.enabled && !disk.readOnly;
    if (present || waits || !running?.devices.attachDisk) return 'pending';
    const others = hands.host.others(file.definition.id);
    await running.devices.attachDisk(disk, { ...file, layers }, others);
    return 'live';
  });
  if (layers !== before) hands.set({ layers });
  await keep(hands, add, live);
  if (layers !== before) await hands.host.driver.storage.layers.write(hands.file, layers);
  tellDevice(hands, 'vm.device.added', `disk ${placeName(disk)}`, live);
  return { live };
}

/** Of the machine once it has the disk: with the parents that the disk comes with. */
async function layersWith({ host, file }: Hands, disk: Disk): Promise<Layers> {
  const { definition } = file;
  const { hardware } = definition;
  const disks = [...hardware.disks.filter((other) => !samePlace(other, disk)), disk];
  const left = withoutLayersOf(file.layers, disks);
  const after = { ...definition, hardware: { ...hardware, disks } };
  return await requireParents(host, { ...file, definition: after, layers: left }, hardware.disks);
}

async function detachDisk(hands: Hands, disk: Disk): Promise<Live> {
  const { running, file } = hands;
  requireLayersKept(
    file,
    file.definition.hardware.disks.filter((one) => !samePlace(one, disk)),
  );
  const remove: Change = (hardware) => ({
    ...hardware,
    disks: hardware.disks.filter((other) => !samePlace(other, disk)),
  });
  const has = (at: MachineFile['startedWith']): boolean =>
    at?.hardware.disks.some((other) => samePlace(other, disk)) ?? false;
  if (!has(file.definition) && !has(file.startedWith)) return { live: running !== undefined };
  const live = await attempt(hands, async () => {
    if (!has(file.startedWith)) return 'live';
    if (!running?.devices.detachDisk) return 'pending';
    await running.devices.detachDisk(disk, file);
    return 'live';
  });
  await keep(hands, remove, live);
  await dropLayers(hands);
  tellDevice(hands, 'vm.device.removed', `disk ${placeName(disk)}`, live);
  return { live };
}

/** Of a differencing disk that was detached. */
async function dropLayers(hands: Hands): Promise<void> {
  const { file, host } = hands;
  const layers = withoutLayersOf(file.layers, file.definition.hardware.disks);
  if (layers === file.layers) return;
  hands.set({ layers });
  await hands.persist();
  await host.driver.storage.layers.write(hands.file, layers);
}

async function attachAdapter(hands: Hands, adapter: Adapter): Promise<Live> {
  const { running, file } = hands;
  const others = (hardware: Hardware): Adapter[] =>
    hardware.adapters.filter((other) => other.slot !== adapter.slot);
  const add: Change = (hardware) => ({
    ...hardware,
    adapters: [...others(hardware), adapter].sort((one, other) => one.slot - other.slot),
  });
  const present = file.startedWith?.hardware.adapters.find(({ slot }) => slot === adapter.slot);
  if (running && present && JSON.stringify(present) === JSON.stringify(adapter)) {
    await keep(hands, add, true);
    return { live: true };
  }
  const live = await attempt(hands, async () => {
    if (present || !running?.devices.attachAdapter) return 'pending';
    await running.devices.attachAdapter(adapter, file);
    return 'live';
  });
  await keep(hands, add, live);
  tellDevice(hands, 'vm.device.added', `network adapter ${adapter.slot}`, live);
  return { live };
}

async function detachAdapter(hands: Hands, adapter: Adapter): Promise<Live> {
  const { running, file } = hands;
  const remove: Change = (hardware) => ({
    ...hardware,
    adapters: hardware.adapters.filter((other) => other.slot !== adapter.slot),
  });
  const has = (at: MachineFile['startedWith']): boolean =>
    at?.hardware.adapters.some(({ slot }) => slot === adapter.slot) ?? false;
  if (!has(file.definition) && !has(file.startedWith)) return { live: running !== undefined };
  const live = await attempt(hands, async () => {
    if (!has(file.startedWith)) return 'live';
    if (!running?.devices.detachAdapter) return 'pending';
    await running.devices.detachAdapter(adapter, file);
    return 'live';
  });
  await keep(hands, remove, live);
  tellDevice(hands, 'vm.device.removed', `network adapter ${adapter.slot}`, live);
  return { live };
}

/** Errors: `blocked` with the reasons that keep it from its network; nothing is changed then. */
async function changeAdapter(hands: Hands, adapter: Adapter): Promise<Live> {
  const { running, file } = hands;
  const put: Change = (hardware) => ({
    ...hardware,
    adapters: hardware.adapters.map((one) => (one.slot === adapter.slot ? adapter : one)),
  });
  const find = (at: MachineFile['startedWith']): Adapter | undefined =>
    at?.hardware.adapters.find(({ slot }) => slot === adapter.slot);
  if (find(file.definition) === undefined) {
    const { name } = file.definition;
    throw new Fault('not-found', `${name} has no network adapter in slot ${adapter.slot}`);
  }
  const before = find(file.startedWith);
  if (running && isDeepStrictEqual(before, adapter)) {
    await keep(hands, put, true);
    return { live: true };
  }
  const live = await attempt(hands, async () => {
    // No guest takes another address for the adapter that it has.
    if (before?.mac !== adapter.mac || !running?.devices.changeAdapter) return 'pending';
    await requirePluggable(hands, adapter);
    await running.devices.changeAdapter(before, adapter, file);
    return 'live';
  });
  await keep(hands, put, live);
  return { live };
}

async function requirePluggable(hands: Hands, adapter: Adapter): Promise<void> {
  const { attachment } = adapter;
  if (attachment.kind !== 'network' || adapter.optional) return;
  const reasons = await hands.host.driver.networks.check(attachment.network);
  if (reasons.length === 0) return;
  throw new Fault(
    'blocked',
    `cannot plug in network adapter ${adapter.slot}: ${reasons[0]?.text}`,
    {
      reasons: reasons.map(({ code, text, remedy }) => ({ code, text, remedy })),
      hint: reasons[0]?.remedy,
    },
  );
}

/** What bus or driver cannot do while running waits for the next start; every other failure is one. */
export async function attempt(
  hands: Hands,
  work: () => Promise<'live' | 'pending'>,
): Promise<boolean> {
  if (hands.running === undefined) return false;
  try {
    return (await work()) === 'live';
  } catch (error) {
    if (error instanceof Fault && error.code === 'unsupported') return false;
    throw error;
  }
}

export function tellDevice(
  hands: Hands,
  name: 'vm.device.added' | 'vm.device.removed',
  device: string,
  live: boolean,
): void {
  hands.emit(name, { device, live });
}

interface MediumChange {
  /** `floppy`, or an optical drive's place such as `sata0:0`. */
  readonly place: string;
  readonly medium: Medium | null;
  readonly path: string | null;
  readonly tray: Tray;
}

async function changeMedium(hands: Hands, change: MediumChange): Promise<Live> {
  const { place, path, tray } = change;
  // An image lies in the drive as its file, as in every definition that comes from the coordinator.
  const medium: Medium | null =
    change.medium?.kind === 'image' && path !== null ? { kind: 'file', file: path } : change.medium;
  const { hardware } = hands.file.definition;
  const drive = hardware.opticalDrives.find((one) => placeName(one) === place);
  if (!drive && !(place === 'floppy' && hardware.floppy)) {
    throw new Fault('not-found', `${hands.file.definition.name} has no drive ${place}`);
  }
  const put: Change = (now) =>
    place === 'floppy'
      ? { ...now, floppy: now.floppy && { ...now.floppy, medium } }
      : {
          ...now,
          opticalDrives: now.opticalDrives.map((one) =>
            placeName(one) === place ? { ...one, medium } : one,
          ),
        };
  const { driver } = hands.host;
  const others = hands.host.others(hands.file.definition.id);
  let done = 'changed' as 'changed' | 'kept';
  const live = await tellingOfFailure(hands, place, medium, async () => {
    await driver.checkMedium(hands.file, place, medium, others);
    return await attempt(hands, async () => {
      const devices = hands.running?.devices;
      if (!devices?.changeMedium) return 'pending';
      done = await devices.changeMedium(place, medium, hands.file, tray);
      return 'live';
    });
  });
  await keep(hands, put, live);
  if (done === 'kept') return { live };
  const name = mediumName(change.medium);
  if (name === null) hands.emit('vm.media.ejected', { drive: place });
  else hands.emit('vm.media.inserted', { drive: place, medium: name });
  return { live };
}

async function tellingOfFailure<T>(
  hands: Hands,
  place: string,
  medium: Medium | null,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const hostPath = mediumName(medium);
    const { message, reasons } = toFault(error);
    const code = reasons[0]?.code ?? 'medium-refused';
    const told = hostPath === null ? undefined : { device: place, hostPath };
    const event = eventOfObstacle({ code, text: message, about: told });
    if (event) hands.emit(event.name, event.attributes);
    throw error;
  }
}

function mediumName(medium: Medium | null): string | null {
  switch (medium?.kind) {
    case undefined:
      return null;
    case 'image':
      return medium.image;
    case 'file':
      return medium.file;
    case 'device':
      return medium.device;
  }
}
