/** A guest of this host goes on in a process of another one (docs/rfd/0042). */
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { isNative, placeName, type Disk } from '#api';
import { Fault, type Reason } from '#lib';
import {
  handOver,
  isHandedOver,
  qmp,
  readOpenDisk,
  takeBack,
  type HandedDisk,
  type QmpClient,
} from '#qemu';
import { chainOf, topOf } from '../../../machine/layers/layers.ts';
import type { MachineFile } from '../../../machine/record.ts';
import type {
  Departing,
  GuestNeeds,
  HandedOver,
  HandOverWork,
  WrittenTop,
} from '../../hand-over.ts';
import type { Account } from '../confine/accounts.ts';
import { ownPlaces, type RunPlaces } from '../places.ts';
import { diskId } from '../spec/devices.ts';
import { OfferedChannels } from './offered-channels.ts';

export interface DepartureParts {
  /** As it is now: the connection may be a later one. */
  readonly client: () => QmpClient;
  readonly file: () => MachineFile;
  readonly places: RunPlaces;
  readonly account: Account | undefined;
  readonly acceleration: 'kvm' | 'tcg';
  readonly needs: () => Promise<GuestNeeds>;
}

export const memoryChannel = 'memory';
/** Of the 300 ms that a guest may stand still the rest is for what is done besides (MIG-02). */
const downtimeMs = 150;

const moveAgain = 'it works on where it was: move it again';

/** Disks that the process writes: their tops are made anew on the other host. */
export function writtenDisks({ definition, startedWith }: MachineFile): readonly Disk[] {
  const { disks } = (startedWith ?? definition).hardware;
  return disks.filter(({ kind, readOnly }) => kind === undefined && !readOnly);
}

export class QemuDeparture implements Departing {
  readonly #parts: DepartureParts;
  readonly #offered = new OfferedChannels();
  #sentBytes = 0;
  #stoodSinceMs: number | undefined;

  constructor(parts: DepartureParts) {
    this.#parts = parts;
  }

  needs(): Promise<GuestNeeds> {
    return this.#parts.needs();
  }

  async judge(): Promise<readonly Reason[]> {
    const file = this.#parts.file();
    const { name, hardware } = file.definition;
    const atRest = `save its state and move it then: gantry vm save ${name}`;
    const reasons: Reason[] = writtenDisks(file)
      .filter((disk) => !isNative(topOf(file.layers, disk)))
      .map((disk) => ({
        code: 'disk-served',
        text: `the disk ${placeName(disk)} is in the format ${disk.format}, which does not go along while the guest works`,
        remedy: atRest,
      }));
    for (const [index, port] of hardware.serialPorts.entries())
      if (port.kind === 'file')
        reasons.push({
          code: 'port-file',
          text: `serial port ${index + 1} writes to the file ${port.file}`,
          remedy: atRest,
        });
    const blockers = await qmp.queryMigrateBlockers(this.#parts.client());
    reasons.push(
      ...blockers.map((text) => ({ code: 'guest-stays', text: `QEMU: ${text}`, remedy: atRest })),
    );
    return reasons;
  }

  channels(): readonly string[] {
    return [memoryChannel, ...writtenDisks(this.#parts.file()).map(diskId)];
  }

  async tops(): Promise<readonly WrittenTop[]> {
    const file = this.#parts.file();
    return await Promise.all(
      writtenDisks(file).map(async (disk) => {
        const { sizeBytes } = await readOpenDisk(this.#parts.client(), diskId(disk));
        return { disk: disk.file, file: topOf(file.layers, disk).file, sizeBytes };
      }),
    );
  }

  written(): readonly string[] {
    const { firmware, tpm, log, disksLog } = ownPlaces(this.#parts.file());
    return [firmware, `${tpm}/`, log, `${tpm}.log`, disksLog];
  }

  async offer(channel: string): Promise<Duplex> {
    const number = this.channels().indexOf(channel);
    if (number < 0) throw new Fault('not-found', `the guest does not leave by ${channel}`);
    const { places, account } = this.#parts;
    return await this.#offered.offer(channel, join(places.folder, `go-${number}`), account);
  }

  async handOver({ limit, signal, onProgress }: HandOverWork): Promise<HandedOver> {
    const { client, acceleration } = this.#parts;
    let isBroken = false;
    const letGo = async (): Promise<void> => {
      isBroken ||= this.#offered.isBroken();
      await this.#offered.end();
    };
    try {
      const handed = await handOver(client(), {
        disks: this.#handed((channel) => this.#pathOf(channel)),
        memorySocketPath: this.#pathOf(memoryChannel),
        acceleration,
        downtimeMs,
        limit,
        signal,
        onProgress: ({ what, part }) =>
          onProgress(part, what === 'disks' ? 'copying disks' : 'sending the memory'),
        letGo,
      });
      this.#sentBytes = handed.sentBytes;
      this.#stoodSinceMs = handed.stoodSinceMs;
      await this.#offered.close();
      return this.#told();
    } catch (error) {
      await letGo();
      if (!isBroken || signal.aborted) throw error;
      const message = 'the connection to the other host broke';
      throw new Fault('unavailable', message, { cause: error, hint: moveAgain });
    }
  }

  async handedOver(): Promise<HandedOver | undefined> {
    return (await isHandedOver(this.#parts.client())) ? this.#told() : undefined;
  }

  async takeBack(guest: 'ran' | 'paused'): Promise<void> {
    await this.#offered.end();
    const disks = this.#handed(() => '');
    await takeBack(this.#parts.client(), disks, guest === 'ran');
  }

  #told(): HandedOver {
    const since = this.#stoodSinceMs;
    const stoodMs = since === undefined ? 0 : Math.round(performance.now() - since);
    return { sentBytes: this.#sentBytes, stoodMs };
  }

  #pathOf(channel: string): string {
    const path = this.#offered.pathOf(channel);
    if (path !== undefined) return path;
    // Whoever offered it was an agent before this one, or its answer was lost.
    throw new Fault('unavailable', 'the connection to the other host was lost', {
      hint: moveAgain,
    });
  }

  /** A disk with layers goes by its top alone: what lies below is there. */
  #handed(pathOf: (channel: string) => string): readonly HandedDisk[] {
    const file = this.#parts.file();
    return writtenDisks(file).map((disk) => ({
      disk: { id: diskId(disk), discard: disk.discard ? 'unmap' : 'ignore', cache: disk.cache },
      socketPath: pathOf(diskId(disk)),
      exportName: diskId(disk),
      sync: chainOf(file.layers, disk).length > 1 ? 'top' : 'full',
    }));
  }
}
