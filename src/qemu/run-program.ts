/**
 * Runs a helper program (qemu-img, a probe) to its end, with a time limit and bounded output.
 *
 * Invariant: returns soon after the limit whatever the program does. One that cannot even be killed,
 * because the kernel holds it, is left behind and the result says so; nothing waits for it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { abortReason } from '#lib';
import { makeMortal } from './mortal.ts';

export interface RunOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Kept of each stream, from its beginning; 64 KiB unless told. */
  readonly maxOutputBytes?: number | undefined;
  /** Where it runs, and where a crash may leave its core. */
  readonly folderPath?: string | undefined;
  /** Hears standard output as it comes. */
  readonly onOutput?: ((text: string) => void) | undefined;
}

export interface RunResult {
  /**
   * `exited` with a code; `signalled` by itself (a crash); `stopped` by us because of the time limit;
   * `stuck`: stopped, but the kernel holds it; `missing`: could not be started.
   */
  readonly end: 'exited' | 'signalled' | 'stopped' | 'stuck' | 'missing';
  readonly code: number | null;
  readonly signalName: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether a stream was longer than what was kept. */
  readonly truncated: boolean;
  readonly pid: number | undefined;
  readonly elapsedMs: number;
}

const defaultOutputBytes = 64 * 1024;
/** How long a killed process may take to go. */
const killGraceMs = 1_000;

/** Errors: the signal's reason, after the program was killed. Everything else is in the result. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  const { signal } = options;
  if (signal?.aborted) throw abortReason(signal);
  const started = performance.now();
  const call = makeMortal(program, args);
  const child = spawn(call.program, call.args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: options.folderPath,
  });
  const stdout = new Output(child, 'stdout', options);
  const stderr = new Output(child, 'stderr', { ...options, onOutput: undefined });
  const { promise: closed, resolve } = Promise.withResolvers<'closed' | 'missing'>();
  child.once('close', () => resolve('closed'));
  child.once('error', () => resolve('missing'));
  const limit = limitOf(options.timeoutMs, signal);
  try {
    const first = await Promise.race([closed, limit.reached]);
    const end = first === 'limit' ? await kill(child, closed) : first;
    if (signal?.aborted) throw abortReason(signal);
    return {
      end: endOf(end, child),
      code: child.exitCode,
      signalName: child.signalCode,
      stdout: stdout.text(),
      stderr: stderr.text(),
      truncated: stdout.truncated || stderr.truncated,
      pid: child.pid,
      elapsedMs: Math.round(performance.now() - started),
    };
  } finally {
    limit.clear();
    for (const stream of [child.stdout, child.stderr]) stream.destroy();
    child.unref();
  }
}

type End = 'closed' | 'missing' | 'stopped' | 'stuck';

async function kill(child: ChildProcess, closed: Promise<unknown>): Promise<End> {
  child.kill('SIGKILL');
  const grace = limitOf(killGraceMs, undefined);
  const end = await Promise.race([closed.then(() => 'stopped' as const), grace.reached]);
  grace.clear();
  return end === 'limit' ? 'stuck' : end;
}

function endOf(end: End, child: ChildProcess): RunResult['end'] {
  if (end === 'missing' || end === 'stopped' || end === 'stuck') return end;
  return child.signalCode === null ? 'exited' : 'signalled';
}

function limitOf(
  limitMs: number,
  signal: AbortSignal | undefined,
): { readonly reached: Promise<'limit'>; clear(): void } {
  const { promise, resolve } = Promise.withResolvers<'limit'>();
  const onLimit = (): void => resolve('limit');
  const timer = setTimeout(onLimit, limitMs);
  signal?.addEventListener('abort', onLimit, { once: true });
  return {
    reached: promise,
    clear: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onLimit);
    },
  };
}

class Output {
  readonly #chunks: Buffer[] = [];
  #size = 0;
  truncated = false;

  constructor(child: ChildProcess, name: 'stdout' | 'stderr', options: RunOptions) {
    const limit = options.maxOutputBytes ?? defaultOutputBytes;
    child[name]?.on('error', () => undefined);
    child[name]?.on('data', (chunk: Buffer) => {
      options.onOutput?.(chunk.toString('latin1'));
      const kept = chunk.subarray(0, Math.max(0, limit - this.#size));
      if (kept.length < chunk.length) this.truncated = true;
      if (kept.length === 0) return;
      this.#size += kept.length;
      this.#chunks.push(kept);
    });
  }

  text(): string {
    return Buffer.concat(this.#chunks, this.#size).toString('utf8');
  }
}
