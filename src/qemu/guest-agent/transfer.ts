/** Whole files and whole programs in the guest, made of single commands. */
import { Fault, systemClock, type Clock } from '#lib';
import type { GuestCommandOptions } from './client.ts';
import * as guest from './commands.ts';

/**
 * Reads a file of at most `maxBytes`. Errors: `too-large`; those of the agent (`refused` when it cannot be
 * opened).
 */
export async function readGuestFile(
  agent: guest.Agent,
  path: string,
  maxBytes: number,
  options?: GuestCommandOptions,
): Promise<Buffer> {
  const handle = await guest.fileOpen(agent, path, 'read', options);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => closeQuietly(agent, handle));
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for (;;) {
    const { bytes, end } = await guest.fileRead(agent, handle, options);
    sizeBytes += bytes.length;
    if (sizeBytes > maxBytes) {
      throw new Fault('too-large', `guest file ${path} is larger than ${maxBytes} bytes`);
    }
    chunks.push(bytes);
    // An agent that gives nothing and denies the end would keep us for ever.
    if (end || bytes.length === 0) return Buffer.concat(chunks, sizeBytes);
  }
}

/** Writes a file anew. Errors: those of the agent. */
export async function writeGuestFile(
  agent: guest.Agent,
  path: string,
  content: Buffer,
  options?: GuestCommandOptions,
): Promise<void> {
  const handle = await guest.fileOpen(agent, path, 'write', options);
  await using failed = new AsyncDisposableStack();
  failed.defer(() => closeQuietly(agent, handle));
  let offset = 0;
  while (offset < content.length) {
    const piece = content.subarray(offset, offset + guest.chunkBytes);
    const taken = await guest.fileWrite(agent, handle, piece, options);
    if (taken === 0) {
      throw new Fault('exhausted', `guest file ${path}: the guest takes no more bytes`);
    }
    offset += taken;
  }
  failed.move();
  await guest.fileClose(agent, handle, options);
}

/** After a failure, or when nothing depends on it: the first fault is what the caller must hear. */
async function closeQuietly(agent: guest.Agent, handle: guest.GuestFileHandle): Promise<void> {
  await guest.fileClose(agent, handle).catch(() => undefined);
}

export interface GuestRunOptions extends GuestCommandOptions {
  /** For the program as a whole; 30 s unless told. `timeoutMs` bounds each command. */
  readonly limitMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

const defaultLimitMs = 30_000;
const firstPauseMs = 20;
const longestPauseMs = 1_000;

/** Runs a program to its end. Errors: `timeout` (it goes on in the guest); those of the agent. */
export async function runInGuest(
  agent: guest.Agent,
  program: guest.GuestProgram,
  options: GuestRunOptions = {},
): Promise<Extract<guest.GuestProgramStatus, { state: 'ended' }>> {
  const clock = options.clock ?? systemClock;
  const limitMs = options.limitMs ?? defaultLimitMs;
  const until = clock.now() + limitMs;
  const pid = await guest.exec(agent, program, options);
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const status = await guest.execStatus(agent, pid, options);
    if (status.state === 'ended') return status;
    if (clock.now() + pauseMs > until) {
      throw new Fault('timeout', `${program.path} in the guest has not ended within ${limitMs} ms`);
    }
    await clock.sleep(pauseMs, options.signal);
  }
}
