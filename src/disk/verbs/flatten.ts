/** Makes one disk of a chain: a child and all its parents become a disk that stands alone. */
import { Fault } from '#lib';
import type { Disk } from '../disk.ts';
import { convertDisk, type ConvertOptions } from './convert.ts';
import { demandNothingInside } from './inside.ts';
import type { Resumed } from './resume.ts';

/** Variants of a disk that stands alone, where the child's own would not do. */
const alone: Readonly<Record<string, string>> = { vhd: 'dynamic', vhdx: 'dynamic' };

export interface FlattenOptions extends Omit<ConvertOptions, 'target'> {
  /** `existing: 'replace'` with the child's own path puts the result in its place, once it is complete. */
  readonly target: Pick<ConvertOptions['target'], 'path' | 'existing' | 'durability'>;
}

/** The result has the child's format and unit of allocation. Faults: `invalid` for a disk without a parent; `refused` where its place would lose what is inside of it. */
export async function flattenDisk(child: Disk, options: FlattenOptions): Promise<Resumed> {
  const { format, layer } = child;
  if (child.parent === undefined) {
    throw new Fault('invalid', `cannot flatten ${child.name}: it stands alone already`);
  }
  if (options.target.existing === 'replace') demandNothingInside(child, 'flatten');
  const { variant, fields } = layer.describe();
  return await convertDisk(child, {
    ...options,
    target: {
      ...options.target,
      format,
      variant: alone[format] ?? variant,
      blockBytes: layer.blockBytes,
      sectorBytes: layer.sectorBytes,
      ...(fields['compression'] === 'zstd' ? { compression: 'zstd' as const } : {}),
    },
    verify: 'compare',
  });
}
