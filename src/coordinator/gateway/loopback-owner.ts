/**
 * Whose program is at the other end of a connection over this machine's loopback: what the kernel says of the socket
 * there (proc(5), /proc/net/tcp). Only an established one counts, since one that nobody has any more is shown as root's.
 */
import { readFile } from 'node:fs/promises';
import { Fault } from '#lib';

export const loopback = '127.0.0.1';
const root = 0;
const established = '01';

/** Of the program at `peer`, connected to `own`. Errors: `unauthenticated` for another account than this one's and root. */
export async function requireOwner(peer: Place, own: Place): Promise<void> {
  const table = await readFile('/proc/net/tcp', 'latin1').catch(() => '');
  const owner = findOwner(table, peer, own);
  if (owner !== undefined && (owner === root || owner === process.getuid?.())) return;
  throw new Fault(
    'unauthenticated',
    'only programs of the account that Gantry runs as are let in here',
  );
}

export type Place = readonly [address: string, port: number];

/** The account of the socket at `peer`; undefined where there is no such connection. */
export function findOwner(table: string, peer: Place, own: Place): number | undefined {
  const [from, to] = [hexadecimal(peer), hexadecimal(own)];
  for (const line of table.split('\n')) {
    const [, local, remote, state, , , , account] = line.trim().split(/\s+/);
    if (local === from && remote === to && state === established) return Number(account);
  }
  return undefined;
}

/** As the table has it: the address in the byte order of the machine. */
function hexadecimal([address, port]: Place): string {
  const bytes = address.split('.').map(Number);
  const ordered = isLittleEndian ? bytes.toReversed() : bytes;
  const hex = Buffer.from(ordered).toString('hex') + ':' + port.toString(16).padStart(4, '0');
  return hex.toUpperCase();
}

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
