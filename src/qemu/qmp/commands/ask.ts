/** What every typed command shares. */
import { Fault } from '#lib';
import { Misfit, type JsonObject, type Parser } from '../../parse.ts';
import type { CommandOptions, QmpClient } from '../client.ts';

/** Whoever can send commands: a connected client. */
export type Monitor = Pick<QmpClient, 'execute'>;

/** Sends the command and parses what it returns. Errors: as `execute`; `internal` when it does not fit. */
export async function ask<T>(
  monitor: Monitor,
  command: string,
  args: JsonObject | undefined,
  parser: Parser<T>,
  options: CommandOptions | undefined,
): Promise<T> {
  const value = await monitor.execute(command, args, options);
  try {
    return parser(value, 'return');
  } catch (cause) {
    if (!(cause instanceof Misfit)) throw cause;
    throw new Fault('internal', `qmp ${command}: the answer does not fit`, { cause });
  }
}

/** Sends a command whose answer says nothing but that it was taken. */
export async function tell(
  monitor: Monitor,
  command: string,
  args: JsonObject | undefined,
  options: CommandOptions | undefined,
): Promise<void> {
  await monitor.execute(command, args, options);
}
