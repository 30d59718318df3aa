/** A storage pool as somebody wants it, read from libvirt's "Storage pool XML format": a folder, which is all that one can be here. */
import { posix } from 'node:path';
import { attributeOf, find, textOf } from '#foreign';
import { libvirtFault } from '#libvirt';
import { readRoot } from './xml-words.ts';

export interface PoolWish {
  readonly name: string;
  /** Absolute, without detours. */
  readonly path: string;
}

const maxName = 200;

/** Of any pool. Errors: XML_ERROR. */
export function readPoolName(text: string): string {
  const name = textOf(find(readRoot(text, 'pool'), 'name')) ?? '';
  if (name !== '' && name.length <= maxName && !/[/\n]/.test(name)) return name;
  throw libvirtFault('XML_ERROR', `XML error: '${name.slice(0, 100)}' is no name of a pool`);
}

/** Errors: XML_ERROR; CONFIG_UNSUPPORTED for other types than `dir`. */
export function readPool(text: string): PoolWish {
  const root = readRoot(text, 'pool');
  const type = attributeOf(root, 'type') ?? '';
  if (type !== 'dir')
    throw libvirtFault(
      'CONFIG_UNSUPPORTED',
      `unsupported configuration: pools of the type ${type.slice(0, 40)} are not made here`,
    );
  const name = readPoolName(text);
  if (name.includes('@'))
    throw libvirtFault('XML_ERROR', `XML error: '${name.slice(0, 100)}' is no name of a pool`);
  const path = textOf(find(root, 'target', 'path')) ?? '';
  if (!posix.isAbsolute(path))
    throw libvirtFault('XML_ERROR', 'XML error: the path of the target is not absolute');
  return { name, path: posix.resolve(path) };
}
