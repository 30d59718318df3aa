/** The machine that reads files inside a disk, started by a command. Loaded when it is needed: most commands never are. */
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Disk } from '#disk';
import { buildImage, filesKernelPath } from '#images';
import { describeFault, Fault } from '#lib';
import { serveClient } from '#nbd';
import { FilesAppliance, findBinaries } from '#qemu';
import type { Run } from '../command.ts';
import { agentData } from '../system/programs.ts';

/** As root it runs as nobody (base-passwd): all that it has are streams that it inherits. */
const nobody = { uid: 65_534, gid: 65_534, groups: [] } as const;

type Needs = Pick<Run, 'installation' | 'out' | 'signal'>;

/** The agent's images where this user may write to them, else images of the user's own (XDG base directories). */
function imageFolder({ installation }: Needs): string {
  const shared = join(agentData(installation), 'images');
  try {
    accessSync(shared, constants.W_OK);
    return shared;
  } catch {
    const cache = process.env['XDG_CACHE_HOME'] ?? '';
    return join(cache === '' ? join(homedir(), '.cache') : cache, 'gantry', 'images');
  }
}

/** Faults: `unsupported` without QEMU or what the appliance is built with; those of the appliance. */
export async function startAppliance(
  run: Needs,
  disk: Disk,
  access: 'read' | 'write',
): Promise<FilesAppliance> {
  const { signal, out } = run;
  const { qemu } = await findBinaries(process.env['PATH'] ?? '');
  if (qemu === undefined) {
    throw new Fault(
      'unsupported',
      'files inside disks are read by a small machine, for which QEMU is missing',
      {
        hint: 'install the package qemu-system-x86',
      },
    );
  }
  const progress = (step: string): void => out.status(`building the files appliance: ${step}`);
  const cacheDir = imageFolder(run);
  const image = await buildImage({ kind: 'files', cacheDir, signal, progress });
  out.status('opening the disk');
  try {
    return await FilesAppliance.start({
      program: qemu,
      kernelPath: filesKernelPath(image.path),
      initramfsPath: image.path,
      // Whether KVM works is known only by trying, which takes longer than to boot without.
      acceleration: 'tcg',
      account: process.getuid?.() === 0 ? nobody : undefined,
      device: disk,
      serve: (stream, device) =>
        serveClient(stream, {
          exports: new Map([['', device]]),
          onFault: (fault) => out.note(describeFault(fault)),
        }),
      access,
      signal,
    });
  } finally {
    out.status('');
  }
}

export { chooseFileSystem, partitionOf, shownSystems } from '#qemu';
