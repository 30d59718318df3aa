/**
 * Starts the process of a vm: in a session of its own, so that it outlives the agent; under its account,
 * without any privilege to gain one; with the log as its standard error and nothing else of ours.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { Fault } from '#lib';
import type { Account } from '../confine/accounts.ts';

export interface SpawnRequest {
  readonly program: string;
  readonly args: readonly string[];
  readonly logPath: string;
  /** Undefined: as the agent. */
  readonly account: Account | undefined;
  /** Absolute path of setpriv (util-linux); without it supplementary groups are not given. */
  readonly setpriv: string | undefined;
  /** Open files that it has from the descriptor 3 on. */
  readonly inherited?: readonly number[] | undefined;
}

export interface Spawned {
  readonly pid: number;
  /** Resolves when it has ended, with what the kernel says of it. */
  readonly exited: Promise<string>;
}

/** What it finds in its environment: of the agent's the time zone alone, by which both know the local time (HW-49). */
function environment(): NodeJS.ProcessEnv {
  const { TZ } = process.env;
  const own = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C' };
  return TZ === undefined ? own : { ...own, TZ };
}

/** Errors: `unavailable` when the program cannot be started. */
export async function spawnProcess(request: SpawnRequest): Promise<Spawned> {
  const { program, args, account, setpriv } = request;
  const wrap = account !== undefined && setpriv !== undefined;
  const file = wrap ? setpriv : program;
  const argv = wrap ? [...setprivArguments(account), '--', program, ...args] : args;
  const log = openSync(request.logPath, 'a', 0o600);
  try {
    const child = spawn(file, argv, {
      detached: true,
      cwd: '/',
      env: environment(),
      stdio: ['ignore', log, log, ...(request.inherited ?? [])],
      ...(account === undefined || wrap ? {} : { uid: account.uid, gid: account.gid }),
    });
    const exited = Promise.withResolvers<string>();
    child.once('exit', (code, signal) => {
      exited.resolve(signal === null ? `exit status ${code}` : `signal ${signal}`);
    });
    await once(child, 'spawn');
    child.unref();
    if (child.pid === undefined) throw new Error('it has no process id');
    return { pid: child.pid, exited: exited.promise };
  } catch (cause) {
    throw new Fault('unavailable', `cannot start ${file}`, { cause });
  } finally {
    closeSync(log);
  }
}

export function setprivArguments({ uid, gid, groups }: Account): string[] {
  return [
    `--reuid=${uid}`,
    `--regid=${gid}`,
    groups.length === 0 ? '--clear-groups' : `--groups=${groups.join(',')}`,
    '--no-new-privs',
    '--inh-caps=-all',
    '--bounding-set=-all',
  ];
}
