/**
 * Reads what is in the page cache at once: preadv2(2) with RWF_NOWAIT, reached as holes.ts reaches its calls. It never waits for a
 * disk: what is not cached is left to whoever reads by a thread. A way to a thread and back takes longer than a small copy.
 */
import { loadSymbols, pointerTo } from '#lib';
import { maxAtOnceBytes, takeAtOnce } from './at-once.ts';

const nowait = 8;

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

/** How many bytes, from the first on, came at once: none where nothing is cached, or where this host cannot tell. */
export function readCached(fd: number, into: Uint8Array, offset: number): number {
  if (into.length > maxAtOnceBytes || into.length === 0) return 0;
  loaded ??= { calls: loadCalls() };
  const { calls } = loaded;
  if (calls === undefined || !takeAtOnce()) return 0;
  vectorAt ??= pointerTo(new Uint8Array(vector.buffer));
  vector[0] = pointerTo(into);
  vector[1] = BigInt(into.length);
  return Math.max(0, Number(calls.preadv64v2(fd, vectorAt, 1, BigInt(offset), nowait)));
}
