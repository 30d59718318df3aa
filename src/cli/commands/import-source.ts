/** An archive of this machine that is sent to a host, to be imported from there. */
import { basename } from 'node:path';
import { archiveStem, type SentFile } from '#api';
import { Fault } from '#lib';
import type { Run } from '../command.ts';
import { openContent } from '../transfer/content.ts';
import { send } from '../transfer/upload.ts';

type SendRun = Pick<Run, 'client' | 'out' | 'format' | 'signal'>;

export interface SentArchive extends SentFile {
  /** The host that has it. */
  readonly host: string;
}

/**
 * It lies there under no name, and goes by itself where nobody imports it within a day. Errors: `invalid` for what is not named as an
 * archive; those of an upload.
 */
export async function sendArchive(
  run: SendRun,
  source: string,
  wanted: string | undefined,
): Promise<SentArchive> {
  if (archiveStem(basename(source)) === undefined)
    throw new Fault('invalid', `${source} has not the name of an archive`, {
      hint: 'pack the configuration with its disks: tar -czf vm.tar.gz FOLDER',
    });
  const host = wanted ?? (await onlyHost(run));
  await using content = await openContent(source);
  const { sizeBytes, fingerprint } = content;
  const begin = {
    file: basename(source),
    sizeBytes,
    packing: 'none',
    replaces: false,
    fingerprint,
  } as const;
  return { host, ...(await send(run, { host, source, content, begin })) };
}

async function onlyHost({ client, signal }: SendRun): Promise<string> {
  const { items } = await client.call('host.list', { query: {} }, signal);
  const [only] = items;
  if (only !== undefined && items.length === 1) return only.name;
  throw new Fault('invalid', 'it must be said on which host', { hint: 'add --host NAME' });
}
