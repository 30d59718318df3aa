/** Values that several formats write alike. */
import { miB } from '#lib';
import type { ForeignBootDevice } from './machine.ts';

/** A number of mebibytes. */
export function toBytes(count: number | undefined): number | null {
  return count === undefined ? null : count * miB;
}

/** 32 hexadecimal digits, however they are set apart, in the order in which they are written; null for none and for zeros. */
export function readUuid(value: string | undefined): string | null {
  const digits = (value ?? '').replaceAll(/[^0-9a-f]/gi, '').toLowerCase();
  if (digits.length !== 32 || /^0+$/.test(digits)) return null;
  const at = (from: number, to: number): string => digits.slice(from, to);
  return [at(0, 8), at(8, 12), at(12, 16), at(16, 20), at(20, 32)].join('-');
}

/** Six bytes, however they are set apart, in lower case with colons; null for what is none. */
export function readMac(value: string): string | null {
  const digits = value.replaceAll(/[:.-]/g, '').toLowerCase();
  return /^[0-9a-f]{12}$/.test(digits) ? (digits.match(/../g) ?? []).join(':') : null;
}

const bootWords: Readonly<Record<string, ForeignBootDevice>> = {
  cd: 'cd',
  cdrom: 'cd',
  dvd: 'cd',
  disk: 'disk',
  hdd: 'disk',
  hd: 'disk',
  harddisk: 'disk',
  hard_disk: 'disk',
  floppy: 'floppy',
  fdd: 'floppy',
  ethernet: 'network',
  network: 'network',
  pxe: 'network',
};

/** Words of the products for devices, `ethernet0` and `scsi0:0` among them; null where none of them is known. */
export function bootOrderOf(words: readonly string[]): readonly ForeignBootDevice[] | null {
  const devices = words.flatMap((word) => {
    const plain = word.trim().toLowerCase();
    if (/^(ide|sata|scsi|nvme)\d/.test(plain)) return ['disk' as const];
    const name = plain.replace(/\d+$/, '');
    return Object.hasOwn(bootWords, name) ? [bootWords[name] ?? 'disk'] : [];
  });
  return devices.length === 0 ? null : Array.from(new Set(devices));
}
