/** The connections of user-mode networks: only the monitor for people tells them (hmp-commands-info.hx, libslirp). */
import { text } from '../../parse.ts';
import type { CommandOptions } from '../client.ts';
import { ask, type Monitor } from './ask.ts';

export interface UserConnection {
  /** As TCP has it: `SYN_SENT` while the guest has not answered. */
  readonly state: string;
  /** Of the host, where a forward is; of the guest otherwise. */
  readonly port: number;
}

const maxConnections = 4096;
const maxTableLength = 512 * 1024;
const row = /^ +TCP\[([A-Z_0-9]{1,16})\] +-?\d+ +\S+ +(\d{1,5}) /;

export async function infoUsernet(
  monitor: Monitor,
  options?: CommandOptions,
): Promise<readonly UserConnection[]> {
  const command = { 'command-line': 'info usernet' };
  return parseConnections(
    await ask(monitor, 'human-monitor-command', command, text(maxTableLength), options),
  );
}

export function parseConnections(table: string): readonly UserConnection[] {
  const connections: UserConnection[] = [];
  for (const line of table.split('\n')) {
    const [, state, port] = row.exec(line) ?? [];
    if (state === undefined || connections.length >= maxConnections) continue;
    connections.push({ state, port: Number(port) });
  }
  return connections;
}
