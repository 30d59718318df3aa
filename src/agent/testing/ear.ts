/** What can be overheard at an interface: all frames that pass it, as a packet socket is given them (packet(7)). */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { systemClock } from '#lib';
import type { NetGuest } from './net-guest.ts';

// Node has no packet sockets.
const listener = `
import socket, sys
ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))
ear.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)
ear.bind((sys.argv[1], 0))
ear.setsockopt(263, 1, socket.if_nametoindex(sys.argv[1]).to_bytes(4, 'little') + b'\\x01' + bytes(11))
print('listening', flush=True)
while True:
    frame, (_, _, direction, _, _) = ear.recvfrom(65536)
    if direction != 4 or sys.argv[2] == 'both':
        print(frame[:200].hex(), flush=True)
`;

export interface Frame {
  readonly from: string;
  readonly to: string;
  /** EtherType, in hexadecimal: `0800`. */
  readonly type: string;
  /** The whole, in hexadecimal, cut at 200 bytes. */
  readonly hex: string;
}

const limitMs = 10_000;
const macAt = (hex: string, at: number): string =>
  (hex.slice(at, at + 12).match(/../g) ?? []).join(':');

export class Ear implements Disposable {
  readonly frames: Frame[] = [];
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Promiscuous, at the guest's interface, where what it sends itself is not heard, or at one of the host, where all is. */
  static async open(
    dev: string,
    guest?: NetGuest,
    directions: 'both' | 'arriving' = guest === undefined ? 'both' : 'arriving',
  ): Promise<Ear> {
    // nsenter into the namespace that it is in already changes nothing.
    const inside = `--net=/proc/${guest?.pid ?? 'self'}/ns/net`;
    const call = ['python3', '-c', listener, dev, directions];
    const child = spawn('nsenter', [inside, '--', ...call], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ear = new Ear(child);
    const lines = createInterface({ input: child.stdout });
    await once(lines, 'line');
    lines.on('line', (hex) =>
      ear.frames.push({ to: macAt(hex, 0), from: macAt(hex, 12), type: hex.slice(24, 28), hex }),
    );
    return ear;
  }

  /** The first frames, when there are so many. */
  async hears(count: number): Promise<readonly Frame[]> {
    await this.until(() => this.frames.length >= count);
    return this.frames.slice(0, count);
  }

  async until(holds: () => boolean): Promise<void> {
    const untilMs = systemClock.now() + limitMs;
    while (!holds()) {
      if (systemClock.now() > untilMs) throw new Error(`only ${this.frames.length} frames`);
      await systemClock.sleep(20);
    }
  }

  /** Frames with this text in them. */
  overheard(text: string): readonly Frame[] {
    const hex = Buffer.from(text).toString('hex');
    return this.frames.filter((frame) => frame.hex.includes(hex));
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}
