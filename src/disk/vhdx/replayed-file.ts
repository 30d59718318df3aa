/** A file seen as if its log had been replayed: for reading a disk that must not be changed. */
import type { DiskFile } from '../file/disk-file.ts';
import type { Replay } from './log.ts';

export function replayedFile(file: DiskFile, replay: Replay): DiskFile {
  return {
    name: file.name,
    access: 'read',
    identity: file.identity,
    async read(into, offset) {
      const size = Math.max(await file.size(), replay.fileBytes);
      const wanted = Math.max(0, Math.min(into.length, size - offset));
      const count = await file.read(into.subarray(0, wanted), offset);
      into.fill(0, count, wanted);
      for (const change of replay.changes) {
        const length = 'bytes' in change ? change.bytes.length : change.length;
        const from = Math.max(offset, change.offset);
        const to = Math.min(offset + wanted, change.offset + length);
        if (from >= to) continue;
        if ('bytes' in change) {
          into.set(change.bytes.subarray(from - change.offset, to - change.offset), from - offset);
        } else {
          into.fill(0, from - offset, to - offset);
        }
      }
      return wanted;
    },
    write: (from, offset) => file.write(from, offset),
    size: async () => Math.max(await file.size(), replay.fileBytes),
    truncate: (sizeBytes) => file.truncate(sizeBytes),
    sync: () => file.sync(),
    close: () => file.close(),
    ...(file.storedBytes === undefined ? {} : { storedBytes: file.storedBytes.bind(file) }),
    ...(file.modifiedMs === undefined ? {} : { modifiedMs: file.modifiedMs.bind(file) }),
  };
}

/** Applies a replay to the file itself, durably. */
export async function applyReplay(file: DiskFile, replay: Replay): Promise<void> {
  if ((await file.size()) < replay.fileBytes) await file.truncate(replay.fileBytes);
  for (const change of replay.changes) {
    if ('bytes' in change) {
      await file.write(change.bytes, change.offset);
      continue;
    }
    const zeros = Buffer.alloc(Math.min(change.length, 2 ** 20));
    for (let done = 0; done < change.length; done += zeros.length) {
      await file.write(
        zeros.subarray(0, Math.min(zeros.length, change.length - done)),
        change.offset + done,
      );
    }
  }
  await file.sync();
}
