/** An unpacked Linux kernel (64-bit ELF) as it stands in memory. Every offset is bounded by the file. */
import { Fault } from '#lib';

const maxKernelBytes = 256 * 1024 * 1024;

export interface FlatKernel {
  /** The file's part of memory from `address` on. */
  readonly image: Buffer;
  /** Physical address of the first byte, which is the entry. */
  readonly address: number;
  /** What the kernel needs from there on, memory that it clears included. */
  readonly memoryBytes: number;
  /** So much from the start is code and constants, which do not change while it runs, mostly. */
  readonly constantBytes: number;
}

/** Lays the loadable segments of an ELF kernel out as they stand in memory. Errors: `corrupt`. */
export function flattenElf(elf: Buffer): FlatKernel {
  if (elf.length < 64 || elf.readUInt32BE(0) !== 0x7f454c46 || elf[4] !== 2) {
    throw new Fault('corrupt', 'the unpacked kernel is not a 64-bit ELF file');
  }
  const table = Number(elf.readBigUInt64LE(32));
  const count = elf.readUInt16LE(56);
  if (count > 64 || table + count * 56 > elf.length) {
    throw new Fault('corrupt', 'the segment table of the kernel is outside its file');
  }
  const segments = Array.from({ length: count }, (_, index) => readSegment(elf, table + index * 56))
    .filter(({ type }) => type === 1)
    .toSorted((a, b) => a.address - b.address);
  const address = segments[0]?.address ?? 0;
  const fileEnd = Math.max(...segments.map((segment) => segment.address + segment.data.length));
  const memoryEnd = Math.max(...segments.map((segment) => segment.address + segment.memoryBytes));
  if (Number(elf.readBigUInt64LE(24)) !== address || memoryEnd - address > maxKernelBytes) {
    throw new Fault('corrupt', 'the kernel does not start where it is entered, or is too large');
  }
  const image = Buffer.alloc(fileEnd - address);
  for (const segment of segments) segment.data.copy(image, segment.address - address);
  const constantBytes = segments[0]?.data.length ?? 0;
  return { image, address, memoryBytes: memoryEnd - address, constantBytes };
}

function readSegment(
  elf: Buffer,
  at: number,
): { type: number; address: number; data: Buffer; memoryBytes: number } {
  const offset = Number(elf.readBigUInt64LE(at + 8));
  const size = Number(elf.readBigUInt64LE(at + 32));
  if (offset + size > elf.length) throw new Fault('corrupt', 'a kernel segment is cut off');
  return {
    type: elf.readUInt32LE(at),
    address: Number(elf.readBigUInt64LE(at + 24)),
    data: elf.subarray(offset, offset + size),
    memoryBytes: Number(elf.readBigUInt64LE(at + 40)),
  };
}
