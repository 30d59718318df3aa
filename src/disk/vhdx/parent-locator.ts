/** The parent locator of a differencing VHDX (MS-VHDX 2.6.2.6): keys and values as UTF-16 text. */
import { basename } from 'node:path';
import { Fault } from '#lib';
import type { NewParent, ParentReference } from '../layer.ts';
import type { Structure } from '../structure.ts';
import { guidBytes, guidText } from './guid.ts';

const vhdxLocator = 'b04aefb7-d19e-4a81-b789-25b8e9445913';

export type ParentLocator = ReadonlyMap<string, string>;

/** Faults: `corrupt`; `unsupported` for a locator of another type. */
export function parseParentLocator(item: Structure): ParentLocator {
  const type = guidText(item.slice(0, 16));
  item.demand(type === vhdxLocator, 0, `a parent locator of type ${type}`, 'unsupported');
  const count = item.u16le(18);
  item.demand(count <= 64, 18, `${count} entries`);
  const found = new Map<string, string>();
  for (let index = 0; index < count; index += 1) {
    const at = 20 + index * 12;
    const key = item.slice(item.u32le(at), item.u16le(at + 8)).toString('utf16le');
    const value = item.slice(item.u32le(at + 4), item.u16le(at + 10)).toString('utf16le');
    found.set(key, value);
  }
  return found;
}

export function referenceOf(locator: ParentLocator): ParentReference {
  const paths = ['relative_path', 'absolute_win32_path', 'volume_path']
    .map((key) => locator.get(key) ?? '')
    .filter((path) => path !== '');
  const last = (paths[0] ?? '').replaceAll('\\', '/').split('/').at(-1) ?? '';
  const linkage = locator.get('parent_linkage')?.replace(/[{}]/g, '').toLowerCase();
  return {
    names: [...paths.map((path) => path.replace(/^\\\\\?\\/, '')), last].filter(
      (name) => name !== '',
    ),
    format: 'vhdx',
    ...(linkage === undefined ? {} : { identity: linkage }),
  };
}

/** Faults: `unsupported` when the parent is not a VHDX, which alone has the identity that is recorded. */
export function buildParentLocator(parent: NewParent): Buffer {
  if (parent.format !== 'vhdx' || parent.identity === undefined) {
    throw new Fault(
      'unsupported',
      `${parent.path} cannot be the parent of a vhdx: it is ${parent.format}`,
      {
        hint: 'make a qcow2 over it instead',
      },
    );
  }
  const relative = parent.relativePath.replaceAll('/', '\\');
  const entries = [
    ['parent_linkage', `{${parent.identity}}`],
    ['relative_path', /^\.\.?\\/.test(relative) ? relative : `.\\${relative}`],
    ['absolute_win32_path', parent.path.replaceAll('/', '\\')],
  ] as const;
  const head = Buffer.alloc(20 + entries.length * 12);
  guidBytes(vhdxLocator).copy(head, 0);
  head.writeUInt16LE(entries.length, 18);
  const texts: Buffer[] = [];
  let offset = head.length;
  for (const [index, pair] of entries.entries()) {
    const [key, value] = pair.map((text) => Buffer.from(text, 'utf16le'));
    if (key === undefined || value === undefined || value.length > 8192) {
      throw new Fault('too-large', `the name ${basename(parent.path)} is too long`);
    }
    const at = 20 + index * 12;
    head.writeUInt32LE(offset, at);
    head.writeUInt32LE(offset + key.length, at + 4);
    head.writeUInt16LE(key.length, at + 8);
    head.writeUInt16LE(value.length, at + 10);
    texts.push(key, value);
    offset += key.length + value.length;
  }
  return Buffer.concat([head, ...texts]);
}
