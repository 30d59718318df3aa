/** Files inside disk files and images of a host, through the API: list, take out, put in. */
import { openAsBlob } from 'node:fs';
import { basename } from 'node:path';
import type { InnerFile, InnerFileSystem } from '#api';
import { Fault, formatBytes } from '#lib';
import { command, type Command } from '../command.ts';
import { identityRows } from '../disk/identify.ts';
import { writeNewFile } from '../disk/new-file.ts';
import { tell } from '../disk/tell.ts';
import { writeList, writeThing } from '../output/render.ts';
import type { Column } from '../output/table.ts';

const host = { name: 'host', meaning: 'name or id', completes: 'host' } as const;
const disk = { name: 'disk', meaning: 'a disk or an image, by its path on the host' } as const;
export const inside = {
  name: 'path',
  meaning: 'a path inside; bytes that are no text are written \\xNN, a backslash \\\\',
} as const;
export const partitionOption = {
  partition: {
    type: 'number',
    value: 'NUMBER',
    meaning: 'the partition, 0 for the disk itself; the only readable one when absent',
  },
} as const;

export const systemColumns: readonly Column<InnerFileSystem>[] = [
  { title: 'PARTITION', value: ({ partition }) => String(partition), align: 'right' },
  { title: 'OFFSET', value: ({ start }) => String(start), align: 'right' },
  { title: 'SIZE', value: ({ sizeBytes }) => formatBytes(sizeBytes), align: 'right' },
  { title: 'HOLDS', value: ({ name }) => name ?? '-' },
  { title: 'LABEL', value: ({ label }) => label ?? '' },
  { title: 'FILES', value: ({ readable }) => (readable ? 'can be read' : 'cannot be read') },
];

export const entryColumns: readonly Column<InnerFile>[] = [
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'OWNER', value: ({ uid, gid }) => `${uid}:${gid}` },
  { title: 'SIZE', value: ({ sizeBytes }) => String(sizeBytes), align: 'right' },
  { title: 'CHANGED', value: ({ changedAt }) => changedAt ?? '-' },
  {
    title: 'NAME',
    value: ({ name, target }) => (target === null ? name : `${name} -> ${target}`),
  },
];

export const partitionOf = ({
  partition,
}: {
  readonly partition?: number | undefined;
}): { readonly partition?: number } => (partition === undefined ? {} : { partition });

export const hostDiskFileCommands: readonly Command[] = [
  command({
    name: 'host disk-files',
    summary: 'the file systems inside a disk or an image on a host, or one of their folders',
    args: [host, disk, { ...inside, optional: true }],
    options: partitionOption,
    examples: [
      'gantry host disk-files h1 /srv/disks/data.vhdx',
      'gantry host disk-files h1 /srv/disks/data.vhdx /etc --partition 1',
    ],
    async run(run) {
      const [name = '', file = '', path] = run.args;
      const query = { file, ...partitionOf(run.options), ...(path === undefined ? {} : { path }) };
      const request = { params: { host: name }, query };
      const found = await run.client.call('host.disk.files', request, run.signal);
      const { fileSystems, readOnly, folder } = found;
      if (folder === null)
        writeList(run.out, run.format, systemColumns, fileSystems, 'an empty disk');
      else writeList(run.out, run.format, entryColumns, folder.items, 'an empty folder');
      if (readOnly !== null) run.out.note(`nothing can be put into it: ${readOnly}`);
    },
  }),
  command({
    name: 'host identify',
    summary: 'what a file on a host is, by its content: format, version, what can be done with it',
    args: [host, { name: 'file', meaning: 'of any kind, by its path on the host' }],
    options: {},
    examples: ['gantry host identify h1 /srv/disks/download.bin'],
    async run({ args: [name = '', file = ''], client, out, format, signal }) {
      const request = { params: { host: name }, query: { file } };
      const found = await client.call('host.identify', request, signal);
      writeThing(out, format, found, identityRows(found));
    },
  }),
  command({
    name: 'host extract',
    summary: 'copy a file out of a disk or an image on a host, or a folder as a tar archive',
    args: [host, disk, inside],
    options: {
      ...partitionOption,
      to: { type: 'text', value: 'FILE', meaning: 'a new file here; its own name when absent' },
    },
    examples: ['gantry host extract h1 /srv/disks/data.vhdx /etc/hosts --to hosts'],
    async run(run) {
      const [name = '', file = '', path = ''] = run.args;
      const query = { file, path, ...partitionOf(run.options) };
      const request = { params: { host: name }, query };
      const to = run.options.to ?? (basename(path) || 'root.tar');
      if (run.dryRun) return run.out.line(`would write ${to}`);
      const content = await run.client.read('host.disk.file', request, run.signal);
      const sizeBytes = await writeNewFile(to, content);
      tell(
        run,
        { host: name, disk: file, path, to, sizeBytes },
        `${to}: ${formatBytes(sizeBytes)}`,
      );
    },
  }),
  command({
    name: 'host replace',
    summary:
      'put a file, or a folder out of a tar archive, into a disk on a host that nothing uses, in the place of its old one',
    args: [
      host,
      disk,
      { name: 'file', meaning: 'a file of this machine', completes: 'file' },
      inside,
    ],
    options: {
      ...partitionOption,
      folder: {
        type: 'flag',
        meaning: 'the file is a tar archive of a folder, whose files take the place of those there',
      },
    },
    examples: [
      'gantry host replace h1 /srv/disks/data.vhdx hosts /etc/hosts',
      'gantry host replace h1 /srv/disks/data.vhdx ssh.tar /etc/ssh --folder',
    ],
    async run(run) {
      const [name = '', file = '', source = '', path = ''] = run.args;
      const upload = await openAsBlob(source).catch((cause: unknown) => {
        throw new Fault('not-found', `cannot read ${source}`, { cause });
      });
      const text = `${formatBytes(upload.size)} to ${path} of ${file}`;
      const kind = run.options.folder === true ? ('folder' as const) : ('file' as const);
      const query = { file, path, kind, ...partitionOf(run.options) };
      await run.client.call(
        'host.disk.put-file',
        { params: { host: name }, query, upload },
        run.signal,
      );
      if (run.dryRun) return run.out.line(`would write ${text}`);
      tell(run, { host: name, disk: file, path, sizeBytes: upload.size }, `wrote ${text}`);
    },
  }),
];
