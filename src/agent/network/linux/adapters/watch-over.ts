/** Starts the guard of a trial (adapter-guard.ts), and lets it go. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Fault } from '#lib';

const readyMs = 20_000;

export interface GuardOptions {
  readonly folder: string;
  readonly id: string;
  readonly ip: string;
  readonly limitMs: number;
}

/** Resolves when the guard watches; what it gives ends it. Errors: `unavailable`. */
export async function watchOver({ folder, id, ip, limitMs }: GuardOptions): Promise<Disposable> {
  const program = fileURLToPath(new URL('./adapter-guard.ts', import.meta.url));
  const args = [program, folder, id, ip, String(limitMs)];
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    cwd: '/',
  });
  const end: Disposable = { [Symbol.dispose]: () => void child.kill('SIGKILL') };
  try {
    await Promise.race([
      once(child.stdout, 'data', { signal: AbortSignal.timeout(readyMs) }),
      once(child, 'exit').then(() => Promise.reject(new Error('it has ended'))),
    ]);
  } catch (cause) {
    end[Symbol.dispose]();
    throw new Fault('unavailable', 'cannot start what would undo the change', { cause });
  }
  child.stdout.destroy();
  child.unref();
  return end;
}
