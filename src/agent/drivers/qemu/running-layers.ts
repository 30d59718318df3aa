/**
 * Layers of the disks of a running QEMU.
 *
 * Invariant: file systems that the guest holds still are let go on every way out; a guest that does not answer that
 * is asked again until it has answered, or its process has gone.
 */
import { isNative, type Disk, type DiskFormat } from '#api';
import { assert, describeFault, Fault, systemClock } from '#lib';
import type { Log } from '#log';
import {
  closeImage,
  endMirror,
  guest,
  isMirroring,
  mergeLive,
  mirrorLive,
  openTops,
  qmp,
  readOpenDisk,
  replaceBelow,
  servedImage,
  snapshotState,
  type GuestAgent,
  type LiveMirror,
  type QmpClient,
} from '#qemu';
import { topOf } from '../../machine/layers/layers.ts';
import type { MachineFile } from '../../machine/record.ts';
import type {
  LiveLayers,
  LiveTake,
  LiveTaken,
  OpenMerge,
  OpenMirror,
  OpenReplacement,
  OpenTop,
} from '../live-layers.ts';
import type { Account } from './confine/accounts.ts';
import { giveFile } from './confine/ownership.ts';
import type { GuestFreeze } from './guest/freeze.ts';
import { resolveFile } from './places.ts';
import type { ServedToOne } from './served/disk-servers.ts';
import { copyEntryOf } from './served/plan.ts';
import type { RunningShares } from './share/running-shares.ts';
import { diskId, exportOf } from './spec/devices.ts';

const pingMs = 5_000;
const thawMs = 10_000;
const thawPauseMs = 500;
const thawAttempts = 60;

export interface RunningLayersParts {
  readonly client: () => QmpClient;
  readonly file: () => MachineFile;
  /** Errors: `unavailable`. */
  readonly agent: () => GuestAgent;
  /** What was asked to be let go: also of one that does not answer at this moment. */
  readonly silentAgent: () => GuestAgent | undefined;
  readonly freeze: GuestFreeze;
  readonly shares: RunningShares;
  readonly served: ServedToOne;
  /** Where disks are served to the process. */
  readonly disksSocket: string;
  readonly acceleration: 'kvm' | 'tcg';
  readonly socketPath: string;
  readonly account: Account | undefined;
  readonly log: Log;
  /** What the memory belongs to, written beside it. */
  readonly writeFacts: (memoryPath: string) => Promise<void>;
}

export class RunningLayers implements LiveLayers {
  readonly #parts: RunningLayersParts;

  constructor(parts: RunningLayersParts) {
    this.#parts = parts;
  }

  async readTop(disk: Disk): Promise<OpenTop> {
    const { path, sizeBytes } = await readOpenDisk(this.#parts.client(), diskId(disk));
    return { path, sizeBytes };
  }

  async isOpen(disk: Disk, file: string): Promise<boolean> {
    const { images } = await readOpenDisk(this.#parts.client(), diskId(disk));
    return images.has(this.#resolve(disk, file));
  }

  async take(take: LiveTake): Promise<LiveTaken> {
    const client = this.#parts.client();
    const tops = take.tops.map(({ disk, layer }) => ({
      disk: specOf(disk),
      path: this.#resolve(disk, layer),
    }));
    await using open = await openTops(client, tops, { signal: take.signal });
    // The instant is not cut short: from here on it is whole or has not been.
    const putOnTop = (): Promise<void> => open.putOnTop();
    if (take.memoryPath !== null)
      return { memoryBytes: await this.#takeMemory(take, take.memoryPath, putOnTop) };
    if (take.quiesce === 'guest') await this.#whileFrozen(take, putOnTop);
    else await this.#whileStanding(take, putOnTop);
    return { memoryBytes: null };
  }

  async reachGuest(signal: AbortSignal): Promise<void> {
    try {
      await guest.ping(this.#parts.agent(), { timeoutMs: pingMs, signal });
    } catch (cause) {
      signal.throwIfAborted();
      throw new Fault('unavailable', 'no guest agent answers that could hold file systems still', {
        hint: 'install the guest additions, or do it without quiescing',
        cause,
      });
    }
  }

  async thaw(): Promise<void> {
    const { freeze, silentAgent } = this.#parts;
    const agent = silentAgent();
    if (agent === undefined || freeze.isRequested) return;
    await this.#thaw(agent);
    freeze.forget();
  }

  async close(disk: Disk, file: string): Promise<void> {
    await closeImage(this.#parts.client(), diskId(disk), this.#resolve(disk, file));
  }

  async merge({ disk, upper, lower, above, ...rest }: OpenMerge): Promise<void> {
    await mergeLive(this.#parts.client(), {
      ...rest,
      diskId: diskId(disk),
      upper: this.#resolve(disk, upper),
      lower: this.#resolve(disk, lower),
      above: above === undefined ? undefined : this.#resolve(disk, above),
    });
  }

  async mirror({ disk, to, below, ...rest }: OpenMirror): Promise<void> {
    const { account, served } = this.#parts;
    const file = this.#parts.file();
    const copy = copyEntryOf(file);
    const opened = [to, ...(below?.copies ?? []).map((one) => one.file)];
    const files = [
      ...opened.filter((one) => !this.#isServed(disk, one)).map((one) => this.#resolve(disk, one)),
      ...(file.moving?.served?.to.files ?? []),
    ];
    if (account !== undefined) for (const path of files) await giveFile(path, account);
    if (copy !== undefined) await served.take(copy);
    await mirrorLive(this.#parts.client(), {
      ...rest,
      disk: specOf(disk),
      ...this.#imageOf(disk, { file: to, format: topOf(file.layers, disk).format }),
      below: below && {
        copies: below.copies.map((one) => {
          const { to: source, format } = this.#imageOf(disk, one);
          return { source, format };
        }),
        kept: below.kept === undefined ? undefined : this.#resolve(disk, below.kept),
      },
    });
  }

  #imageOf(
    disk: Disk,
    { file, format }: Pick<Disk, 'file' | 'format'>,
  ): Pick<LiveMirror, 'to' | 'format'> {
    const { disksSocket: socketPath } = this.#parts;
    if (isImage(format)) return { to: { kind: 'file', path: this.#resolve(disk, file) }, format };
    return {
      to: { kind: 'nbd', socketPath, exportName: this.#exportOf(disk, file) },
      format: 'raw',
    };
  }

  isMirroring(disk: Disk, to: string): Promise<boolean> {
    return isMirroring(this.#parts.client(), diskId(disk), this.#resolve(disk, to));
  }

  async endMirror(disk: Disk, files: readonly string[]): Promise<void> {
    const paths = files.map((file) => this.#resolve(disk, file));
    await endMirror(this.#parts.client(), diskId(disk), paths);
    await this.#unserve(disk, files);
  }

  async isOn(disk: Disk, file: string): Promise<boolean> {
    const { path } = await readOpenDisk(this.#parts.client(), diskId(disk));
    return path === this.#resolve(disk, file);
  }

  async goOn(disk: Disk): Promise<void> {
    const copy = copyEntryOf(this.#parts.file());
    if (isNative(disk) || copy === undefined) return;
    const access = copy.access === 'incoming' ? 'write' : copy.access;
    await this.#parts.served.replace(copy.name, { ...copy, access });
  }

  async leave(disk: Disk, files: readonly string[]): Promise<void> {
    for (const file of files)
      await closeImage(this.#parts.client(), diskId(disk), this.#resolve(disk, file));
    await this.#unserve(disk, files);
  }

  async #unserve(disk: Disk, files: readonly string[]): Promise<void> {
    for (const file of files.filter((one) => this.#isServed(disk, one)))
      await this.#parts.served.replace(this.#exportOf(disk, file), undefined);
  }

  async replace({ disk, layer, above, below }: OpenReplacement): Promise<void> {
    if (this.#isServed(disk, layer.file)) return this.#parts.served.again();
    const [lower, upper] = [layer, above].map(({ file, format }) => {
      if (isImage(format)) return { path: this.#resolve(disk, file), format };
      throw new Fault('internal', `${file} in ${format} is no layer of QEMU's`);
    });
    assert(lower !== undefined && upper !== undefined, 'two images');
    await replaceBelow(this.#parts.client(), {
      disk: specOf(disk),
      ...lower,
      above: upper,
      below: below === null ? undefined : this.#resolve(disk, below),
    });
  }

  async letGo(disk: Disk, file: string): Promise<void> {
    if (this.#isServed(disk, file)) await this.#parts.served.letGo(disk);
  }

  /** Layers on a served disk are QEMU's own. */
  #isServed(disk: Disk, file: string): boolean {
    if (isNative(disk)) return false;
    const { moving } = this.#parts.file();
    return [disk.file, moving?.from, moving?.to].includes(file);
  }

  #exportOf(disk: Disk, file: string): string {
    const { moving, servedAs } = this.#parts.file();
    if (moving?.served && file === moving.to) return moving.served.to.name;
    if (moving?.served && file === moving.from) return moving.served.from.name;
    return exportOf({ servedAs }, disk);
  }

  #resolve(disk: Disk, file: string): string {
    if (this.#isServed(disk, file)) return servedImage(this.#exportOf(disk, file));
    return resolveFile(this.#parts.file().folder, file);
  }

  async #takeMemory(
    { atRest, signal, onProgress }: LiveTake,
    path: string,
    putOnTop: () => Promise<void>,
  ): Promise<number> {
    const { shares, socketPath, account, writeFacts } = this.#parts;
    await shares.release(signal);
    try {
      await writeFacts(path);
      return await snapshotState(this.#parts.client(), {
        path,
        acceleration: this.#parts.acceleration,
        socketPath,
        ...(account === undefined ? {} : { owner: account }),
        signal,
        onProgress: ({ transferredBytes, totalBytes }) => {
          if (totalBytes > 0) onProgress(Math.min(1, transferredBytes / totalBytes));
        },
        atRest: async () => {
          await atRest?.();
          await putOnTop();
        },
      });
    } finally {
      shares.giveBack();
    }
  }

  async #whileFrozen(take: LiveTake, putOnTop: () => Promise<void>): Promise<void> {
    const agent = this.#parts.agent();
    const { freeze } = this.#parts;
    let ours: 'taken' | 'none' = 'taken';
    try {
      ours = await freeze.take(take.signal);
      await this.#whileStanding(take, putOnTop);
    } finally {
      if (ours === 'taken') await this.#thaw(agent).finally(() => freeze.leave());
    }
  }

  async #whileStanding({ atRest }: LiveTake, putOnTop: () => Promise<void>): Promise<void> {
    if (atRest === null) return putOnTop();
    const client = this.#parts.client();
    const { running } = await qmp.queryStatus(client);
    if (running) await qmp.stop(client);
    try {
      await atRest();
      await putOnTop();
    } finally {
      if (running) await qmp.cont(client);
    }
  }

  async #thaw(agent: GuestAgent): Promise<void> {
    for (let attempt = 1; attempt <= thawAttempts; attempt += 1) {
      try {
        await guest.fsfreezeThaw(agent, { timeoutMs: thawMs });
        return;
      } catch (error) {
        this.#parts.log.warn({ attempt, why: describeFault(error) }, 'file systems of the guest');
        if (this.#parts.silentAgent() === undefined) return;
        await systemClock.sleep(thawPauseMs);
      }
    }
    throw new Fault('timeout', 'the guest does not let go of its file systems', {
      hint: 'its agent holds them still: restart it, or reset the vm',
    });
  }
}

function specOf(disk: Disk): LiveMirror['disk'] {
  return { id: diskId(disk), discard: disk.discard ? 'unmap' : 'ignore', cache: disk.cache };
}

function isImage(format: Disk['format']): format is DiskFormat {
  return isNative({ format });
}
