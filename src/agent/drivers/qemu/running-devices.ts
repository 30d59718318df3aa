/**
 * Devices of a running machine: media changed, disks and adapters plugged, processors and memory added.
 * What bus or process cannot do now fails with `unsupported`: the machine then leaves it to the next start.
 */
import { stat } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import {
  isNative,
  limitsSaid,
  type Adapter,
  type Disk,
  type Medium,
  type SharedFolder,
  type Tray,
  type VmDefinition,
} from '#api';
import { describeFault, Fault } from '#lib';
import type { Log } from '#log';
import {
  attachAdapter,
  attachDisk,
  attachMemory,
  changeMedium,
  detachAdapter,
  detachDisk,
  growProcessors,
  limitDisks,
  qmp,
  readOpenDisk,
  shareId,
  type Disk as DiskSpec,
  type MachineSpec,
  type QmpClient,
} from '#qemu';
import type { Taps } from '../../network/taps.ts';
import type { MachineFile } from '../../machine/record.ts';
import { claimDrive, releaseMs } from '../../storage/drives.ts';
import { otherLimits, withDisk } from '../../machine/other-limits.ts';
import type { Configured, Devices } from '../driver.ts';
import type { Account } from './confine/accounts.ts';
import { borrowedPaths } from './check-parents.ts';
import { allows, findBarrier } from './confine/access.ts';
import { letRead } from './confine/let-read.ts';
import { giveFile } from './confine/ownership.ts';
import { judgeRawDevice } from './judge-raw-device.ts';
import { throttleOf } from './disk-limits.ts';
import type { ServedToOne } from './served/disk-servers.ts';
import { requireAttachable } from './served/judge-attached.ts';
import type { RunningShares } from './share/running-shares.ts';
import { adapterSpec, memorySlots } from './spec/machine-spec.ts';
import {
  adapterId,
  linkOf,
  diskId,
  diskSpec,
  floppyId,
  mediumSpec,
  placeToId,
} from './spec/devices.ts';

const unplugMs = 15_000;

export interface RunningDevicesParts {
  readonly spec: MachineSpec;
  readonly client: () => QmpClient;
  readonly shares: RunningShares;
  readonly taps: Taps | undefined;
  readonly served: ServedToOne;
  /** Where disks are served to the process. */
  readonly disksSocket: string;
  /** Of the process; undefined: the agent's. */
  readonly account: Account | undefined;
  /** Of parents that several vms read. */
  readonly baseGroup: number;
  readonly log: Log;
  readonly onConfigure: (definition: VmDefinition) => void;
}

export class RunningDevices implements Devices {
  readonly #parts: RunningDevicesParts;
  readonly #expected = new Set<string>();
  /** Interfaces of adapters that lead into networks, by slot. */
  readonly #taps = new Map<number, string>();

  constructor(parts: RunningDevicesParts) {
    this.#parts = parts;
    for (const { position, network } of parts.spec.adapters)
      if (network.kind === 'tap') this.#taps.set(position, network.interfaceName);
  }

  /** Devices whose comings and goings are our own doing at this moment. */
  get expected(): ReadonlySet<string> {
    return this.#expected;
  }

  async configure(before: VmDefinition, after: VmDefinition): Promise<Configured> {
    const client = this.#parts.client();
    this.#parts.onConfigure(after);
    let now = before;
    const pluggedMemory: number[] = [];
    const { count } = after.hardware.processor;
    if (count > now.hardware.processor.count) {
      const grown = await this.#tries(() => growProcessors(client, count));
      const processor = { ...now.hardware.processor, count };
      if (grown) now = { ...now, hardware: { ...now.hardware, processor } };
    }
    const { sizeBytes } = after.hardware.memory;
    const moreBytes = sizeBytes - now.hardware.memory.sizeBytes;
    if (moreBytes > 0) {
      const grown = await this.#tries(() => attachMemory(client, memorySlots, moreBytes));
      const memory = { ...now.hardware.memory, sizeBytes };
      if (grown) {
        now = { ...now, hardware: { ...now.hardware, memory } };
        pluggedMemory.push(moreBytes);
      }
    }
    return { definition: await this.#limitDisks(now, after), pluggedMemory };
  }

  async #limitDisks(now: VmDefinition, after: VmDefinition): Promise<VmDefinition> {
    let definition = now;
    for (const { disk, limited } of otherLimits(now, after)) {
      const isLimited = await this.#tries(() =>
        limitDisks(this.#parts.client(), [throttleOf(limited)]),
      );
      if (isLimited) definition = withDisk(definition, disk, limited);
    }
    return definition;
  }

  async changeMedium(
    drive: string,
    medium: Medium | null,
    file: MachineFile,
    tray: Tray,
  ): Promise<'changed' | 'kept'> {
    const { hardware } = file.definition;
    const driveId = placeToId(hardware, drive);
    const access = hardware.floppy?.readOnly === true ? 'read-only' : 'read-write';
    return await this.#expecting(driveId, () =>
      changeMedium(this.#parts.client(), {
        driveId,
        medium: mediumSpec(file, medium),
        drive: driveId === floppyId ? { kind: 'floppy', access } : { kind: 'optical' },
        lock: tray,
      }),
    );
  }

  async attachDisk(disk: Disk, file: MachineFile, others: readonly MachineFile[]): Promise<void> {
    const { spec, client } = this.#parts;
    this.#requirePluggable(disk);
    const hasController = spec.scsiControllers.some(({ position }) => position === disk.controller);
    if (disk.bus === 'scsi' && !hasController) {
      throw new Fault('unsupported', `the vm has no SCSI controller ${disk.controller} yet`);
    }
    if (disk.kind === 'device') return await this.#attachDrive(disk, file);
    const { account } = this.#parts;
    const folders = this.#parts.served.folders();
    const files = await requireAttachable(disk, file, { folders, others });
    if (account !== undefined && !disk.shared)
      for (const one of files) await giveFile(one, account);
    if (account !== undefined) await this.#letRead(file, borrowedPaths(file, disk), account);
    const attach = async (): Promise<void> => {
      await unsupportedWhenRefused(() => attachDisk(client(), spec, this.#specOf(disk, file)));
      await this.#limitNew(disk, file);
    };
    if (isNative(disk)) return attach();
    await this.#parts.served.add(disk);
    try {
      await attach();
    } catch (error) {
      await this.#parts.served.remove(disk);
      throw error;
    }
  }

  /** What the process was started with decides: a group that it has not got it gets at the next start. */
  async #letRead(
    { folder }: MachineFile,
    parents: readonly string[],
    account: Account,
  ): Promise<void> {
    const { baseGroup } = this.#parts;
    for (const path of parents) {
      if (path.startsWith(`${folder}/`)) await giveFile(path, account);
      else if (account.groups.includes(baseGroup)) await letRead(path, account, baseGroup);
      const barrier = await findBarrier(path, account);
      if (barrier !== undefined || !allows(await stat(path), account, 'read'))
        throw new Fault('unsupported', `the process may not read ${path} as it runs`);
    }
  }

  /** Opened here and handed over as at a start: the process by itself may open no drive of the host. */
  async #attachDrive(disk: Disk, file: MachineFile): Promise<void> {
    const { client, spec } = this.#parts;
    const [obstacle] = await judgeRawDevice(disk, []);
    if (obstacle !== undefined)
      throw new Fault('refused', obstacle.text, { hint: obstacle.remedy });
    const wanted = this.#specOf(disk, file);
    const { access } = wanted;
    await using drive = await claimDrive(disk.file, { access, waitMs: releaseMs });
    await unsupportedWhenRefused(() =>
      attachDisk(client(), spec, wanted, { descriptor: drive.fd }),
    );
    await this.#limitNew(disk, file);
  }

  /** A disk without the limits that it is to have is not left plugged in. */
  async #limitNew(disk: Disk, file: MachineFile): Promise<void> {
    if (limitsSaid(disk.limits) === undefined) return;
    try {
      await limitDisks(this.#parts.client(), [throttleOf(disk)]);
    } catch (error) {
      await this.detachDisk(disk, file).catch(() => undefined);
      throw error;
    }
  }

  async detachDisk(disk: Disk, file: MachineFile): Promise<void> {
    this.#requirePluggable(disk);
    const spec = this.#specOf(disk, file);
    await this.#expecting(diskId(disk), () =>
      detachDisk(this.#parts.client(), spec, { timeoutMs: unplugMs }),
    );
    if (!isNative(disk)) await this.#parts.served.remove(disk);
  }

  async resizeDisk(disk: Disk, sizeBytes: number): Promise<void> {
    if (!isNative(disk))
      throw new Fault('unsupported', `a ${disk.format} disk is made larger while the vm is off`);
    const client = this.#parts.client();
    const open = await readOpenDisk(client, diskId(disk));
    if (open.sizeBytes === sizeBytes) return;
    await qmp.blockResize(client, open.rootNode, sizeBytes);
  }

  #specOf(disk: Disk, file: MachineFile): DiskSpec {
    return diskSpec(file, disk, this.#parts.disksSocket);
  }

  async attachAdapter(adapter: Adapter, file: MachineFile): Promise<void> {
    if (adapter.attachment.kind === 'user' && adapter.attachment.forwards.length > 0) {
      throw new Fault('unsupported', 'an adapter with port forwards begins at the next start');
    }
    const { spec, client } = this.#parts;
    await this.#plug(adapter);
    const around = { taps: this.#taps };
    try {
      await unsupportedWhenRefused(() =>
        attachAdapter(client(), spec, adapterSpec(file, adapter, around)),
      );
    } catch (error) {
      await this.#unplug(adapter);
      throw error;
    }
    if (linkOf(adapter) === 'down') await qmp.setLink(client(), adapterId(adapter), 'down');
  }

  async changeAdapter(before: Adapter, after: Adapter): Promise<void> {
    const { taps, spec, client } = this.#parts;
    if (!isDeepStrictEqual(before.attachment, after.attachment)) {
      const hasTap = this.#taps.has(after.slot) && after.attachment.kind !== 'user';
      if (taps === undefined || !hasTap)
        throw new Fault('unsupported', 'what it is plugged into changes at the next start');
      // Guests ask for an address again when the cable was out.
      await qmp.setLink(client(), adapterId(after), 'down');
    }
    if (this.#taps.has(after.slot)) await taps?.replug(spec.uuid, after);
    await qmp.setLink(client(), adapterId(after), linkOf(after));
  }

  async detachAdapter(adapter: Adapter, file: MachineFile): Promise<void> {
    const bare = { ...adapter, attachment: withoutForwards(adapter.attachment) };
    const spec = adapterSpec(file, bare, { taps: this.#taps });
    await this.#expecting(spec.id, () =>
      detachAdapter(this.#parts.client(), spec, { timeoutMs: unplugMs }),
    );
    await this.#unplug(adapter);
  }

  async addShare(share: SharedFolder): Promise<void> {
    await unsupportedWhenRefused(() => this.#parts.shares.add(share));
  }

  async removeShare(share: SharedFolder): Promise<void> {
    await this.#expecting(shareId(share.slot), () => this.#parts.shares.remove(share));
  }

  async #plug(adapter: Adapter): Promise<void> {
    const { taps, account, spec } = this.#parts;
    if (adapter.attachment.kind === 'user' || taps === undefined || account === undefined) return;
    for (const [slot, name] of await taps.plug(spec.uuid, account.uid, [adapter]))
      this.#taps.set(slot, name);
  }

  async #unplug({ slot }: Adapter): Promise<void> {
    if (this.#taps.delete(slot)) await this.#parts.taps?.unplug(this.#parts.spec.uuid, slot);
  }

  #requirePluggable(disk: Disk): void {
    const classic =
      disk.bus === 'scsi' &&
      this.#parts.spec.scsiControllers.some(({ model }) => model !== 'virtio-scsi');
    if (disk.bus === 'virtio' || (disk.bus === 'scsi' && !classic)) return;
    const bus = classic ? 'classic SCSI' : disk.bus;
    throw new Fault('unsupported', `a disk on ${bus} cannot come or go while the vm runs`);
  }

  /** What the process has no room for waits for the next start. */
  async #tries(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.#parts.log.debug({ why: describeFault(error) }, 'not changed while running');
      return false;
    }
  }

  async #expecting<T>(id: string, work: () => Promise<T>): Promise<T> {
    this.#expected.add(id);
    try {
      return await work();
    } finally {
      // The event comes right behind the answer.
      setImmediate(() => this.#expected.delete(id));
    }
  }
}

/** What an adapter that goes was forwarded to is of no account. */
function withoutForwards(attachment: Adapter['attachment']): Adapter['attachment'] {
  return attachment.kind === 'user' ? { ...attachment, forwards: [] } : attachment;
}

/** QEMU says only in words that a bus takes no device now. */
async function unsupportedWhenRefused(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'refused') throw error;
    if (!/hotplug|hot-plug|no slot|does not support/i.test(error.message)) throw error;
    throw new Fault('unsupported', 'it cannot be added while the vm runs', { cause: error });
  }
}
