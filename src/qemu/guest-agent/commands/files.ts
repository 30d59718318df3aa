/** Files of the guest (qga/qapi-schema.json). */
import { flag, integer, map, record, text } from '../../parse.ts';
import type { GuestCommandOptions } from '../client.ts';
import { anything, ask, type Agent } from './ask.ts';

/** An open file in the guest. */
export type GuestFileHandle = number;

/** The most that is asked for or sent at once. */
export const chunkBytes = 48 * 1024;

export function fileOpen(
  agent: Agent,
  path: string,
  mode: 'read' | 'write',
  options?: GuestCommandOptions,
): Promise<GuestFileHandle> {
  const args = { path, mode: mode === 'read' ? 'rb' : 'wb' };
  return ask(agent, 'guest-file-open', args, integer(0), options);
}

export interface GuestFileChunk {
  readonly bytes: Buffer;
  readonly end: boolean;
}

const parseChunk = map(
  record({ 'buf-b64': text(Math.ceil(chunkBytes / 3) * 4), eof: flag }),
  (chunk): GuestFileChunk => ({
    bytes: Buffer.from(chunk['buf-b64'], 'base64'),
    end: chunk.eof,
  }),
);

/** At most `chunkBytes`. */
export function fileRead(
  agent: Agent,
  handle: GuestFileHandle,
  options?: GuestCommandOptions,
): Promise<GuestFileChunk> {
  return ask(agent, 'guest-file-read', { handle, count: chunkBytes }, parseChunk, options);
}

/** Returns how many of the bytes were taken; at most `chunkBytes` may be given. */
export function fileWrite(
  agent: Agent,
  handle: GuestFileHandle,
  bytes: Buffer,
  options?: GuestCommandOptions,
): Promise<number> {
  const args = { handle, 'buf-b64': bytes.toString('base64') };
  const parser = map(record({ count: integer(0, bytes.length) }), ({ count }) => count);
  return ask(agent, 'guest-file-write', args, parser, options);
}

export async function fileClose(
  agent: Agent,
  handle: GuestFileHandle,
  options?: GuestCommandOptions,
): Promise<void> {
  await ask(agent, 'guest-file-close', { handle }, anything, options);
}
