/** Types of disks in common words, dynamic and fixed, and what each format calls them. */
import { Fault } from '#lib';
import type { Format } from './format.ts';

/** The common words, in the words of each format. */
const commonTypes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  raw: { dynamic: 'sparse', fixed: 'full' },
  vhd: { dynamic: 'dynamic', fixed: 'fixed' },
  vhdx: { dynamic: 'dynamic', fixed: 'fixed' },
  qcow2: { dynamic: 'v3' },
  vmdk: { dynamic: 'monolithicSparse', fixed: 'monolithicFlat' },
};

/** Faults: `unsupported` naming the types there are. A format that is only read has none: whoever makes one is told. */
export function variantOf(format: Format, type: string | undefined): string | undefined {
  if (type === undefined || format.variants.length === 0) return undefined;
  const wanted = commonTypes[format.name]?.[type] ?? type;
  const found = format.variants.find((name) => name.toLowerCase() === wanted.toLowerCase());
  if (found !== undefined) return found;
  throw new Fault('unsupported', `a ${format.name} is never "${type.slice(0, 40)}"`, {
    hint: `one of: ${[...Object.keys(commonTypes[format.name] ?? {}), ...format.variants].join(', ')}`,
  });
}
