/** The table of verbs on disk files: what each touches, and the function that does it. */
import type { DiskVerb } from '#api';
import { deleteUnpackedVerb, unpackVerb } from './archive-verbs.ts';
import {
  commitVerb,
  compactVerb,
  deleteVerb,
  rebaseVerb,
  reconnectVerb,
  resizeVerb,
  wipeVerb,
} from './change-verbs.ts';
import type { Perform, WorkOf } from './doing.ts';
import {
  convertVerb,
  createChildVerb,
  createFloppyVerb,
  createVerb,
  flattenVerb,
  joinVerb,
  mergeVerb,
  repairVerb,
  splitVerb,
  uploadVerb,
} from './make-verbs.ts';
import {
  checksumVerb,
  checkVerb,
  compareVerb,
  diffVerb,
  mapVerb,
  measureVerb,
} from './read-verbs.ts';

/** Paths, by what is done with the file. */
export interface Touched {
  readonly reads?: readonly string[];
  /** Changed in its place, or deleted. */
  readonly changes?: readonly string[];
  /** Changed too: the parent of the first of `changes`. */
  readonly changesParent?: true;
  readonly makes?: readonly string[];
  /** A file of any kind that is read, and what becomes of it then. */
  readonly archive?: { readonly path: string; readonly afterwards: 'keep' | 'delete' };
  /** A folder that was unpacked here, which is deleted with all that came out of its archive. */
  readonly unpacked?: string;
  /** Becomes the parent of something. */
  readonly under?: readonly string[];
  /** Children of what is changed go on as they are. */
  readonly sparesChildren?: true;
}

interface VerbFacts<V extends DiskVerb> {
  touches(work: WorkOf<V>): Touched;
  readonly perform: Perform<V>;
}

const readsOne = ({ file }: { readonly file: string }): Touched => ({ reads: [file] });
const changesOne = ({ file }: { readonly file: string }): Touched => ({ changes: [file] });
const makesAnother = ({
  file,
  target,
}: {
  readonly file: string;
  readonly target: string;
}): Touched => ({ reads: [file], makes: [target] });

export const verbTable: { readonly [V in DiskVerb]: VerbFacts<V> } = {
  map: { touches: readsOne, perform: mapVerb },
  measure: { touches: readsOne, perform: measureVerb },
  compare: { touches: ({ file, other }) => ({ reads: [file, other] }), perform: compareVerb },
  diff: {
    touches: ({ file, other }) => ({ reads: other === undefined ? [file] : [file, other] }),
    perform: diffVerb,
  },
  checksum: { touches: readsOne, perform: checksumVerb },
  check: { touches: readsOne, perform: checkVerb },
  create: { touches: ({ file }) => ({ makes: [file] }), perform: createVerb },
  'create-floppy': { touches: ({ file }) => ({ makes: [file] }), perform: createFloppyVerb },
  'create-child': {
    touches: ({ file, parent }) => ({ makes: [file], under: [parent] }),
    perform: createChildVerb,
  },
  convert: { touches: makesAnother, perform: convertVerb },
  resize: { touches: changesOne, perform: resizeVerb },
  compact: { touches: changesOne, perform: compactVerb },
  commit: {
    touches: ({ file }) => ({ changes: [file], changesParent: true }),
    perform: commitVerb,
  },
  merge: { touches: makesAnother, perform: mergeVerb },
  rebase: {
    touches: ({ file, parent }) => ({ changes: [file], under: [parent] }),
    perform: rebaseVerb,
  },
  reconnect: {
    touches: ({ file, parent }) => ({ changes: [file], under: [parent], sparesChildren: true }),
    perform: reconnectVerb,
  },
  flatten: {
    touches: ({ file, target }) =>
      target === undefined ? { changes: [file] } : { reads: [file], makes: [target] },
    perform: flattenVerb,
  },
  repair: { touches: makesAnother, perform: repairVerb },
  split: { touches: makesAnother, perform: splitVerb },
  join: { touches: makesAnother, perform: joinVerb },
  upload: {
    touches: ({ file, replaces }) => (replaces === true ? { changes: [file] } : { makes: [file] }),
    perform: uploadVerb,
  },
  unpack: {
    touches: ({ file, target, archive, upload }) => ({
      ...(upload === undefined ? { archive: { path: file, afterwards: archive } } : {}),
      makes: [target],
    }),
    perform: unpackVerb,
  },
  wipe: { touches: changesOne, perform: wipeVerb },
  delete: { touches: changesOne, perform: deleteVerb },
  'delete-unpacked': { touches: ({ file }) => ({ unpacked: file }), perform: deleteUnpackedVerb },
};
