/**
 * Looks at the volumes of the host, each once in a while whatever number of machines is on it, and lets those of them
 * know whose disks may still grow on one that fills up (DISK-49, DISK-50).
 *
 * Invariant: at most one look is under way.
 */
import { describeFault } from '#lib';
import { systemCause } from '../machine/causes.ts';
import { resumeWithSpace } from '../machine/in-place.ts';
import type { Machine } from '../machine/machine.ts';
import { findShortage, isBelow, pauseForSpace, type VolumeSpace } from '../machine/space.ts';
import { isLive } from './admission.ts';
import type { Host } from './host.ts';

const lookMs = 1_000;

export class VolumeWatch implements Disposable {
  readonly #host: Host;
  readonly #timer: NodeJS.Timeout;
  /** Volumes that are below the first threshold, with the machines that were warned of. */
  readonly #low = new Map<string, Set<string>>();
  #looking = false;

  constructor(host: Host) {
    this.#host = host;
    this.#timer = setInterval(() => void this.#lookAgain(), lookMs).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #lookAgain(): Promise<void> {
    if (this.#looking || this.#host.driver.storage.growingOn === undefined) return;
    this.#looking = true;
    try {
      await this.#look();
    } catch (error) {
      this.#host.log.warn({ why: describeFault(error) }, 'free space of volumes');
    } finally {
      this.#looking = false;
    }
  }

  async #look(): Promise<void> {
    const host = this.#host;
    const live = [...host.machines.values()].filter(({ file }) => isLive(file));
    if (live.length === 0) return;
    // A disk may lie elsewhere than on what the host lists: what paused its machine is looked at as well.
    const full = live.flatMap(({ file }) => (file.noSpace === null ? [] : [file.noSpace.volume]));
    const volumes = await host.driver.storage.volumes(full);
    for (const volume of volumes) {
      if (!isBelow(host, volume, 'warn')) this.#low.delete(volume.path);
      else await this.#warn(volume, live);
    }
    const short = volumes.filter((volume) => isBelow(host, volume, 'pause'));
    for (const machine of live) await this.#settle(machine, short);
  }

  /** Each machine once, for as long as the volume stays low. */
  async #warn(volume: VolumeSpace, live: readonly Machine[]): Promise<void> {
    const warned = this.#low.get(volume.path) ?? new Set();
    this.#low.set(volume.path, warned);
    for (const machine of live) {
      if (warned.has(machine.id)) continue;
      const found = await findShortage(this.#host, machine.file, [volume]);
      if (found === undefined) continue;
      warned.add(machine.id);
      const { device, freeBytes } = found;
      const attributes = { device, volume: volume.path, freeBytes };
      this.#host.emit(machine.id, 'vm.disk.space-low', attributes, systemCause);
    }
  }

  /** Pauses it, or lets it go on. */
  async #settle(machine: Machine, short: readonly VolumeSpace[]): Promise<void> {
    const { noSpace, state } = machine.file;
    if (noSpace === null && (short.length === 0 || state !== 'running')) return;
    const shortage = await findShortage(this.#host, machine.file, short);
    if (shortage !== undefined) await machine.queueOwn((hands) => pauseForSpace(hands, shortage));
    else if (noSpace !== null) await machine.queueOwn(resumeWithSpace);
  }
}
