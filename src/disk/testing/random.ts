/** Repeatable random numbers for tests: a small generator (xorshift) with a seed. */

export interface Random {
  /** A whole number from 0 to `below` - 1. */
  pick(below: number): number;
  bytes(length: number): Buffer;
}

export function seededRandom(seed: number): Random {
  let state = (seed * 2654435761 + 88172645463325) >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  return {
    pick: (below) => next() % below,
    bytes(length) {
      const bytes = Buffer.alloc(length);
      for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32LE(next(), at);
      return bytes;
    },
  };
}
