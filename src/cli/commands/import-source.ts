/**
 * Where an import finds its configuration: as it lies on the host, in an archive there, or in an archive of this machine that is sent
 * first. What was made on the way goes when the vm has come; until then each part goes on where it was.
 */
import { basename } from 'node:path';
import { archiveStem, diskAnswers, type DiskWork } from '#api';
import { describeFault, Fault, formatBytes, isFault } from '#lib';
import type { Run } from '../command.ts';
import { follow } from '../progress.ts';
import { openContent } from '../transfer/content.ts';
import { upload } from '../transfer/upload.ts';
import { unpackedFolder } from './host-archives.ts';

type ImportRun = Pick<Run, 'client' | 'out' | 'format' | 'signal'>;

export interface ImportSource {
  readonly file: string;
  /** The host that has it, where that had to be known. */
  readonly host: string | undefined;
  /** What was unpacked for it alone. */
  readonly unpacked: string | undefined;
}

interface Asked {
  readonly file: string;
  readonly host: string | undefined;
  readonly from: 'host' | 'here';
}

/** Faults: `invalid` for an archive with none or several; those of an upload and of unpacking. */
export async function bringSource(run: ImportRun, asked: Asked): Promise<ImportSource> {
  const { file, from } = asked;
  if (from === 'host' && archiveStem(file) === undefined)
    return { file, host: asked.host, unpacked: undefined };
  if (archiveStem(file) === undefined)
    throw new Fault('invalid', `${file} has not the name of an archive`, {
      hint: 'pack the configuration with its disks: tar -czf vm.tar.gz FOLDER',
    });
  const host = asked.host ?? (await onlyHost(run));
  const archive = from === 'here' ? await send(run, host, file) : file;
  const unpacked = unpackedFolder(archive);
  const then = from === 'here' ? 'delete' : 'keep';
  const answer = await work(run, host, {
    verb: 'unpack',
    file: archive,
    target: unpacked,
    archive: then,
  }).catch((error: unknown) => {
    if (!isFault(error, 'exists')) throw error;
    throw new Fault('exists', error.message, {
      cause: error,
      hint: `if it is of an import that was cut off: gantry host delete-unpacked ${host} ${unpacked}, then import again`,
    });
  });
  const { configurations } = diskAnswers.unpack.parse(answer);
  const [only] = configurations;
  if (only !== undefined && configurations.length === 1) return { file: only, host, unpacked };
  throw new Fault('invalid', `there are ${configurations.length} configurations in ${file}`, {
    facts: { configurations },
    hint:
      only === undefined
        ? `it is unpacked in ${unpacked}: gantry host delete-unpacked ${host} ${unpacked}`
        : `it is unpacked; name one: gantry vm import ${only}`,
  });
}

/** What to do about what was unpacked when the import has failed: it stays, so that nothing is sent or unpacked twice. */
export function tellUnpacked({ out }: ImportRun, { file, host, unpacked }: ImportSource): void {
  if (unpacked === undefined) return;
  out.note(`it is unpacked in ${unpacked}; go on from there, or delete that:`);
  out.hint(`gantry vm import ${file}`);
  out.hint(`gantry host delete-unpacked ${host ?? ''} ${unpacked}`);
}

/** The vm has come, and has disks of its own; what it uses of the folder, an image in a drive, keeps all of it. */
export async function dropUnpacked(run: ImportRun, source: ImportSource): Promise<void> {
  const { host, unpacked } = source;
  if (unpacked === undefined || host === undefined) return;
  try {
    await work(run, host, { verb: 'delete-unpacked', file: unpacked });
  } catch (error) {
    if (!isFault(error, 'refused')) throw error;
    run.out.note(`${unpacked} stays: ${describeFault(error)}`);
  }
}

async function work(run: ImportRun, host: string, body: DiskWork): Promise<unknown> {
  const { client, out, signal } = run;
  const started = await client.call('host.disk.work', { params: { host }, body }, signal);
  return (await follow(client, out, started, signal)).result ?? {};
}

/** Answers its path on the host. */
async function send(run: ImportRun, host: string, source: string): Promise<string> {
  await using content = await openContent(source);
  const { sizeBytes, fingerprint } = content;
  const begin = { file: basename(source), sizeBytes, packing: 'none', fingerprint } as const;
  const started = await upload(run, { host, source, content, begin });
  const ended = await follow(run.client, run.out, started, run.signal);
  const { path } = diskAnswers.upload.parse(ended.result ?? {});
  run.out.note(`${path}: ${formatBytes(sizeBytes)}`);
  return path;
}

async function onlyHost({ client, signal }: ImportRun): Promise<string> {
  const { items } = await client.call('host.list', { query: {} }, signal);
  const [only] = items;
  if (only !== undefined && items.length === 1) return only.name;
  throw new Fault('invalid', 'it must be said on which host', { hint: 'add --host NAME' });
}
