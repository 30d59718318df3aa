/**
 * Converts a disk, with all its parents, into a new one of any format that is written: also how a chain is
 * flattened, a disk compacted and a damaged one brought into order, since none of these touches the source.
 */
import { Fault } from '#lib';
import type { Disk } from '../disk.ts';
import { openDisk } from '../open.ts';
import type { FileStore } from '../store.ts';
import { compareDisks } from './compare.ts';
import { copyDisk } from './copy.ts';
import { demandSpace, makeDisk, roundedSize, type NewDisk } from './create.ts';
import { measure } from './map.ts';
import type { VerbOptions } from './progress.ts';

export interface ConvertOptions extends VerbOptions {
  readonly target: Omit<NewDisk, 'sizeBytes' | 'signal'>;
  readonly store: FileStore;
  readonly compress?: boolean | undefined;
  /** `compare` reads both again before the target gets its name. */
  readonly verify?: 'compare' | 'none' | undefined;
  readonly inFlight?: number | undefined;
}

/** Faults: `exists`, `exhausted`, `unsupported`, `cancelled`; `internal` when the verification fails. */
export async function convertDisk(source: Disk, options: ConvertOptions): Promise<void> {
  const { target, signal } = options;
  const { sizeBytes } = source;
  const isStream = target.variant === 'streamOptimized';
  const compress = options.compress === true || isStream;
  await demandRoom(source, { ...options, compress });
  const wanted: NewDisk = { ...target, sizeBytes, ...(signal === undefined ? {} : { signal }) };
  await makeDisk(wanted, options.store, async (made) => {
    await copyDisk(source, made, { ...options, target: 'new', compress });
    if (options.verify !== 'compare') return;
    await verify(source, made, options);
  });
}

/** How much of it compresses is not known before. Faults: `exhausted`. */
export async function demandRoom(
  source: Disk,
  { target, compress, signal }: ConvertOptions,
): Promise<void> {
  if (compress === true) return;
  const isFull = target.preallocation === 'full';
  const rounded = roundedSize({ ...target, sizeBytes: source.sizeBytes });
  await demandSpace(target.path, isFull ? rounded : (await measure(source, signal)).dataBytes);
}

async function verify(source: Disk, made: Disk, options: ConvertOptions): Promise<void> {
  if (made.layer.writer !== undefined) await made.layer.writer.finish();
  const { format, name } = made;
  const copy = await openDisk({ path: name, store: options.store, format, parent: 'none' });
  try {
    await verifyCopy(source, copy, options.signal);
  } finally {
    await copy.close();
  }
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
