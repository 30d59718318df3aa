/** The verbs that the console offers for a disk, and the words they have. */
import type { DiskVerb, HostDisk } from '#api';
import type { DiskTextKey } from './disk-words.ts';

/** Done at once when they are confirmed. */
export const plainVerbs = ['compact', 'commit', 'flatten', 'delete'] as const satisfies DiskVerb[];
/** Those that make a new file. */
export const makingVerbs = ['create', 'create-child', 'convert'] as const satisfies DiskVerb[];

export type PlainVerb = (typeof plainVerbs)[number];
export type MakingVerb = (typeof makingVerbs)[number];
export type VerbOfDisk = PlainVerb | Exclude<MakingVerb, 'create'> | 'inspect' | 'resize';

/** What somebody wants to do, and with which disk. */
export type DiskVerbAsked =
  | { readonly verb: 'create'; readonly disk?: undefined }
  | { readonly verb: VerbOfDisk; readonly disk: HostDisk };

export const verbWord = {
  inspect: 'inspect',
  create: 'create',
  'create-child': 'createChild',
  convert: 'convert',
  resize: 'resize',
  compact: 'compact',
  commit: 'commit',
  flatten: 'flatten',
  delete: 'delete',
} as const satisfies Record<DiskVerbAsked['verb'], DiskTextKey>;
