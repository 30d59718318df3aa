/**
 * Holes of host files: lseek(2) with SEEK_DATA and SEEK_HOLE, fallocate(2) with PUNCH_HOLE, reached by node:ffi
 * where this Node has it (26 and later) and the host is Linux. Elsewhere `hostHoles` is undefined and callers
 * compare with zeros, which is right everywhere and slower on sparse files.
 *
 * The calls are synchronous and take well under a microsecond for lseek; fallocate only edits extents.
 */
import { loadSymbols } from '#lib';
import type { FileRun } from './disk-file.ts';

export interface HostHoles {
  runAt(fd: number, offset: number, limit: number): FileRun;
  punch(fd: number, offset: number, length: number): boolean;
  reserve(fd: number, sizeBytes: number): boolean;
}

const seekData = 3;
const seekHole = 4;
const keepSize = 1;
const punchHole = 2;

interface Calls {
  lseek64(fd: number, offset: bigint, whence: number): bigint;
  fallocate64(fd: number, mode: number, offset: bigint, length: bigint): number;
}

function isCalls(value: object): value is Calls {
  return (
    'lseek64' in value &&
    typeof value.lseek64 === 'function' &&
    'fallocate64' in value &&
    typeof value.fallocate64 === 'function'
  );
}

function loadCalls(): Calls | undefined {
  const functions = loadSymbols({
    lseek64: { arguments: ['int32', 'int64', 'int32'], return: 'int64' },
    fallocate64: { arguments: ['int32', 'int32', 'int64', 'int64'], return: 'int32' },
  });
  return functions !== undefined && isCalls(functions) ? functions : undefined;
}

let loaded: { readonly holes: HostHoles | undefined } | undefined;

/** The host's abilities, found out once per process. */
export function hostHoles(): HostHoles | undefined {
  loaded ??= { holes: makeHoles(loadCalls()) };
  return loaded.holes;
}

function makeHoles(calls: Calls | undefined): HostHoles | undefined {
  if (calls === undefined) return undefined;
  return {
    runAt(fd, offset, limit) {
      const data = Number(calls.lseek64(fd, BigInt(offset), seekData));
      // -1: no data from here to the end (or a file system that cannot say; then offset itself is data)
      if (data < 0) {
        const hole = Number(calls.lseek64(fd, BigInt(offset), seekHole));
        return { kind: hole < 0 || hole === offset ? 'hole' : 'data', length: limit };
      }
      if (data > offset) return { kind: 'hole', length: Math.min(limit, data - offset) };
      const hole = Number(calls.lseek64(fd, BigInt(offset), seekHole));
      return { kind: 'data', length: hole <= offset ? limit : Math.min(limit, hole - offset) };
    },
    punch: (fd, offset, length) =>
      calls.fallocate64(fd, keepSize + punchHole, BigInt(offset), BigInt(length)) === 0,
    reserve: (fd, sizeBytes) => calls.fallocate64(fd, 0, 0n, BigInt(sizeBytes)) === 0,
  };
}
