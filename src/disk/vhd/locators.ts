/**
 * Parent locators of a differencing VHD: up to eight places in the file that name the parent, each in the
 * manner of one platform. All kinds of the specification are read; a relative Windows path and a file URL
 * are written, because between them every reader finds one it understands.
 */
import { pathToFileURL } from 'node:url';
import type { DiskFile } from '../file/disk-file.ts';
import type { NewParent } from '../layer.ts';
import { maxNameBytes } from '../limits.ts';
import { readStructure, type Structure } from '../structure.ts';

export interface Locator {
  /** `W2ru`, `W2ku`, `Wi2r`, `Wi2k`, `Mac `, `MacX`, or a code that is not known. */
  readonly platform: string;
  readonly name: string;
  readonly offset: number;
  readonly length: number;
}

export const locatorSlots = 8;
const tableAt = 576;
const slotBytes = 24;

/** Order in which names are tried: relative before absolute, Unicode before the rest. */
const order = ['W2ru', 'MacX', 'W2ku', 'Wi2r', 'Wi2k', 'Mac '];

function decode(platform: string, bytes: Buffer): string {
  switch (platform) {
    case 'W2ru':
    case 'W2ku':
      return bytes.toString('utf16le').replace(/\0.*$/s, '');
    case 'Wi2r':
    case 'Wi2k':
      return bytes.toString('latin1').replace(/\0.*$/s, '');
    case 'MacX':
      return bytes.toString('utf8').replace(/\0.*$/s, '');
    case 'Mac ': {
      // an alias record: the name of its file is a counted string at 50
      const length = Math.min(bytes[50] ?? 0, 63);
      return bytes.toString('latin1', 51, 51 + length);
    }
    default:
      return '';
  }
}

/** All locators of a dynamic header, best first. Faults: `corrupt` when one lies outside the file. */
export async function readLocators(file: DiskFile, header: Structure): Promise<Locator[]> {
  const found: Locator[] = [];
  for (let slot = 0; slot < locatorSlots; slot += 1) {
    const at = tableAt + slot * slotBytes;
    if (header.u32be(at) === 0) continue;
    const platform = header.latin1(at, 4);
    const length = header.u32be(at + 8);
    header.demand(length <= maxNameBytes, at + 8, `a parent locator of ${length} bytes`);
    const offset = header.u64be(at + 16);
    const place = { format: 'vhd', structure: `parent locator ${platform}`, offset };
    const { bytes } = await readStructure(file, place, length);
    found.push({ platform, name: decode(platform, bytes), offset, length });
  }
  const rank = (locator: Locator): number => (order.indexOf(locator.platform) + 7) % 7;
  return found.sort((a, b) => rank(a) - rank(b));
}

export interface BuiltLocators {
  /** For the header, from byte 576 on. */
  readonly table: Buffer;
  /** For the file, at the offset that was given. */
  readonly data: Buffer;
}

export function buildLocators(parent: NewParent, dataOffset: number): BuiltLocators {
  const relative = parent.relativePath.replaceAll('/', '\\');
  const names: readonly (readonly [string, Buffer])[] = [
    ['W2ru', Buffer.from(/^\.\.?\\/.test(relative) ? relative : `.\\${relative}`, 'utf16le')],
    ['MacX', Buffer.from(pathToFileURL(parent.path).href, 'utf8')],
  ];
  const table = Buffer.alloc(locatorSlots * slotBytes);
  const data: Buffer[] = [];
  let offset = dataOffset;
  for (const [slot, [platform, name]] of names.entries()) {
    const space = Math.ceil(name.length / 512) * 512;
    const at = slot * slotBytes;
    table.write(platform, at, 'latin1');
    table.writeUInt32BE(space, at + 4);
    table.writeUInt32BE(name.length, at + 8);
    table.writeBigUInt64BE(BigInt(offset), at + 16);
    data.push(Buffer.concat([name, Buffer.alloc(space - name.length)]));
    offset += space;
  }
  return { table, data: Buffer.concat(data) };
}
