/**
 * Names of vendors and products by their numbers: the lists that distributions bring (pci.ids and usb.ids, "Syntax" at the head of each: a
 * vendor at the beginning of a line, its products behind one tab). A host without them tells numbers alone.
 */
import { readBytes } from './sysfs.ts';

const places = ['/usr/share/misc', '/usr/share/hwdata'];
const maxListBytes = 8 * 1024 ** 2;

export interface DeviceId {
  readonly vendor: number;
  readonly product: number;
}

export interface DeviceNames {
  readonly vendor: string | null;
  readonly product: string | null;
}

const unnamed: DeviceNames = { vendor: null, product: null };

/** What is asked for, and no more, is looked up in one pass. */
export async function findNames(
  list: 'pci.ids' | 'usb.ids',
  wanted: readonly DeviceId[],
  folders: readonly string[] = places,
): Promise<(id: DeviceId) => DeviceNames> {
  if (wanted.length === 0) return () => unnamed;
  for (const folder of folders) {
    const text = await readBytes(`${folder}/${list}`, maxListBytes);
    if (text.length > 0) return namesIn(text.toString('utf8'), wanted);
  }
  return () => unnamed;
}

/** Pure. */
export function namesIn(text: string, wanted: readonly DeviceId[]): (id: DeviceId) => DeviceNames {
  const vendors = new Set(wanted.map(({ vendor }) => vendor));
  const names = new Map<string, string>();
  let current: number | undefined;
  for (const line of text.split('\n')) {
    // Classes come after all vendors.
    if (/^C [\da-f]{2}/.test(line)) break;
    const [, tab, digits = '', name = ''] = /^(\t?)([\da-f]{4}) {2}(.{1,200})/.exec(line) ?? [];
    if (tab === undefined) continue;
    const number = Number.parseInt(digits, 16);
    if (tab === '') {
      current = vendors.has(number) ? number : undefined;
      if (current !== undefined) names.set(`${current}`, name.trim());
    } else if (current !== undefined) names.set(`${current}:${number}`, name.trim());
  }
  return ({ vendor, product }) => ({
    vendor: names.get(`${vendor}`) ?? null,
    product: names.get(`${vendor}:${product}`) ?? null,
  });
}
