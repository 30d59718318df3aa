/** Verbs on files inside disks: list, extract, replace, restore. A small machine reads the file systems (docs/rfd/0028). */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { claimDisk } from '#disk';
import { Fault, formatBytes, isoTime } from '#lib';
import { command, type Run } from '../command.ts';
import { writeList } from '../output/render.ts';
import type { Column } from '../output/table.ts';
import type { FilesAppliance, FileSystem, FolderEntry } from '#qemu';
import { demandChangeable, openSource, sourceOptions, type SourceValues } from './open.ts';
import { writeNewFile } from './new-file.ts';
import { tell } from './tell.ts';

const diskArgument = { name: 'disk', meaning: 'a disk file', completes: 'file' } as const;
const pathArgument = {
  name: 'path',
  meaning: 'a path inside; bytes that are no text are written \\xNN, a backslash \\\\',
} as const;
const filesOptions = {
  ...sourceOptions,
  partition: {
    type: 'number',
    value: 'NUMBER',
    meaning: 'the partition, 0 for the disk itself; the only readable one when absent',
  },
} as const;

const snapshotOption = {
  type: 'text',
  value: 'ID',
  meaning: 'an internal snapshot of the disk instead of its present content',
} as const;
const readOptions = { ...filesOptions, snapshot: snapshotOption } as const;

interface FilesValues extends SourceValues {
  readonly partition?: number | undefined;
  readonly snapshot?: string | undefined;
}

type SystemRow = Omit<FileSystem, 'device'> & { readonly partition: number };

const systemColumns: readonly Column<SystemRow>[] = [
  { title: 'PARTITION', value: ({ partition }) => String(partition), align: 'right' },
  { title: 'OFFSET', value: ({ start }) => String(start), align: 'right' },
  { title: 'SIZE', value: ({ sizeBytes }) => formatBytes(sizeBytes), align: 'right' },
  { title: 'HOLDS', value: ({ name }) => name ?? '-' },
  { title: 'LABEL', value: ({ label }) => label ?? '' },
  { title: 'FILES', value: ({ type }) => (type === undefined ? 'cannot be read' : 'can be read') },
];

const kindLetters = { file: '-', folder: 'd', link: 'l', other: '?' } as const;

/** As `ls -l` writes it: `-rw-r--r--`. */
export function modeText({ kind, mode }: Pick<FolderEntry, 'kind' | 'mode'>): string {
  const bits = [6, 3, 0].map((shift) => {
    const three = (mode >> shift) & 7;
    return `${three & 4 ? 'r' : '-'}${three & 2 ? 'w' : '-'}${three & 1 ? 'x' : '-'}`;
  });
  return `${kindLetters[kind]}${bits.join('')}`;
}

const entryColumns: readonly Column<FolderEntry>[] = [
  { title: 'MODE', value: modeText },
  { title: 'OWNER', value: ({ uid, gid }) => `${uid}:${gid}` },
  { title: 'SIZE', value: ({ sizeBytes }) => String(sizeBytes), align: 'right' },
  { title: 'CHANGED', value: ({ changedS }) => isoTime(changedS * 1000) },
  {
    title: 'NAME',
    value: ({ name, target }) => (target === undefined ? name : `${name} -> ${target}`),
  },
];

/** Reads a disk with the machine; both are closed afterwards. */
async function reading<T>(
  run: Run,
  path: string,
  options: FilesValues,
  work: (appliance: FilesAppliance, device: string) => Promise<T>,
): Promise<T> {
  const { startAppliance, chooseFileSystem } = await import('./files-appliance.ts');
  const { snapshot } = options;
  await using disk = await openSource(run, path, options, { snapshot });
  await using appliance = await startAppliance(run, disk, 'read');
  return await work(appliance, chooseFileSystem(appliance.systems, options.partition));
}

async function listSystems(run: Run, options: FilesValues): Promise<void> {
  const { startAppliance, partitionOf, shownSystems } = await import('./files-appliance.ts');
  const { snapshot } = options;
  await using disk = await openSource(run, run.args[0] ?? '', options, { snapshot });
  await using appliance = await startAppliance(run, disk, 'read');
  const rows = shownSystems(appliance.systems).map(({ device, ...system }) => ({
    partition: partitionOf(device),
    ...system,
  }));
  writeList(run.out, run.format, systemColumns, rows, 'an empty disk');
}

interface PutFile {
  readonly kind: 'file' | 'folder';
  /** On this machine. */
  readonly file: string;
  readonly sizeBytes: number;
  /** Its path in the disk. */
  readonly inside: string;
}

/** Faults: `refused` for a disk in use, `unsupported` for one that cannot be written; those of the machine. */
async function putFile(
  run: Run,
  path: string,
  options: FilesValues,
  { kind, file, sizeBytes, inside }: PutFile,
): Promise<void> {
  const { startAppliance, chooseFileSystem } = await import('./files-appliance.ts');
  await using disk = await openSource(run, path, options, { access: 'write' });
  if (!disk.isWritable) {
    const what = `${path}: disks in this kind of ${disk.format} are only read`;
    throw new Fault('unsupported', what, { hint: 'convert it: gantry disk convert' });
  }
  await claimDisk(disk, 'change files in');
  await using appliance = await startAppliance(run, disk, 'write');
  const device = chooseFileSystem(appliance.systems, options.partition);
  const content = createReadStream(file, { signal: run.signal });
  await appliance.replace(device, inside, { kind, sizeBytes, content }, run.signal);
  await appliance.leave(run.signal);
}

export const fileCommands = [
  command({
    name: 'disk files',
    summary: 'the partitions and file systems of a disk, or a folder inside it',
    args: [diskArgument, { ...pathArgument, optional: true }],
    options: readOptions,
    examples: ['gantry disk files web.qcow2', 'gantry disk files web.vhdx /etc --partition 1'],
    async run(run) {
      const [disk = '', path] = run.args;
      if (path === undefined) return listSystems(run, run.options);
      const entries = await reading(run, disk, run.options, (appliance, device) =>
        appliance.list(device, path, run.signal),
      );
      writeList(run.out, run.format, entryColumns, entries, 'an empty folder');
    },
  }),
  command({
    name: 'disk extract',
    summary: 'copy a file out of a disk, or a folder as a tar archive',
    args: [diskArgument, pathArgument],
    options: {
      ...readOptions,
      to: { type: 'text', value: 'FILE', meaning: 'a new file; its own name when absent' },
    },
    examples: [
      'gantry disk extract web.qcow2 /etc/hosts',
      'gantry disk extract web.vhdx /home --partition 1 --to home.tar',
    ],
    async run(run) {
      const [disk = '', path = ''] = run.args;
      await reading(run, disk, run.options, async (appliance, device) => {
        const { kind } = await appliance.facts(device, path, run.signal);
        const isFolder = kind === 'folder';
        const name = basename(path) || 'root';
        const to = run.options.to ?? (isFolder ? `${name}.tar` : name);
        if (run.dryRun) return run.out.line(`would write ${to}`);
        const content = appliance.read(isFolder ? 'pack' : 'get', device, path, run.signal);
        const sizeBytes = await writeNewFile(to, content);
        tell(run, { disk, path, to, kind, sizeBytes }, `${to}: ${formatBytes(sizeBytes)}`);
      });
    },
  }),
  command({
    name: 'disk replace',
    summary:
      'put a file, or a folder out of a tar archive, into a disk that nothing uses, in the place of what is there',
    args: [
      diskArgument,
      { name: 'file', meaning: 'a file of this machine', completes: 'file' },
      pathArgument,
    ],
    options: {
      ...filesOptions,
      folder: {
        type: 'flag',
        meaning: 'the file is a tar archive of a folder, whose files take the place of those there',
      },
    },
    examples: [
      'gantry disk replace web.qcow2 hosts /etc/hosts',
      'gantry disk replace web.qcow2 ssh.tar /etc/ssh --folder',
    ],
    async run(run) {
      const [path = '', file = '', inside = ''] = run.args;
      await demandChangeable(run, path, { ...run.options, doing: 'change files in' });
      const { size: sizeBytes } = await stat(file).catch((cause: unknown) => {
        throw new Fault('not-found', `cannot read ${file}`, { cause });
      });
      const text = `${formatBytes(sizeBytes)} to ${inside} of ${path}`;
      if (run.dryRun) return run.out.line(`would write ${text}`);
      const kind = run.options.folder === true ? 'folder' : 'file';
      await putFile(run, path, run.options, { kind, file, sizeBytes, inside });
      tell(run, { disk: path, path: inside, sizeBytes }, `wrote ${text}`);
    },
  }),
  command({
    name: 'disk restore',
    summary:
      'put a file or folder back into a disk as it is in a snapshot, a parent or another disk',
    args: [diskArgument, pathArgument],
    options: {
      ...filesOptions,
      snapshot: { ...snapshotOption, meaning: 'an internal snapshot of the disk to take it from' },
      from: { type: 'text', value: 'FILE', meaning: 'another disk to take it from' },
    },
    examples: [
      'gantry disk restore web.qcow2 /etc/hosts --snapshot monday',
      'gantry disk restore web.qcow2 /etc/hosts --from base.qcow2',
      'gantry disk restore web.qcow2 /home/ann --from base.qcow2',
    ],
    async run(run) {
      const [path = '', inside = ''] = run.args;
      const { from, snapshot } = run.options;
      if ((from === undefined) === (snapshot === undefined)) {
        throw new Fault('invalid', 'a file is restored from one place', {
          hint: 'give either --snapshot ID or --from FILE',
        });
      }
      await demandChangeable(run, path, { ...run.options, doing: 'change files in' });
      // The whole of it first: the disk is not open twice, and a source that fails has changed nothing.
      const folder = await mkdtemp(join(tmpdir(), 'gantry-'));
      try {
        const file = join(folder, 'file');
        const source = {
          ...run.options,
          format: from === undefined ? run.options.format : undefined,
        };
        const { kind, sizeBytes } = await reading(
          run,
          from ?? path,
          source,
          async (appliance, device) => {
            const facts = await appliance.facts(device, inside, run.signal);
            const [its, verb] =
              facts.kind === 'folder' ? (['folder', 'pack'] as const) : (['file', 'get'] as const);
            const content = appliance.read(verb, device, inside, run.signal);
            return { kind: its, sizeBytes: await writeNewFile(file, content) };
          },
        );
        const text = `${formatBytes(sizeBytes)} to ${inside} of ${path}`;
        if (run.dryRun) return run.out.line(`would write ${text}`);
        await putFile(run, path, run.options, { kind, file, sizeBytes, inside });
        tell(run, { disk: path, path: inside, sizeBytes }, `restored ${text}`);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  }),
];
