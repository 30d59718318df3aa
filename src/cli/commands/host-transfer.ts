/** Disks, images and other files between this machine and hosts, as they are. */
import { basename } from 'node:path';
import { diskAnswers, unpackedName, type Download, type HostUpload, type ImportSource } from '#api';
import { formatBytes } from '#lib';
import { command, type Command, type Run } from '../command.ts';
import { mediaColumns } from './devices.ts';
import { verbOptions } from '../disk/progress.ts';
import { tell } from '../disk/tell.ts';
import { writeList } from '../output/render.ts';
import type { Column } from '../output/table.ts';
import { finish } from '../progress.ts';
import { openContent } from '../transfer/content.ts';
import { downloadFile, type DownloadWork } from '../transfer/download.ts';
import { upload } from '../transfer/upload.ts';

const to = {
  to: { type: 'text', value: 'FILE', meaning: 'a new file here; its own name when absent' },
} as const;

const sourceColumns: readonly Column<ImportSource>[] = [
  { title: 'FILE', value: ({ path }) => path },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'SIZE', value: ({ sizeBytes }) => formatBytes(sizeBytes) },
];

const uploadColumns: readonly Column<HostUpload>[] = [
  { title: 'FILE', value: ({ file }) => file },
  {
    title: 'CAME',
    value: ({ receivedBytes, sizeBytes, state }) =>
      state === 'done'
        ? 'all'
        : `${formatBytes(receivedBytes)}${sizeBytes === null ? '' : ` of ${formatBytes(sizeBytes)}`}`,
  },
  { title: 'PACKED', value: ({ packing }) => (packing === 'none' ? '-' : packing) },
  { title: 'BEGUN', value: ({ begunAt }) => begunAt },
  { title: 'ID', value: ({ id }) => id },
];

async function download(
  run: Pick<Run, 'out' | 'format' | 'signal' | 'dryRun'>,
  target: string,
  what: object,
  open: DownloadWork['open'],
): Promise<void> {
  if (run.dryRun) return run.out.line(`would write ${target}`);
  const { signal, onProgress } = verbOptions(run, target);
  const onBreak = (): void => run.out.note(`${target}: the connection broke, and is tried again`);
  const sizeBytes = await downloadFile(target, { open, onProgress, onBreak, signal });
  tell(run, { ...what, to: target, sizeBytes }, `${target}: ${formatBytes(sizeBytes)}`);
}

export const hostTransferCommands: readonly Command[] = [
  command({
    name: 'host upload',
    summary:
      'send a disk, an image or another file to a host, unpacked on its way; again, it goes on where it was',
    args: [
      { name: 'host', meaning: 'name or id', completes: 'host' },
      { name: 'file', meaning: 'of this machine', completes: 'file' },
      {
        name: 'target',
        meaning: "a path on the host, or a name in its folder for vms; the file's own when absent",
        optional: true,
      },
    ],
    options: {
      sha256: { type: 'text', value: 'HEX', meaning: 'what the file is known to have' },
      packed: { type: 'flag', meaning: 'gzip, xz, zstd and zip stay packed' },
      replace: {
        type: 'flag',
        meaning: 'a disk that is there and that no vm has becomes it when all has come',
      },
    },
    examples: [
      'gantry host upload h1 debian.iso',
      'gantry host upload h1 data.qcow2.xz /srv/disks/data.qcow2',
    ],
    async run(run) {
      const [name = '', source = '', target] = run.args;
      const { client, signal, out } = run;
      await using content = await openContent(source);
      const packing = run.options.packed === true ? 'none' : await content.packing();
      const begin = {
        file: target ?? unpackedName(basename(source), packing),
        sizeBytes: content.sizeBytes,
        replaces: run.options.replace === true,
        packing,
        fingerprint: content.fingerprint,
      };
      if (run.dryRun) {
        const { file } = await client.call(
          'host.upload.begin',
          { params: { host: name }, body: begin },
          signal,
        );
        return out.line(`would send ${formatBytes(content.sizeBytes)} to ${file}`);
      }
      const { sha256 } = run.options;
      const started = await upload(run, { host: name, source, content, begin, sha256 });
      await finish(run, started, ({ result }) => {
        const { path, sizeBytes } = diskAnswers.upload.parse(result ?? {});
        return `${path}: ${formatBytes(sizeBytes)}`;
      });
    },
  }),
  command({
    name: 'host media',
    summary: 'the images known for CD and floppy drives of vms to be made on a host',
    args: [{ name: 'host', meaning: 'name or id', completes: 'host' }],
    options: {},
    examples: ['gantry host media h1'],
    async run({ args: [host = ''], client, out, format, signal }) {
      const { media, complete } = await client.call(
        'host.medium.list',
        { params: { host } },
        signal,
      );
      writeList(out, format, mediaColumns, media, 'no images');
      if (!complete) out.note('there are more files than were looked at');
    },
  }),
  command({
    name: 'host import-sources',
    summary: 'what a host has that a vm of another product can be imported from',
    args: [{ name: 'host', meaning: 'name or id', completes: 'host' }],
    options: {},
    examples: ['gantry host import-sources h1'],
    async run({ args: [host = ''], client, out, format, signal }) {
      const asked = { params: { host } };
      const found = await client.call('host.import-source.list', asked, signal);
      writeList(out, format, sourceColumns, found.sources, 'nothing to import');
      if (!found.complete) out.note('there are more files than were looked at');
    },
  }),
  command({
    name: 'host uploads',
    summary: 'files on their way to a host, and those that came within a day',
    args: [{ name: 'host', meaning: 'name or id', completes: 'host' }],
    options: {},
    examples: ['gantry host uploads h1'],
    async run({ args: [name = ''], client, out, format, signal }) {
      const request = { params: { host: name } };
      const { items } = await client.call('host.upload.list', request, signal);
      writeList(out, format, uploadColumns, items, 'nothing is on its way');
    },
  }),
  command({
    name: 'host cancel-upload',
    summary: 'give up a file on its way to a host; nothing of it is left',
    args: [
      { name: 'host', meaning: 'name or id', completes: 'host' },
      { name: 'upload', meaning: 'id, as gantry host uploads tells it' },
    ],
    options: {},
    examples: ['gantry host cancel-upload h1 0f8e6e0e-5a0b-4c0e-9f5e-2d0f6b3f7a11'],
    async run({ args: [host = '', upload = ''], client, out, signal, dryRun }) {
      await client.call('host.upload.cancel', { params: { host, upload } }, signal);
      if (!dryRun) out.line('given up');
    },
  }),
  command({
    name: 'host download',
    summary: 'fetch a disk, an image or an export from a host; again, it goes on where it was',
    args: [
      { name: 'host', meaning: 'name or id', completes: 'host' },
      { name: 'file', meaning: 'by its path on the host' },
    ],
    options: to,
    examples: ['gantry host download h1 /srv/disks/data.vhdx --to data.vhdx'],
    async run(run) {
      const [name = '', file = ''] = run.args;
      const request = { params: { host: name }, query: { file } };
      const open = (from: Parameters<DownloadWork['open']>[0]): Promise<Download> =>
        run.client.download('host.file.content', request, from, run.signal);
      await download(run, run.options.to ?? basename(file), { host: name, file }, open);
    },
  }),
  command({
    name: 'vm download-disk',
    summary: 'fetch the file of a disk of a vm that does not run; again, it goes on where it was',
    args: [
      { name: 'vm', meaning: 'name or id', completes: 'vm' },
      { name: 'place', meaning: 'of the disk, for example virtio0:0' },
    ],
    options: to,
    examples: ['gantry vm download-disk web-1 virtio0:0 --to web-1.qcow2'],
    async run(run) {
      const [name = '', place = ''] = run.args;
      const request = { params: { vm: name, place } };
      const open = (from: Parameters<DownloadWork['open']>[0]): Promise<Download> =>
        run.client.download('vm.disk.content', request, from, run.signal);
      const target = run.options.to ?? `${name}-${place.replaceAll(':', '-')}.disk`;
      await download(run, target, { vm: name, place }, open);
    },
  }),
];
