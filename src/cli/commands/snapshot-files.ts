/** Single files of snapshots: list, take out, put back into the disk of the vm. */
import { basename } from 'node:path';
import { formatBytes } from '#lib';
import { command, type Command } from '../command.ts';
import { writeNewFile } from '../disk/new-file.ts';
import { tell } from '../disk/tell.ts';
import { writeList } from '../output/render.ts';
import { finish } from '../progress.ts';
import {
  entryColumns,
  inside,
  partitionOf,
  partitionOption,
  systemColumns,
} from './host-disk-files.ts';

const vm = { name: 'vm', meaning: 'name or id', completes: 'vm' } as const;
const snapshot = { name: 'snapshot', meaning: 'name or id' } as const;
const options = {
  ...partitionOption,
  disk: {
    type: 'text',
    value: 'PLACE',
    meaning: 'the disk, for example virtio0:0; the only one of the snapshot when absent',
  },
} as const;

interface Chosen {
  readonly partition?: number | undefined;
  readonly disk?: string | undefined;
}

const placeOf = (chosen: Chosen): { readonly partition?: number; readonly disk?: string } => ({
  ...partitionOf(chosen),
  ...(chosen.disk === undefined ? {} : { disk: chosen.disk }),
});

export const snapshotFileCommands: readonly Command[] = [
  command({
    name: 'vm snapshot files',
    summary: 'the file systems of a disk as it is in a snapshot, or one of their folders',
    args: [vm, snapshot, { ...inside, optional: true }],
    options,
    examples: ['gantry vm snapshot files web-1 before /etc'],
    async run(run) {
      const [name = '', of = '', path] = run.args;
      const query = { ...placeOf(run.options), ...(path === undefined ? {} : { path }) };
      const request = { params: { vm: name, snapshot: of }, query };
      const { fileSystems, folder } = await run.client.call(
        'vm.snapshot.files',
        request,
        run.signal,
      );
      if (folder === null)
        writeList(run.out, run.format, systemColumns, fileSystems, 'an empty disk');
      else writeList(run.out, run.format, entryColumns, folder.items, 'an empty folder');
    },
  }),
  command({
    name: 'vm snapshot extract',
    summary: 'copy a file out of a snapshot, or a folder as a tar archive; the vm may run',
    args: [vm, snapshot, inside],
    options: {
      ...options,
      to: { type: 'text', value: 'FILE', meaning: 'a new file here; its own name when absent' },
    },
    examples: ['gantry vm snapshot extract web-1 before /etc/hosts --to hosts'],
    async run(run) {
      const [name = '', of = '', path = ''] = run.args;
      const request = {
        params: { vm: name, snapshot: of },
        query: { path, ...placeOf(run.options) },
      };
      const to = run.options.to ?? (basename(path) || 'root.tar');
      if (run.dryRun) return run.out.line(`would write ${to}`);
      const content = await run.client.read('vm.snapshot.file', request, run.signal);
      const sizeBytes = await writeNewFile(to, content);
      tell(
        run,
        { vm: name, snapshot: of, path, to, sizeBytes },
        `${to}: ${formatBytes(sizeBytes)}`,
      );
    },
  }),
  command({
    name: 'vm snapshot restore-file',
    summary:
      'put a file or folder as it is in a snapshot into the disk of the vm, which is off; all else stays',
    args: [vm, snapshot, inside],
    options,
    examples: [
      'gantry vm snapshot restore-file web-1 before /etc/hosts',
      'gantry vm snapshot restore-file web-1 before /home/ann',
    ],
    async run(run) {
      const [name = '', of = '', path = ''] = run.args;
      const started = await run.client.call(
        'vm.snapshot.restore-file',
        { params: { vm: name, snapshot: of }, body: { path, ...placeOf(run.options) } },
        run.signal,
      );
      await finish(run, started, () => `${path} of ${name} is as it is in ${of}`);
    },
  }),
];
