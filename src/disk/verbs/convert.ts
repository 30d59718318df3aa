/**
 * Converts a disk, with all its parents, into a new one of any format that is written: also how a chain is
 * flattened, a disk compacted and a damaged one brought into order, since none of these touches the source.
 */
import type { Disk } from '../disk.ts';
import { openDisk } from '../open.ts';
import type { FileStore } from '../store.ts';
import { copyDisk } from './copy.ts';
import { makeDisk, type NewDisk } from './create.ts';
import type { VerbOptions } from './progress.ts';
import { demandRoom, verifyCopy } from './prove.ts';
import { isResumable, makeResumably, type ResumeChoice, type Resumed } from './resume.ts';

export interface ConvertOptions extends VerbOptions, ResumeChoice {
  readonly target: Omit<NewDisk, 'sizeBytes' | 'signal'>;
  readonly store: FileStore;
  readonly compress?: boolean | undefined;
  /** `compare` reads both again before the target gets its name. */
  readonly verify?: 'compare' | 'none' | undefined;
  readonly inFlight?: number | undefined;
}

/** Faults: `exists`, `exhausted`, `unsupported`, `cancelled`; `internal` when the verification fails. */
export async function convertDisk(source: Disk, options: ConvertOptions): Promise<Resumed> {
  const { target, store, signal, verify } = options;
  const { sizeBytes } = source;
  const compress = options.compress === true || target.variant === 'streamOptimized';
  const wanted: NewDisk = { ...target, sizeBytes, signal };
  const prepare = (): Promise<void> => demandRoom(source, { ...options, compress });
  if (isResumable(options, target)) {
    return await makeResumably({
      ...options,
      source,
      wanted,
      shape: compress ? 'compress' : 'plain',
      prepare,
      copy: (made, range, meter) =>
        copyDisk(source, made, { ...options, target: 'new', compress, range, meter }),
    });
  }
  await prepare();
  await makeDisk(wanted, store, async (made) => {
    await copyDisk(source, made, { ...options, target: 'new', compress });
    if (verify !== 'compare') return;
    if (made.layer.writer !== undefined) await made.layer.writer.finish();
    const { format, name: path } = made;
    await using copy = await openDisk({ path, store, format, parent: 'none' });
    await verifyCopy(source, copy, signal);
  });
  return { resumedBytes: 0 };
}
