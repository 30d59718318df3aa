/** What every typed command of the guest agent shares. */
import { Fault } from '#lib';
import { map, Misfit, text, type JsonObject, type Parser } from '../../parse.ts';
import type { GuestAgent, GuestCommandOptions } from '../client.ts';

/** Whoever can talk to an agent. */
export type Agent = Pick<GuestAgent, 'execute' | 'tell'>;

/** Errors: as `execute`; `unavailable` with `facts.guestAgent` "faulty" when the answer does not fit. */
export async function ask<T>(
  agent: Agent,
  command: string,
  args: JsonObject | undefined,
  parser: Parser<T>,
  options: GuestCommandOptions | undefined,
): Promise<T> {
  const value = await agent.execute(command, args, options);
  try {
    return parser(value, 'return');
  } catch (cause) {
    if (!(cause instanceof Misfit)) throw cause;
    throw new Fault('unavailable', `guest agent ${command}: the answer does not fit`, {
      cause,
      facts: { guestAgent: 'faulty' },
    });
  }
}

/** A text that a guest chose and people will see: one line, without control characters. */
export function label(maxLength = 256): Parser<string> {
  return map(text(maxLength), (value) => value.replaceAll(/\p{Cc}+/gu, ' ').trim());
}

/** Takes any answer. */
export const anything: Parser<unknown> = (value) => value;
