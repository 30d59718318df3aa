/** Questions to a person. Without a terminal nothing is asked: what needs an answer then needs --yes. */
import { Fault } from '#lib';
import type { Run } from './command.ts';

/** Goes on when the expected word is typed (or `yes` where none is given). Errors: `cancelled`; `invalid` without a terminal. */
export async function confirm(
  { out, yes, signal }: Pick<Run, 'out' | 'yes' | 'signal'>,
  question: string,
  expected = 'yes',
): Promise<void> {
  if (yes) return;
  if (!out.interactive)
    throw new Fault('invalid', 'this needs a confirmation', { hint: 'add --yes' });
  // loaded where somebody is asked
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${question} (${expected}): `, { signal });
    if (answer.trim() !== expected)
      throw new Fault('cancelled', 'not confirmed, nothing was changed');
  } finally {
    lines.close();
  }
}
