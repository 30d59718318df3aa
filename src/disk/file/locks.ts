/**
 * Locks on host files, asked for of the file itself: fcntl(2) with F_OFD_GETLK tells of those that QEMU and others have on
 * ranges of it, flock(2) of those that we take ourselves. Reached as holes.ts reaches its calls, which take a microsecond; the
 * list of all locks of the host (in-use.ts), which says more, makes its reader wait for all processors (some 10 ms).
 */
import { loadSymbols, pointerTo } from '#lib';
import type { Access } from './disk-file.ts';

export interface HostLocks {
  /** Locks it until it is closed. False: another program has a lock, of either kind, that excludes it. */
  take(fd: number, access: Access): boolean;
  /** Whether no other program has a lock for writing, nor one on a range, as QEMU has also where it only reads. */
  isStill(fd: number): boolean;
}

const getLockOfFile = 36; // F_OFD_GETLK
const shared = 1;
const exclusive = 2;
const withoutWaiting = 4;
const unlock = 8;

interface Calls {
  fcntl(fd: number, command: number, lock: bigint): number;
  flock(fd: number, operation: number): number;
}

function isCalls(value: object): value is Calls {
  return (
    'fcntl' in value &&
    typeof value.fcntl === 'function' &&
    'flock' in value &&
    typeof value.flock === 'function'
  );
}

function loadCalls(): Calls | undefined {
  const functions = loadSymbols({
    fcntl: { arguments: ['int32', 'int32', 'pointer'], return: 'int32' },
    flock: { arguments: ['int32', 'int32'], return: 'int32' },
  });
  return functions !== undefined && isCalls(functions) ? functions : undefined;
}

let loaded: { readonly locks: HostLocks | undefined } | undefined;

/** The host's abilities, found out once per process. */
export function hostLocks(): HostLocks | undefined {
  loaded ??= { locks: makeLocks(loadCalls()) };
  return loaded.locks;
}

const [forReading, forWriting, none] = [0, 1, 2]; // F_RDLCK, F_WRLCK, F_UNLCK

function makeLocks(calls: Calls | undefined): HostLocks | undefined {
  if (calls === undefined) return undefined;
  /** `struct flock` of 64-bit Linux, of the one question that is asked: kind and origin, start, length (0: to the end), process. */
  const question = Buffer.from(new ArrayBuffer(32));
  const questionAt = pointerTo(question);
  /** Whether no range is locked against it. A file system that cannot say has no such locks. */
  const isFree = (fd: number, access: Access): boolean => {
    question.fill(0);
    question.writeInt16LE(access === 'write' ? forWriting : forReading, 0);
    return calls.fcntl(fd, getLockOfFile, questionAt) !== 0 || question.readInt16LE(0) === none;
  };
  return {
    take: (fd, access) =>
      isFree(fd, access) &&
      calls.flock(fd, (access === 'write' ? exclusive : shared) + withoutWaiting) === 0,
    isStill(fd) {
      if (!isFree(fd, 'write') || calls.flock(fd, shared + withoutWaiting) !== 0) return false;
      calls.flock(fd, unlock);
      return true;
    },
  };
}
