/** The assembled stub.S, in front of a repacked kernel. */
import { assert } from '#lib';
import type { FlatKernel } from './flatten.ts';

const code = Buffer.from(
  [
    'fcfaeb240f1f4000000000000000000000000000000000000000000000000000',
    '00000000000000008da6e8010000e8000000005d81ed3300000089f28b9d0800',
    '000089df03bd0c00000089f9038d0c000000038d1400000039da737d399a2802',
    '000073758b821802000039c8730a03821c02000039f877610fb682e80100008d',
    'b2d002000089c44c784f837e1001751b837e040075158b0639f8770f837e0c00',
    '750e034608720939c8730583c614ebd78b85200000008b8d2400000039040b75',
    '0bc7040b0000000089fbeb07c7040f0000000003bd0c00000089f889ee8b8d10',
    '000000f3a589c505ee000000ffe08bb51c00000001ee89f731c0b900180000f3',
    'ab8d860310000089068d8603200000b9040000008dbe00100000890705001000',
    '0083c708e2f4b883000000b9000800008dbe002000008907050000200083c708',
    'e2f48da6007000008d85480200005066681f000f0114240f20e083c8200f22e0',
    '0f22de89d6b9800000c00f320d000100000f306a108d8588010000500f20c00d',
    '010000800f22c0cbb8180000008ed88ec08ed089e44189f74189ee89df4189dc',
    '458b86180000004d01f0498db67002000031c0ac89c3c1e804e86e0000004989',
    'f14901c94989fa4901ca488b064889074883c6084883c7084c39d772ed4c89ce',
    '4c89d74c39c6735431c066ad89c289d883e00fe83400000083c1044989f14889',
    'fe4829d683fa08721c4c8d140f488b064889074883c6084883c7084c39d772ed',
    '4c89d7eb02f3a44c89ceeb8589c13c0f750931c0ac01c13cff74f7c34c89fe41',
    'ffe4660f1f44000000000000000000000000000000000000ffff0000009aaf00',
    'ffff00000092cf000f1f840000000000',
  ].join(''),
  'hex',
);

/** Where the words of `facts` stand in stub.S. */
const factOffsets = {
  kernelAt: 8,
  kernelSpan: 12,
  copyWords: 16,
  copySpan: 20,
  packedEnd: 24,
  tables: 28,
  signature: 32,
  signatureAt: 36,
} as const;
const tablesBytes = 7 * 4096;
const pageBytes = 4096;
/** Kernels are placed at multiples of this. */
const placeBytes = 2 * 1024 * 1024;

export interface StubbedKernel {
  /** Stub and packed kernel, as they are loaded. */
  readonly image: Buffer;
  /** First address behind all that must be free; what is used beyond it is looked at first. */
  readonly endAddress: number;
}

/** The stub without its facts, for comparison with stub.S. */
export function stubCode(): Buffer {
  return Buffer.from(code);
}

/** Puts the stub in front of the packed kernel. */
export function attachStub(packed: Buffer, kernel: FlatKernel): StubbedKernel {
  assert(kernel.address % placeBytes === 0, 'the kernel lies at a multiple of 2 MiB');
  const span = roundUp(kernel.memoryBytes, placeBytes);
  const size = roundUp(code.length + packed.length, 4);
  assert(size <= span, 'the copy does not overlap the place it was loaded to');
  const tables = roundUp(size, pageBytes);
  const copySpan = tables + tablesBytes;
  const image = Buffer.concat([code, packed], size);
  image.writeUInt32LE(kernel.address, factOffsets.kernelAt);
  image.writeUInt32LE(span, factOffsets.kernelSpan);
  image.writeUInt32LE(size / 4, factOffsets.copyWords);
  image.writeUInt32LE(copySpan, factOffsets.copySpan);
  image.writeUInt32LE(code.length + packed.length, factOffsets.packedEnd);
  image.writeUInt32LE(tables, factOffsets.tables);
  const signatureAt = lastWord(kernel.image, kernel.constantBytes);
  image.writeUInt32LE(kernel.image.readUInt32LE(signatureAt), factOffsets.signature);
  image.writeUInt32LE(signatureAt, factOffsets.signatureAt);
  return { image, endAddress: kernel.address + span + copySpan };
}

/** Offset of the last word before `end` that is not zero. */
function lastWord(image: Buffer, end: number): number {
  let at = Math.floor(end / 4) * 4 - 4;
  while (at > 0 && image.readUInt32LE(at) === 0) at -= 4;
  return at;
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
