/** Two ends of one stream in this process: what ends one of them ends the other. */
import { duplexPair, type Duplex } from 'node:stream';

export function makeBridge(): readonly [Duplex, Duplex] {
  const [near, far] = duplexPair();
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    one.once('close', () => other.destroy());
    // Whoever reads or writes hears of it.
    one.on('error', () => undefined);
  }
  return [near, far];
}
