/** What a team waits for after a member, as people write it: `db=additions web=30 cache=nothing`. */
import { Fault } from '#lib';
import type { TeamWait } from '#api';

const additionsPattern = /^additions(?::(\d{1,4}))?$/;
const defaultTimeoutSeconds = 120;

export function showWait(wait: TeamWait): string {
  switch (wait.for) {
    case 'nothing':
      return 'nothing';
    case 'time':
      return `${wait.seconds} s`;
    case 'additions':
      return `additions, at most ${wait.timeoutSeconds} s`;
  }
}

function parseWait(text: string): TeamWait | undefined {
  if (text === 'nothing') return { for: 'nothing' };
  if (/^\d{1,4}$/.test(text)) return { for: 'time', seconds: Number(text) };
  const additions = additionsPattern.exec(text);
  if (additions === null) return undefined;
  return { for: 'additions', timeoutSeconds: Number(additions[1] ?? defaultTimeoutSeconds) };
}

/** Waits by vm; a name may itself have an equals sign. Errors: `invalid` naming the word. */
export function parseWaits(words: readonly string[]): ReadonlyMap<string, TeamWait> {
  const waits = new Map<string, TeamWait>();
  for (const word of words) {
    const equals = word.lastIndexOf('=');
    const wait = parseWait(word.slice(equals + 1));
    if (equals <= 0 || wait === undefined)
      throw new Fault('invalid', `--after "${word.slice(0, 120)}" is not VM=WAIT`, {
        hint: 'WAIT is a number of seconds, "additions", "additions:SECONDS" or "nothing"',
      });
    waits.set(word.slice(0, equals), wait);
  }
  return waits;
}
