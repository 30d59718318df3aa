/** Layers of a simulated process: it goes on in whatever it is told, at once. */
import type { Disk } from '#api';
import { topOf } from '../../machine/layers/layers.ts';
import type { MachineFile } from '../../machine/record.ts';
import type {
  LiveLayers,
  LiveTake,
  LiveTaken,
  OpenMerge,
  OpenMirror,
  OpenTop,
} from '../live-layers.ts';
import { resolveSimulated } from './layers.ts';
import type { SavedGuest } from './saved-guest.ts';

export class SimulatedLiveLayers implements LiveLayers {
  readonly #file: () => MachineFile;
  readonly #saved: Map<string, SavedGuest>;
  /** Tops that the record does not know yet, by the file of the disk. */
  readonly #tops = new Map<string, string>();

  constructor(file: () => MachineFile, saved: Map<string, SavedGuest>) {
    this.#file = file;
    this.#saved = saved;
  }

  async readTop(disk: Disk): Promise<OpenTop> {
    const file = this.#file();
    const top = this.#tops.get(disk.file) ?? topOf(file.layers, disk).file;
    return { path: resolveSimulated(file, top), sizeBytes: disk.sizeBytes ?? 0 };
  }

  async isOpen(_: Disk, file: string): Promise<boolean> {
    return this.#file().layers.files.some((layer) => layer.file === file);
  }

  async take({ tops, memoryPath, atRest, onProgress }: LiveTake): Promise<LiveTaken> {
    await atRest?.();
    for (const { disk, layer } of tops) this.#tops.set(disk.file, layer);
    onProgress(1);
    if (memoryPath === null) return { memoryBytes: null };
    const { definition, state } = this.#file();
    const { sizeBytes } = definition.hardware.memory;
    this.#saved.set(memoryPath, { sizeBytes, guest: state === 'running' ? 'ran' : 'paused' });
    return { memoryBytes: sizeBytes };
  }

  async reachGuest(): Promise<void> {}

  async thaw(): Promise<void> {}

  async letGo(): Promise<void> {}

  async close(): Promise<void> {}

  async merge({ disk, upper, lower, onProgress, beforeMove, moved }: OpenMerge): Promise<void> {
    onProgress(1);
    await beforeMove();
    const { path } = await this.readTop(disk);
    if (path === resolveSimulated(this.#file(), upper)) this.#tops.set(disk.file, lower);
    await moved();
  }

  async mirror({ onProgress, beforeMove, moved }: OpenMirror): Promise<void> {
    onProgress(1);
    await beforeMove();
    await moved();
  }

  async isMirroring(): Promise<boolean> {
    return false;
  }

  async endMirror(): Promise<void> {}

  async isOn(disk: Disk, file: string): Promise<boolean> {
    return disk.file === file;
  }

  async goOn(): Promise<void> {}

  async leave(): Promise<void> {}

  async replace(): Promise<void> {}
}
