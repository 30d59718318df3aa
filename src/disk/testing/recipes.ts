/**
 * Small, sound disk files of every format, made as needed, and ways to damage them: together the corpus of
 * malformed files. A damage is a recipe (which bytes become what), so none of them lies in the repository.
 */
import { deflateRawSync } from 'node:zlib';
import { Disk } from '../disk.ts';
import { MemoryFile } from '../file/memory-file.ts';
import type { CreateOptions, Format } from '../format.ts';
import { formatNamed } from '../formats.ts';
import { packedRoom } from '../packing/packer.ts';
import { looksLikeFooter, vhdChecksum } from '../vhd/footer.ts';
import { crc32c } from '../vhdx/crc32c.ts';
import { seededRandom } from './random.ts';

export interface Sample {
  readonly title: string;
  readonly format: Format;
  make(): Promise<Buffer>;
}

const mib = 1024 * 1024;

function written(
  title: string,
  name: string,
  options: Omit<CreateOptions, 'nowMs' | 'newIdentity' | 'sizeBytes'>,
): Sample {
  const format = formatNamed(name);
  return {
    title,
    format,
    async make() {
      const random = seededRandom(5);
      const file = new MemoryFile('sample');
      await format.create?.(file, {
        sizeBytes: 2 * mib,
        nowMs: Date.UTC(2026, 0, 1),
        newIdentity: () => random.bytes(16),
        ...options,
      });
      const disk = await openSample(format, file);
      const { writer } = disk.layer;
      for (let at = 0; at < mib; at += 4 * disk.blockBytes) {
        const cluster = Buffer.alloc(Math.min(disk.blockBytes, mib), `block ${at}`);
        const room = Buffer.alloc(packedRoom(cluster.length));
        const stored = await writer?.compress?.(cluster, room);
        if (stored !== undefined) await disk.writeCompressed([{ offset: at, stored }]);
        else await disk.write(cluster, at);
      }
      await disk.close();
      return file.content();
    },
  };
}

/** A disk over the bytes of a sample; what it names beside it is not there. */
export async function openSample(format: Format, file: MemoryFile): Promise<Disk> {
  const openNeighbour = (name: string): Promise<MemoryFile> =>
    Promise.resolve(new MemoryFile(name, Buffer.alloc(65536)));
  return new Disk(await format.open({ file, openNeighbour }), undefined);
}

function vdi(): Buffer {
  const bytes = Buffer.alloc(8192 + 2 * 65536);
  bytes.writeUInt32LE(0xbeda107f, 0x40);
  bytes.writeUInt32LE(0x0001_0001, 0x44);
  bytes.writeUInt32LE(1, 0x4c);
  bytes.writeUInt32LE(512, 0x154);
  bytes.writeUInt32LE(8192, 0x158);
  bytes.writeBigUInt64LE(BigInt(4 * 65536), 0x170);
  bytes.writeUInt32LE(65536, 0x178);
  bytes.writeUInt32LE(4, 0x180);
  for (const [index, entry] of [1, 0xffff_ffff, 0, 0xffff_fffe].entries()) {
    bytes.writeUInt32LE(entry, 512 + index * 4);
  }
  return bytes.fill('data', 8192);
}

function qed(): Buffer {
  const bytes = Buffer.alloc(4 * 4096);
  bytes.write('QED\0', 0, 'latin1');
  bytes.writeUInt32LE(4096, 4);
  bytes.writeUInt32LE(1, 8);
  bytes.writeUInt32LE(1, 12);
  bytes.writeBigUInt64LE(4096n, 40);
  bytes.writeBigUInt64LE(BigInt(mib), 48);
  bytes.writeBigUInt64LE(8192n, 4096);
  bytes.writeBigUInt64LE(12288n, 8192);
  bytes.writeBigUInt64LE(1n, 8200);
  return bytes;
}

function parallels(): Buffer {
  const bytes = Buffer.alloc(512 + 2 * 65536);
  bytes.write('WithoutFreeSpace', 0, 'latin1');
  bytes.writeUInt32LE(2, 16);
  bytes.writeUInt32LE(128, 28);
  bytes.writeUInt32LE(4, 32);
  bytes.writeUInt32LE(512, 36);
  bytes.writeUInt32LE(1, 64);
  bytes.writeUInt32LE(129, 72);
  return bytes;
}

function qcow1(): Buffer {
  const stored = deflateRawSync(Buffer.alloc(4096, 'gantry'));
  const bytes = Buffer.alloc(4096 * 5);
  bytes.writeUInt32BE(0x514649fb, 0);
  bytes.writeUInt32BE(1, 4);
  bytes.writeBigUInt64BE(65536n, 24);
  bytes.writeUInt8(12, 32);
  bytes.writeUInt8(9, 33);
  bytes.writeBigUInt64BE(4096n, 40);
  bytes.writeBigUInt64BE(8192n, 4096);
  bytes.writeBigUInt64BE(12288n, 8192);
  bytes.writeBigUInt64BE((1n << 63n) | (BigInt(stored.length) << 51n) | 16384n, 8200);
  stored.copy(bytes, 16384);
  return bytes;
}

const ready = (name: string, make: () => Buffer): Sample => ({
  title: name,
  format: formatNamed(name),
  make: () => Promise.resolve(make()),
});

const parent = { path: '/p/base', relativePath: 'base', modifiedMs: 0 };
const guid = '01234567-89ab-4def-8123-456789abcdef';

export const samples: readonly Sample[] = [
  written('fixed vhd', 'vhd', { variant: 'fixed' }),
  written('dynamic vhd', 'vhd', { blockBytes: 65536 }),
  written('differencing vhd', 'vhd', {
    blockBytes: 65536,
    parent: { ...parent, format: 'vhd', identity: '00112233445566778899aabbccddeeff' },
  }),
  written('vhdx', 'vhdx', { blockBytes: mib }),
  written('differencing vhdx', 'vhdx', {
    blockBytes: mib,
    parent: { ...parent, format: 'vhdx', identity: guid },
  }),
  written('qcow2', 'qcow2', { blockBytes: 4096 }),
  written('qcow2 of version 2', 'qcow2', { variant: 'v2', blockBytes: 4096 }),
  written('qcow2 with zstd over a parent', 'qcow2', {
    compression: 'zstd',
    parent: { ...parent, format: 'raw', identity: undefined },
  }),
  written('sparse vmdk', 'vmdk', {}),
  written('vmdk over a parent', 'vmdk', {
    parent: { ...parent, format: 'vmdk', identity: '0123abcd' },
  }),
  written('stream-optimised vmdk', 'vmdk', { variant: 'streamOptimized' }),
  {
    title: 'vmdk descriptor',
    format: formatNamed('vmdk'),
    make: () =>
      Promise.resolve(
        Buffer.from(
          '# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\n' +
            'createType="twoGbMaxExtentFlat"\n\nRW 64 FLAT "a-f001.vmdk" 0\nRW 8 ZERO\n' +
            'RW 64 FLAT "a-f002.vmdk" 64\n',
        ),
      ),
  },
  ready('vdi', vdi),
  ready('qed', qed),
  ready('parallels', parallels),
  ready('qcow1', qcow1),
];

/**
 * The checksums of a damaged file as if its writer had meant it so: what they would have kept out comes to those who read
 * what they seal.
 */
export function sealed(format: string, damaged: Buffer): Buffer {
  const bytes = Buffer.from(damaged);
  const isWhole = (at: number, length: number): boolean => at >= 0 && at + length <= bytes.length;
  const sealVhd = (at: number, length: number, sumAt: number): void => {
    if (!isWhole(at, length)) return;
    bytes.writeUInt32BE(vhdChecksum(bytes.subarray(at, at + length), sumAt), at + sumAt);
  };
  if (format === 'vhd' && looksLikeFooter(bytes.subarray(-512))) {
    sealVhd(bytes.length - 512, 512, 64);
    if (looksLikeFooter(bytes.subarray(0, 512))) {
      sealVhd(0, 512, 64);
      sealVhd(Number(bytes.readBigUInt64BE(16)), 1024, 36);
    }
  }
  const vhdx = [
    [64, 4],
    [128, 4],
    [192, 64],
    [256, 64],
  ] as const;
  for (const [atKib, lengthKib] of format === 'vhdx' ? vhdx : []) {
    const [at, length] = [atKib * 1024, lengthKib * 1024];
    if (isWhole(at, length))
      bytes.writeUInt32LE(crc32c(bytes.subarray(at, at + length), 4), at + 4);
  }
  return bytes;
}

export interface Damage {
  readonly title: string;
  apply(bytes: Buffer): Buffer;
}

/** Values that break things: extremes of each width, small numbers, signs, sizes beyond every bound. */
const poisons: readonly (readonly [string, Buffer])[] = [
  ['zeros', Buffer.alloc(8)],
  ['ones', Buffer.alloc(8, 0xff)],
  ['one, little endian', Buffer.from([1, 0, 0, 0, 0, 0, 0, 0])],
  ['one, big endian', Buffer.from([0, 0, 0, 0, 0, 0, 0, 1])],
  ['the largest signed, big endian', Buffer.from([0x7f, 255, 255, 255, 255, 255, 255, 255])],
  ['the largest signed, little endian', Buffer.from([255, 255, 255, 255, 255, 255, 255, 0x7f])],
  ['2^40, big endian', Buffer.from([0, 0, 1, 0, 0, 0, 0, 0])],
  ['2^40, little endian', Buffer.from([0, 0, 0, 0, 0, 1, 0, 0])],
];

/** Where structures of any of the formats lie: headers, tables, footers, near both ends of the file. */
function places(length: number): number[] {
  const starts = [
    0,
    512,
    576,
    1536,
    4096,
    8192,
    12288,
    65536,
    131072,
    196608,
    262144,
    2 * mib,
    3 * mib,
  ];
  const found: number[] = [];
  for (const start of [...starts, length - 1024, length - 512]) {
    for (let at = start; at < start + 128; at += 8) found.push(at);
  }
  return found.filter((at) => at >= 0 && at + 8 <= length);
}

/** Every damage for a file of the length. */
export function* damagesFor(length: number): Generator<Damage> {
  for (const cut of [0, 1, 3, 7, 64, 511, 512, 513, 1024, 4096, 65536, length - 1, length - 512]) {
    if (cut < 0 || cut >= length) continue;
    yield { title: `cut to ${cut}`, apply: (bytes) => Buffer.from(bytes.subarray(0, cut)) };
  }
  for (const at of places(length)) {
    for (const [name, value] of poisons) {
      yield {
        title: `${name} at ${at}`,
        apply(bytes) {
          const damaged = Buffer.from(bytes);
          value.copy(damaged, at);
          return damaged;
        },
      };
    }
  }
}
