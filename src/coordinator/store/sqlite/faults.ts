/** SQLite's result codes (sqlite.org/rescode.html) as faults. The only place that knows them. */
import { Fault } from '#lib';

export const damageHint =
  'stop Gantry and keep a copy of the file; put a backup in its place, or move it away and let the hosts join again: their agents tell what they run';

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}

/** Any error as a fault of the store in `file`; what is not SQLite's is returned as it is. */
export function storeFault(file: string, error: unknown): unknown {
  const extended = resultCode(error);
  if (extended === undefined) return error;
  const options = { cause: error, facts: { file, sqliteCode: extended } };
  switch (extended & 0xff) {
    case 5: // SQLITE_BUSY
    case 6: // SQLITE_LOCKED
      return new Fault('unavailable', `the store ${file} is locked by another program`, options);
    case 8: // SQLITE_READONLY
      return new Fault('unavailable', `the store ${file} cannot be written`, {
        ...options,
        hint: 'look at the owner and mode of the file and at how its volume is mounted',
      });
    case 10: // SQLITE_IOERR
      return new Fault('unavailable', `the disk under the store ${file} failed`, {
        ...options,
        hint: 'look at the kernel log of this machine for errors of the disk',
      });
    case 11: // SQLITE_CORRUPT
    case 26: // SQLITE_NOTADB
      return new Fault('corrupt', `the store ${file} is damaged`, {
        ...options,
        hint: damageHint,
      });
    case 13: // SQLITE_FULL
      return new Fault('exhausted', `the disk under the store ${file} is full`, {
        ...options,
        hint: 'make room on its volume; nothing was changed, the request can be repeated',
      });
    case 14: // SQLITE_CANTOPEN
      return new Fault('unavailable', `the store ${file} cannot be opened`, {
        ...options,
        hint: 'look at the path and at the rights of its folder',
      });
    default:
      return new Fault('internal', `the store ${file} failed`, options);
  }
}
