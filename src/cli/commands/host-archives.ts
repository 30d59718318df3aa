/** Archives with vms of other products, on hosts: unpacked, and the folder deleted again. */
import { archiveStem, diskAnswers } from '#api';
import { Fault, formatBytes } from '#lib';
import { command, type Command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { finish } from '../progress.ts';

const host = { name: 'host', meaning: 'name or id', completes: 'host' } as const;

/** Where an archive is unpacked when nobody says where: beside it. Errors: `invalid`. */
export function unpackedFolder(archive: string): string {
  const stem = archiveStem(archive);
  if (stem !== undefined) return `${stem}.unpacked`;
  throw new Fault('invalid', `${archive} has not the name of an archive`, {
    hint: 'name the folder to make',
  });
}

export const hostArchiveCommands: readonly Command[] = [
  command({
    name: 'host unpack',
    summary: 'unpack an archive on a host into a new folder: zip, tar, and tar in gzip, xz or zstd',
    args: [
      host,
      { name: 'archive', meaning: 'by its path on the host' },
      { name: 'folder', meaning: 'to make; beside the archive when absent', optional: true },
    ],
    options: {
      'delete-archive': { type: 'flag', meaning: 'when all that is in it has been unpacked' },
    },
    examples: ['gantry host unpack h1 /srv/disks/web.zip'],
    async run(run) {
      const [name = '', file = '', folder] = run.args;
      const target = folder ?? unpackedFolder(file);
      const archive = run.options['delete-archive'] === true ? 'delete' : 'keep';
      const body = { verb: 'unpack', file, target, archive } as const;
      const params = { host: name };
      const started = await run.client.call('host.disk.work', { params, body }, run.signal);
      const ended = await finish(run, started, ({ result }) => {
        const { path, files, sizeBytes } = diskAnswers.unpack.parse(result ?? {});
        return `${path}: ${files} files, ${formatBytes(sizeBytes)}`;
      });
      if (run.dryRun) return run.out.line(`would unpack ${file} to ${target}`);
      if (!run.wait) return;
      const { configurations } = diskAnswers.unpack.parse(ended.result ?? {});
      for (const one of configurations) run.out.hint(`gantry vm import ${one}`);
    },
  }),
  command({
    name: 'host delete-unpacked',
    summary: 'delete a folder that was unpacked on a host; what others put there stays',
    args: [host, { name: 'folder', meaning: 'by its path on the host' }],
    options: {},
    examples: ['gantry host delete-unpacked h1 /srv/disks/web.unpacked'],
    async run(run) {
      const [name = '', file = ''] = run.args;
      if (!run.dryRun) await confirm(run, `delete ${file} with all that came out of its archive?`);
      const body = { verb: 'delete-unpacked', file } as const;
      const params = { host: name };
      const started = await run.client.call('host.disk.work', { params, body }, run.signal);
      await finish(run, started, ({ result }) =>
        diskAnswers['delete-unpacked'].parse(result ?? {}).remains
          ? `${file} stays, with what did not come out of the archive`
          : `${file} was deleted`,
      );
      if (run.dryRun) run.out.line(`${file} can be deleted`);
    },
  }),
];
