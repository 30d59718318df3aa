/**
 * Programs that must not outlive this one: probes and helpers, unlike machines. The kernel kills them when
 * their parent ends, however it ends (prctl(2), PR_SET_PDEATHSIG), where util-linux's setpriv is there.
 */
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';

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
