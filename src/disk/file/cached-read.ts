/**
 * Reads what is in the page cache at once: preadv2(2) with RWF_NOWAIT, reached as holes.ts reaches its calls. It never waits for a
 * disk: what is not cached is left to whoever reads by a thread. A way to a thread and back takes longer than a small copy.
 *
 * Reads that are answered at once do not let other work of the process have its turn, so each turn has so many and no more.
 */
import { loadSymbols, pointerTo } from '../symbols.ts';

const nowait = 8;
/** Beyond it the copy itself takes as long as the way to a thread. */
const maxBytes = 64 * 1024;
const readsPerTurn = 32;

interface Calls {
  preadv64v2(fd: number, iov: bigint, count: number, offset: bigint, flags: number): bigint;
}

function isCalls(value: object): value is Calls {
  return 'preadv64v2' in value && typeof value.preadv64v2 === 'function';
}

function loadCalls(): Calls | undefined {
  const functions = loadSymbols({
    preadv64v2: { arguments: ['int32', 'pointer', 'int32', 'int64', 'int32'], return: 'int64' },
  });
  return functions !== undefined && isCalls(functions) ? functions : undefined;
}

let loaded: { readonly calls: Calls | undefined } | undefined;
/** `struct iovec`, of the one read that is under way: address and length. */
const vector = new BigUint64Array(2);
let vectorAt: bigint | undefined;
let left = readsPerTurn;

function takeTurn(): boolean {
  if (left === readsPerTurn)
    setImmediate(() => {
      left = readsPerTurn;
    });
  if (left === 0) return false;
  left -= 1;
  return true;
}

/** How many bytes, from the first on, came at once: none where nothing is cached, or where this host cannot tell. */
export function readCached(fd: number, into: Uint8Array, offset: number): number {
  if (into.length > maxBytes || into.length === 0) return 0;
  loaded ??= { calls: loadCalls() };
  const { calls } = loaded;
  if (calls === undefined || !takeTurn()) return 0;
  vectorAt ??= pointerTo(new Uint8Array(vector.buffer));
  vector[0] = pointerTo(into);
  vector[1] = BigInt(into.length);
  return Math.max(0, Number(calls.preadv64v2(fd, vectorAt, 1, BigInt(offset), nowait)));
}
