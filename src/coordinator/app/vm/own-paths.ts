/** Paths in a definition that lead into the vm's own folder, which may be another one soon. Pure. */
import { posix } from 'node:path';
import type { Disk, Medium, PortBackend, VmDefinition } from '#api';

type Change = (file: string) => string;

/** Files in the vm's folder are named relative to it: what they mean stays. */
export function withRelativePaths(definition: VmDefinition, folder: string): VmDefinition {
  const prefix = folder.endsWith('/') ? folder : `${folder}/`;
  const relative: Change = (file) =>
    file.startsWith(prefix) && file.length > prefix.length ? file.slice(prefix.length) : file;
  return mapFiles(definition, {
    disk: ({ file }) => relative(file),
    medium: relative,
    port: relative,
  });
}

/** Files that a copy uses where they are are named in full; it has disks and ports of its own. */
export function withMediaOf(definition: VmDefinition, folder: string): VmDefinition {
  const same: Change = (file) => file;
  return mapFiles(definition, {
    disk: ({ file }) => file,
    medium: (file) => posix.resolve(folder, file),
    port: same,
  });
}

/** Other files for the disks. */
export function withDiskFiles(
  definition: VmDefinition,
  fileOf: (disk: Disk) => string,
): VmDefinition {
  const same: Change = (file) => file;
  return mapFiles(definition, { disk: fileOf, medium: same, port: same });
}

/** Every file that a definition names. */
export function filesIn(definition: VmDefinition): ReadonlySet<string> {
  const files = new Set<string>();
  const note: Change = (file) => {
    files.add(file);
    return file;
  };
  mapFiles(definition, { disk: ({ file }) => note(file), medium: note, port: note });
  return files;
}

function mapFiles(
  definition: VmDefinition,
  change: {
    readonly disk: (disk: Disk) => string;
    readonly medium: Change;
    readonly port: Change;
  },
): VmDefinition {
  const { hardware } = definition;
  const { disks, opticalDrives, floppy, serialPorts, parallelPort } = hardware;
  const medium = (one: Medium | null): Medium | null =>
    one?.kind === 'file' ? { ...one, file: change.medium(one.file) } : one;
  const port = (one: PortBackend): PortBackend =>
    one.kind === 'file' ? { ...one, file: change.port(one.file) } : one;
  return {
    ...definition,
    hardware: {
      ...hardware,
      disks: disks.map((disk) => ({ ...disk, file: change.disk(disk) })),
      opticalDrives: opticalDrives.map((drive) => ({ ...drive, medium: medium(drive.medium) })),
      floppy: floppy === null ? null : { ...floppy, medium: medium(floppy.medium) },
      serialPorts: serialPorts.map(port),
      parallelPort:
        parallelPort.kind === 'file'
          ? { ...parallelPort, file: change.port(parallelPort.file) }
          : parallelPort,
    },
  };
}
