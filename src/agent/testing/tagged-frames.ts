/** Frames with the tag of a VLAN (IEEE 802.1Q) as packet sockets send them: the kernel of a test need not know VLANs. */
import { must, type NetGuest } from './net-guest.ts';

const send = `import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[1], 0))
for frame in sys.argv[2:]:
    s.send(bytes.fromhex(frame))`;

/** For all, of the type for local experiments (IEEE 802 9.2), with a tag where it has a number. In hexadecimal. */
export function taggedFrame(from: string, vlan: number | undefined, text: string): string {
  const tag = vlan === undefined ? '' : `8100${vlan.toString(16).padStart(4, '0')}`;
  const rest = Buffer.from(text.padEnd(50)).toString('hex');
  return `ffffffffffff${from.replaceAll(':', '')}${tag}88b5${rest}`;
}

/** Sends them at the interface of the guest, or of the host of the test. */
export function sendFrames(
  guest: NetGuest | undefined,
  dev: string,
  frames: readonly string[],
): void {
  const call = ['-c', send, dev, ...frames];
  if (guest === undefined) must('python3', ...call);
  else guest.run('python3', ...call);
}
