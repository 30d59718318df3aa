/** Disks, images and other files between this machine and hosts, as they are. */
import { basename } from 'node:path';
import type { Download } from '#api';
import { formatBytes } from '#lib';
import { command, type Command, type Run } from '../command.ts';
import { verbOptions } from '../disk/progress.ts';
import { tell } from '../disk/tell.ts';
import { downloadFile, type DownloadWork } from '../transfer/download.ts';

const to = {
  to: { type: 'text', value: 'FILE', meaning: 'a new file here; its own name when absent' },
} as const;

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
