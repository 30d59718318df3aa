/** What is asked before a copy is made, and after: is there room for it, and is it equal. */
import { Fault } from '#lib';
import type { Disk } from '../disk.ts';
import { compareDisks } from './compare.ts';
import { demandSpace, roundedSize, type NewDisk } from './create.ts';
import { measure } from './map.ts';

export interface Room {
  readonly target: Omit<NewDisk, 'sizeBytes' | 'signal'>;
  readonly compress?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How much of it compresses is not known before. Faults: `exhausted`. */
export async function demandRoom(source: Disk, { target, compress, signal }: Room): Promise<void> {
  if (compress === true) return;
  const isFull = target.preallocation === 'full';
  const rounded = roundedSize({ ...target, sizeBytes: source.sizeBytes });
  await demandSpace(target.path, isFull ? rounded : (await measure(source, signal)).dataBytes);
}

/** Faults: `internal` with the place of the first difference. */
export async function verifyCopy(
  source: Disk,
  copy: Disk,
  signal: AbortSignal | undefined,
): Promise<void> {
  const result = await compareDisks(source, copy, { signal });
  if (result.isEqual) return;
  throw new Fault('internal', `the copy of ${source.name} differs at ${result.firstDifference}`, {
    hint: 'the source is untouched; try again on another volume',
  });
}
