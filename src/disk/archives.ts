/** What holds a disk and is none: files that were packed, by their first bytes. */
import type { Probe } from './format.ts';

interface Kind {
  /** As a sentence goes on after the name of the file: "is packed with gzip". */
  readonly is: string;
  readonly bytes: readonly number[];
  readonly at?: number;
}

const packedWith = (is: string, ...bytes: readonly number[]): Kind => ({
  is: `is packed with ${is}`,
  bytes,
});

/** RFC 1952, the formats of xz, of bzip2 and of Zstandard (RFC 8878), APPNOTE.TXT of PKWARE, POSIX.1-1988 (ustar). */
const kinds: readonly Kind[] = [
  packedWith('gzip', 0x1f, 0x8b, 0x08),
  packedWith('xz', 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00),
  packedWith('bzip2', 0x42, 0x5a, 0x68),
  packedWith('zstd', 0x28, 0xb5, 0x2f, 0xfd),
  { is: 'is a zip archive', bytes: [0x50, 0x4b, 0x03, 0x04] },
  { is: 'is a tar archive', bytes: [...Buffer.from('ustar')], at: 257 },
];

/** How the file is packed, for a sentence; undefined where it is not. */
export function packedIs({ head }: Pick<Probe, 'head'>): string | undefined {
  return kinds.find(({ bytes, at = 0 }) => bytes.every((byte, index) => head[at + index] === byte))
    ?.is;
}
