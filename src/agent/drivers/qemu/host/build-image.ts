/**
 * Building an image in a process of its own: compressing and hashing hundreds of megabytes would hold up
 * everything else the agent does (HOST-15).
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { abortReason, Fault } from '#lib';
import type { ImageKind } from '#images';

const program = fileURLToPath(new URL('../../../../../images/build.ts', import.meta.url));
const maxLineLength = 4096;

const builtSchema = z.object({
  path: z.string().max(1024),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  format: z.enum(['qcow2', 'raw', 'iso']),
});
export type BuiltFile = z.infer<typeof builtSchema>;

export interface ImageBuild {
  readonly kind: ImageKind;
  readonly cacheDir: string;
  readonly progress: (note: string) => void;
  readonly signal: AbortSignal;
}

/** Errors: `unavailable` with what the builder said and its hint; the signal's reason. */
export async function buildInProcess(build: ImageBuild): Promise<BuiltFile> {
  const { kind, cacheDir, progress, signal } = build;
  signal.throwIfAborted();
  const child = spawn(process.execPath, [program, kind, '--cache', cacheDir], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const onAbort = (): void => {
    child.kill('SIGTERM');
  };
  signal.addEventListener('abort', onAbort, { once: true });
  let answer = '';
  let complaint = '';
  let hint: string | undefined;
  createInterface(child.stdout).on('line', (line) => {
    answer = line.slice(0, maxLineLength);
  });
  createInterface(child.stderr).on('line', (line) => {
    const text = line.slice(0, maxLineLength);
    if (text.startsWith('images: ')) complaint = text.slice('images: '.length);
    else if (text.startsWith('hint: ')) hint = text.slice('hint: '.length);
    else progress(text.startsWith(`${kind}: `) ? text.slice(kind.length + 2) : text);
  });
  try {
    const ended = Promise.withResolvers<number | null>();
    child.once('error', ended.reject);
    child.once('close', ended.resolve);
    const code = await ended.promise;
    if (signal.aborted) throw abortReason(signal);
    if (code === 0) return builtSchema.parse(JSON.parse(answer));
    throw new Fault(
      'unavailable',
      `cannot build image ${kind}: ${complaint || `exit status ${code}`}`,
      {
        hint,
      },
    );
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
