/** Makes one disk of a chain: a child and all its parents become a disk that stands alone. */
import { Fault } from '#lib';
import type { Disk } from '../disk.ts';
import { convertDisk, type ConvertOptions } from './convert.ts';
import type { Resumed } from './resume.ts';

/** Variants of a disk that stands alone, where the child's own would not do. */
const alone: Readonly<Record<string, string>> = { vhd: 'dynamic', vhdx: 'dynamic' };

export interface FlattenOptions extends Omit<ConvertOptions, 'target'> {
  /** `existing: 'replace'` with the child's own path puts the result in its place, once it is complete. */
  readonly target: Pick<ConvertOptions['target'], 'path' | 'existing' | 'durability'>;
}

/** The result has the child's format and unit of allocation. Faults: `invalid` for a disk without a parent. */
export async function flattenDisk(child: Disk, options: FlattenOptions): Promise<Resumed> {
  const { format, layer } = child;
  if (child.parent === undefined) {
    throw new Fault('invalid', `cannot flatten ${child.name}: it stands alone already`);
  }
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
