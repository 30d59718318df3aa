/** The parent that a qcow2 image names in its header (QEMU, docs/interop/qcow2.txt), read without opening more. */
import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

const magic = 0x514649fb;
const headerBytes = 24;
const maxNameBytes = 1023;

/** Absolute path, or undefined: no parent, no qcow2 image, or none that is a file. Never throws. */
export async function readBacking(path: string): Promise<string | undefined> {
  const name = await readBackingName(path);
  return name === undefined ? undefined : resolve(dirname(path), name);
}

/** As the image has it: absolute, or relative to its folder. */
export async function readBackingName(path: string): Promise<string | undefined> {
  const backing = await readBackingText(path);
  if (typeof backing !== 'string') return undefined;
  return /^[a-z][a-z0-9+.-]*:/i.test(backing) ? undefined : backing;
}

/** All that the image has there; `unreadable`: it has a parent, in a way that cannot be. Never throws. */
export async function readBackingText(
  path: string,
): Promise<string | { readonly unreadable: true } | undefined> {
  const handle = await open(path, 'r').catch(() => undefined);
  if (!handle) return undefined;
  try {
    const header = Buffer.alloc(headerBytes);
    const { bytesRead } = await handle.read(header, 0, headerBytes, 0);
    if (bytesRead < headerBytes || header.readUInt32BE(0) !== magic) return undefined;
    const offset = Number(header.readBigUInt64BE(8));
    const size = header.readUInt32BE(16);
    if (offset === 0) return undefined;
    if (size === 0 || size > maxNameBytes || !Number.isSafeInteger(offset))
      return { unreadable: true };
    const name = Buffer.alloc(size);
    const read = await handle.read(name, 0, size, offset);
    return name.toString('utf8', 0, read.bytesRead);
  } catch {
    return undefined;
  } finally {
    await handle.close();
  }
}
