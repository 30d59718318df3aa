/** Files and links of sysfs, each read to a bound; what is not there, or cannot be read, is nothing (sysfs(5)). */
import { open, readdir, readlink, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** As much as the kernel gives of one attribute (Documentation/filesystems/sysfs.rst: a page). */
const maxBytes = 4096;
const maxEntries = 4096;
const maxText = 200;

/** The bytes of an attribute; empty where it tells none. */
export async function readBytes(file: string, most = maxBytes): Promise<Buffer> {
  try {
    await using handle = await open(file, 'r');
    const buffer = Buffer.alloc(most);
    const { bytesRead } = await handle.read(buffer, 0, most, 0);
    return buffer.subarray(0, bytesRead);
  } catch {
    return Buffer.alloc(0);
  }
}

/** One line for people; null where it tells nothing. Devices fill what they say with spaces, and some say what no text has. */
export async function readText(file: string): Promise<string | null> {
  const said = (await readBytes(file))
    .toString('latin1')
    .replaceAll(/[^\x21-\x7e]+/g, ' ')
    .trim();
  return said === '' ? null : said.slice(0, maxText);
}

/** Decimal, or hexadecimal behind `0x`; null for what is neither or below 0. */
export async function readNumber(file: string): Promise<number | null> {
  return numberOf(await readText(file));
}

/** Hexadecimal digits without anything before them. */
export async function readHex(file: string): Promise<number | null> {
  const text = await readText(file);
  return text !== null && /^[\da-f]{1,8}$/i.test(text) ? Number.parseInt(text, 16) : null;
}

export function numberOf(text: string | null): number | null {
  if (text === null || !/^(?:\d{1,16}|0x[\da-f]{1,12})$/i.test(text)) return null;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : null;
}

/** Sorted. */
export async function listNames(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.slice(0, maxEntries).sort();
}

/** The last part of where a link leads. */
export async function readLinkName(link: string): Promise<string | null> {
  const target = await readlink(link).catch(() => null);
  return target === null ? null : basename(target).slice(0, maxText);
}

/** Where the devices of a folder of links are, with all links followed. */
export async function followAll(
  sysfs: string,
  folder: string,
): Promise<readonly { readonly name: string; readonly path: string }[]> {
  const names = await listNames(join(sysfs, folder));
  const found = await Promise.all(
    names.map(async (name) => {
      const path = await realpath(join(sysfs, folder, name)).catch(() => null);
      return path === null ? [] : [{ name, path }];
    }),
  );
  return found.flat();
}
