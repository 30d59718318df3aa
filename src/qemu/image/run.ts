/** Runs qemu-img and turns what it says into faults. */
import { Fault } from '#lib';
import { printable } from '../qmp/messages.ts';
import { runProgram, type RunResult } from '../run-program.ts';

export interface ImageCommandOptions {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Enough for everything that reads and writes only metadata. */
export const metadataTimeoutMs = 30_000;
/** For what moves all bytes of an image. */
export const bulkTimeoutMs = 24 * 60 * 60 * 1000;

const maxOutputBytes = 4 * 1024 * 1024;

export interface ImageRun extends ImageCommandOptions {
  /** Path of qemu-img. */
  readonly program: string;
  /** What is being done, for the fault: `cannot create image /a/b`. */
  readonly what: string;
  readonly args: readonly string[];
  /** Exit codes that carry an answer; 0 unless told. */
  readonly accepted?: readonly number[] | undefined;
  readonly onOutput?: ((text: string) => void) | undefined;
}

/**
 * Errors: `unavailable` when qemu-img is not there; `timeout`; `exhausted` when the disk is full;
 * `not-found`; `refused` with qemu-img's words; the signal's reason.
 */
export async function runQemuImg(run: ImageRun): Promise<RunResult> {
  const timeoutMs = run.timeoutMs ?? metadataTimeoutMs;
  const { signal, onOutput } = run;
  const result = await runProgram(run.program, run.args, {
    timeoutMs,
    signal,
    onOutput,
    maxOutputBytes,
  });
  switch (result.end) {
    case 'missing':
      throw new Fault('unavailable', `${run.what}: ${run.program} cannot be started`, {
        hint: 'install qemu-utils',
      });
    case 'stopped':
    case 'stuck':
      throw new Fault('timeout', `${run.what}: not done within ${timeoutMs} ms`);
    case 'signalled':
      throw new Fault('internal', `${run.what}: qemu-img crashed with ${result.signalName}`);
    case 'exited':
      if ((run.accepted ?? [0]).includes(result.code ?? -1)) return result;
      throw faultOfOutput(run.what, result);
  }
}

function faultOfOutput(what: string, result: RunResult): Fault {
  const said = printable(result.stderr.replace(/^qemu-img: /, ''));
  const message = `${what}: ${said === '' ? `status ${result.code}` : said}`;
  if (/No space left|Disk quota/i.test(said)) return new Fault('exhausted', message);
  if (/No such file or directory/i.test(said)) return new Fault('not-found', message);
  if (/Failed to get .* lock/i.test(said)) {
    return new Fault('refused', message, { hint: 'the image is in use by a running machine' });
  }
  return new Fault('refused', message);
}

/** Standard output as JSON. Errors: `internal`. */
export function parseOutput(what: string, result: RunResult): unknown {
  if (result.truncated) throw new Fault('too-large', `${what}: qemu-img said too much`);
  try {
    return JSON.parse(result.stdout) as unknown;
  } catch (cause) {
    throw new Fault('internal', `${what}: qemu-img gave no answer`, { cause });
  }
}
