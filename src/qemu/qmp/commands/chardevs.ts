/** Character devices: what is behind ports and channels (qapi/char.json). */
import { chardevName, guestChannelName } from '../../command-line/names.ts';
import { flag, list, map, record, text, type Parser } from '../../parse.ts';
import type { CommandOptions } from '../client.ts';
import { ask, type Monitor } from './ask.ts';

export interface ChardevInfo {
  readonly name: string;
  /** What it is connected to, in QEMU's notation: `pty:/dev/pts/3`. */
  readonly connectedTo: string;
  /** Whether the guest has opened its end. */
  readonly openInGuest: boolean;
}

const parseChardevs: Parser<readonly ChardevInfo[]> = list(
  map(record({ label: text(256), filename: text(), 'frontend-open': flag }), (chardev) => ({
    name: chardev.label,
    connectedTo: chardev.filename,
    openInGuest: chardev['frontend-open'],
  })),
);

export function queryChardev(
  monitor: Monitor,
  options?: CommandOptions,
): Promise<readonly ChardevInfo[]> {
  return ask(monitor, 'query-chardev', undefined, parseChardevs, options);
}

/** Whether an agent in the guest holds its channel open: absent and silent are told apart by this. */
export async function isGuestChannelOpen(
  monitor: Monitor,
  options?: CommandOptions,
): Promise<boolean> {
  const name = chardevName(guestChannelName);
  const chardevs = await queryChardev(monitor, options);
  return chardevs.some((chardev) => chardev.name === name && chardev.openInGuest);
}
