/**
 * What a process that serves disks does without, from its first instruction on. Its account it takes by itself, since
 * that need not reach the program; so it begins with what this takes, and nothing else of root's.
 */
import { runProgram } from '#qemu';
import { findProgram } from '../host/programs.ts';

const trialMs = 5_000;
/** To take the vm's account, and to read the program wherever it lies until then. */
const kept = ['setuid', 'setgid', 'dac_read_search'];

export interface Narrowing {
  /** Absolute path of unshare (util-linux) where namespaces can be made. */
  readonly unshare: string | undefined;
  /** Absolute path of setpriv (util-linux), where there is one. */
  readonly setpriv: string | undefined;
}

/** Whether this host lets the agent make namespaces; in many a container it does not. */
export async function findUnshare(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const program = await findProgram('unshare');
  if (program === undefined) return undefined;
  const { code } = await runProgram(program, [...apart, 'true'], { timeoutMs: trialMs });
  return code === 0 ? program : undefined;
}

/** Networks and shared memory of its own, in which there is nothing. A socket with a path is reached all the same. */
const apart = ['--net', '--ipc', '--'];

export function narrowed(argv: readonly string[], { unshare, setpriv }: Narrowing): string[] {
  const bounds =
    process.getuid?.() === 0
      ? [`--bounding-set=-all,${kept.map((name) => `+${name}`).join(',')}`]
      : [];
  return [
    ...(unshare === undefined ? [] : [unshare, ...apart]),
    ...(setpriv === undefined
      ? []
      : [setpriv, '--no-new-privs', '--inh-caps=-all', ...bounds, '--']),
    ...argv,
  ];
}
