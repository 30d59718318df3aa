/** The verbs that the console offers for a disk, and the words they have. */
import type { DiskVerb, HostDisk } from '#api';
import type { DiskTextKey } from './disk-words.ts';
import type { DiskBeginning } from './place.ts';

/** Done at once when they are confirmed. */
export const plainVerbs = [
  'compact',
  'commit',
  'flatten',
  'wipe',
  'delete',
] as const satisfies DiskVerb[];
/** Those that make a new file. */
export const makingVerbs = ['create', 'create-child', 'convert'] as const satisfies DiskVerb[];

export type PlainVerb = (typeof plainVerbs)[number];
export type MakingVerb = (typeof makingVerbs)[number];
export type VerbOfDisk = PlainVerb | Exclude<MakingVerb, 'create'> | 'inspect' | 'resize';
/** What is begun without a disk. */
export type DiskBegun =
  | { readonly verb: 'create'; readonly allocation?: 'dynamic' | 'fixed' }
  | { readonly verb: 'create-floppy' | 'create-any-child' | 'inspect-any' | 'upload' };

/** What somebody wants to do, and with which disk. */
export type DiskVerbAsked =
  | (DiskBegun & { readonly disk?: undefined })
  | { readonly verb: VerbOfDisk; readonly disk: HostDisk };

/** By what is chosen in the navigation. */
export const begunBy: Readonly<Record<DiskBeginning, DiskBegun>> = {
  dynamic: { verb: 'create', allocation: 'dynamic' },
  fixed: { verb: 'create', allocation: 'fixed' },
  differencing: { verb: 'create-any-child' },
  floppy: { verb: 'create-floppy' },
  inspect: { verb: 'inspect-any' },
};

export const verbWord = {
  inspect: 'inspect',
  'inspect-any': 'inspectAny',
  create: 'create',
  'create-floppy': 'createFloppy',
  'create-any-child': 'createChild',
  'create-child': 'createChild',
  convert: 'convert',
  resize: 'resize',
  compact: 'compact',
  commit: 'commit',
  flatten: 'flatten',
  wipe: 'wipe',
  delete: 'delete',
  upload: 'upload',
} as const satisfies Record<DiskVerbAsked['verb'], DiskTextKey>;
