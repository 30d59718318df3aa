/**
 * Programs that must not outlive this one: probes and helpers, unlike machines. The kernel kills them when
 * their parent ends, however it ends (prctl(2), PR_SET_PDEATHSIG), where util-linux's setpriv is there.
 */
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { Fault } from '#lib';

const setpriv = '/usr/bin/setpriv';

export interface ProgramCall {
  readonly program: string;
  readonly args: readonly string[];
}

/** The call that does the same and ends with this process. */
export function makeMortal(program: string, args: readonly string[]): ProgramCall {
  // a program that is not there shall fail as itself
  if (!existsSync(setpriv) || !isAbsolute(program) || !existsSync(program))
    return { program, args };
  return { program: setpriv, args: ['--pdeathsig', 'KILL', '--', program, ...args] };
}

export interface ProgramAccount {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** The same under another account and without any privilege. Errors: `unsupported` where setpriv is not there. */
export function makeMortalAs(
  account: ProgramAccount | undefined,
  program: string,
  args: readonly string[],
): ProgramCall {
  if (account === undefined) return makeMortal(program, args);
  if (!existsSync(setpriv)) {
    throw new Fault('unsupported', `cannot start ${program} under an account of its own`, {
      hint: 'install the package util-linux, which has setpriv',
    });
  }
  const { uid, gid, groups } = account;
  const rights = [
    ['--pdeathsig', 'KILL', '--no-new-privs', `--reuid=${uid}`, `--regid=${gid}`],
    groups.length === 0 ? '--clear-groups' : `--groups=${groups.join(',')}`,
    ['--inh-caps=-all', '--bounding-set=-all', '--', program],
  ].flat();
  return { program: setpriv, args: [...rights, ...args] };
}
