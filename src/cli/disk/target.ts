/** From what was typed to a new disk: format by option or by the ending of the name, type in common words or the format's own. */
import { extname, resolve } from 'node:path';
import { formatNamed, formats, variantOf, type Format, type NewDisk } from '#disk';
import { Fault } from '#lib';
import type { Values } from '../command.ts';

const writable = formats.filter((format) => format.create !== undefined);

export const targetOptions = {
  type: {
    type: 'text',
    short: 't',
    value: 'TYPE',
    meaning: "dynamic (default), fixed, or the format's own word, for example streamOptimized",
  },
  block: { type: 'size', value: 'SIZE', meaning: 'unit of allocation, for example 64K' },
  sector: {
    type: 'size',
    value: 'SIZE',
    meaning: 'logical sector of the guest (vhdx: 512 or 4096)',
  },
  compress: {
    type: 'text',
    value: 'METHOD',
    meaning: 'compress what is stored (qcow2)',
    words: ['zlib', 'zstd'],
  },
} as const;

export const formatOption = {
  type: 'text',
  value: 'FORMAT',
  meaning: 'the format of the new disk; the ending of its name decides when absent',
  words: writable.map((format) => format.name),
} as const;

/** Faults: `invalid` when neither option nor ending says it. */
export function targetFormat(path: string, named: string | undefined): Format {
  if (named !== undefined) return formatNamed(named);
  const ending = extname(path).slice(1).toLowerCase();
  const format = writable.find(({ suffixes }) => suffixes.includes(ending));
  if (format !== undefined) return format;
  throw new Fault('invalid', `the name ${path} does not say which format it is to have`, {
    hint: `add the format: one of ${writable.map(({ name }) => name).join(', ')}`,
  });
}

export type TargetValues = Values<typeof targetOptions>;

/** A fixed disk takes its whole size from the volume when it is made (DISK-06). */
export function newDisk(
  path: string,
  format: Format,
  options: TargetValues,
): Omit<NewDisk, 'sizeBytes' | 'signal'> {
  const { type, block, sector, compress } = options;
  const variant = variantOf(format, type);
  const isFixed = type === 'fixed' || variant === 'fixed';
  return {
    path: resolve(path),
    format: format.name,
    variant,
    blockBytes: block,
    sectorBytes: sector,
    compression: compress,
    ...(isFixed ? { preallocation: 'full' as const } : {}),
  };
}
