/** The bare QEMU until its serial console says so. */
import { connect } from 'node:net';
import type { BareQemu } from '../bare-qemu.ts';
import type { Taken } from './taken.ts';

export async function measureBare(bare: BareQemu): Promise<Taken> {
  const begin = performance.now();
  await using machine = await bare.start();
  const runningMs = performance.now() - begin;
  const serial = connect(machine.serial);
  let text = '';
  for await (const chunk of serial) {
    text += String(chunk);
    if (text.includes('login:')) break;
  }
  serial.destroy();
  return { runningMs, loginMs: performance.now() - begin };
}
