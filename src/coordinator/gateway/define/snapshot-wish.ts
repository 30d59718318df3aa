/** A snapshot as somebody wants it (libvirt's "Snapshot XML format"). What Gantry sees to by itself is passed over. */
import { attributeOf, find, textOf } from '#foreign';
import { Lost, readRoot } from './xml-words.ts';

export interface SnapshotWish {
  /** Undefined: any. */
  readonly name: string | undefined;
  readonly description: string;
  /** Whether it holds the memory; undefined: where there is some. */
  readonly memory: 'internal' | 'no' | undefined;
}

/** Where the files of a snapshot lie is Gantry's, and so is what they hold. */
const known = 'name description state parent creationTime memory domain inactiveDomain'.split(' ');
const memories = { internal: 'internal', no: 'no' } as const;

/** Errors: XML_ERROR; CONFIG_UNSUPPORTED with all that a snapshot cannot have. */
export function readSnapshot(text: string): SnapshotWish {
  const root = readRoot(text, 'domainsnapshot');
  const lost = new Lost();
  lost.others(root, '', known);
  const element = find(root, 'memory');
  const memory = lost.choose('memory that is', attributeOf(element, 'snapshot'), memories);
  if (attributeOf(element, 'file') !== undefined) lost.add('memory in a file of its own');
  lost.refuse('snapshot');
  return {
    name: textOf(find(root, 'name')),
    description: textOf(find(root, 'description')) ?? '',
    memory,
  };
}
