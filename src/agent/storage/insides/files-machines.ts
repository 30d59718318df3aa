/**
 * The machines that read files inside disks (docs/rfd/0028) on this host. Built the first time that one is needed, of the
 * distribution's packages.
 */
import { chmod, mkdir } from 'node:fs/promises';
import type { HostFacts } from '#api';
import { buildImage, filesKernelPath } from '#images';
import { describeFault, Fault } from '#lib';
import type { Disk } from '#disk';
import type { Log } from '#log';
import { serveClient } from '#nbd';
import { FilesAppliance, type Binaries } from '#qemu';

/** As root they run as nobody (base-passwd): all that they have are streams that they inherit. */
const nobody = { uid: 65_534, gid: 65_534, groups: [] } as const;
/** Each takes a quarter of a GiB. */
const maxMachines = 4;

/** What there is for machines, as it is now. */
export interface MachineMeans {
  readonly binaries: Pick<Binaries, 'qemu'>;
  readonly acceleration: Pick<HostFacts['acceleration'], 'use'>;
}

export class FilesMachines {
  readonly #folder: string;
  readonly #means: MachineMeans;
  readonly #log: Log;
  #running = 0;

  /** `folder`: where built images are kept. */
  constructor(folder: string, means: MachineMeans, log: Log) {
    this.#folder = folder;
    this.#means = means;
    this.#log = log;
  }

  /** A machine for the disk, which stays open until it has ended. Errors: `exhausted`, `unsupported`; those of the appliance. */
  async start(disk: Disk, access: 'read' | 'write', signal: AbortSignal): Promise<FilesAppliance> {
    const { binaries, acceleration } = this.#means;
    const program = binaries.qemu;
    if (program === undefined) {
      const what = 'files inside disks are read by a small machine, for which QEMU is missing';
      throw new Fault('unsupported', what, { hint: 'install the package qemu-system-x86' });
    }
    if (this.#running >= maxMachines) {
      throw new Fault('exhausted', `${maxMachines} disks are being looked into on this host`, {
        hint: 'try again in a moment',
      });
    }
    this.#running += 1;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o755 });
      const image = await buildImage({ kind: 'files', cacheDir: this.#folder, signal });
      const kernelPath = filesKernelPath(image.path);
      // Whoever updates the image leaves it as it was made: for its owner.
      for (const path of [image.path, kernelPath]) await chmod(path, 0o644);
      const appliance = await FilesAppliance.start({
        program,
        kernelPath,
        initramfsPath: image.path,
        acceleration: acceleration.use === 'kvm' ? 'kvm' : 'tcg',
        account: process.getuid?.() === 0 ? nobody : undefined,
        device: disk,
        serve: (stream, device) =>
          serveClient(stream, {
            exports: new Map([['', device]]),
            onFault: (fault) =>
              this.#log.debug({ why: describeFault(fault) }, 'a disk fails inside'),
          }),
        access,
        signal,
      });
      void appliance.ended.then(() => (this.#running -= 1));
      return appliance;
    } catch (error) {
      this.#running -= 1;
      throw error;
    }
  }
}
