/** The assembled stub.S, in front of a repacked kernel. */
import { assert } from '#lib';

const code = Buffer.from(
  [
    'fcfaeb180f1f400000000000000000000000000000000000000000008da6e801',
    '0000e8000000005d81ed2700000089f289ee8bbd080000008b8d0c00000089fb',
    'f3a58d834a000000ffe08bbb1800000089fd31c0b900180000f3ab8d85031000',
    '008945008d8503200000b9040000008dbd001000008907050010000083c708e2',
    'f4b883000000b9000800008dbd002000008907050000200083c708e2f48da500',
    '7000008d83a00100005066681f000f0114240f20e083c8200f22e00f22dd89d6',
    'b9800000c00f320d000100000f306a108d83e3000000500f20c00d010000800f',
    '22c0cbb8180000008ed88ec08ed089e44189f74189de458b8610000000418bbe',
    '14000000498db6c00100004189fc31c0ac89c3c1e804e86e0000004989f14901',
    'c94989fa4901ca488b064889074883c6084883c7084c39d772ed4c89ce4c89d7',
    '4c39c6735431c066ad89c289d883e00fe83400000083c1044989f14889fe4829',
    'd683fa08721c4c8d140f488b064889074883c6084883c7084c39d772ed4c89d7',
    'eb02f3a44c89ceeb8589c13c0f750931c0ac01c13cff74f7c34c89fe41ffe490',
    '00000000000000000000000000000000ffff0000009aaf00ffff00000092cf00',
  ].join(''),
  'hex',
);

/** Where the words of `facts` stand in stub.S. */
const factOffsets = { movedTo: 8, copyWords: 12, packedEnd: 16, unpackTo: 20, tables: 24 } as const;
const tablesBytes = 7 * 4096;

export interface StubPlan {
  /** Stub and packed kernel, as they are loaded. */
  readonly image: Buffer;
  /** First address behind all that the stub uses. */
  readonly endAddress: number;
}

/** The stub without its facts, for comparison with stub.S. */
export function stubCode(): Buffer {
  return Buffer.from(code);
}

/**
 * Puts the stub in front of a packed kernel that unpacks to `kernelAddress` and needs `kernelBytes` there,
 * its cleared memory included.
 */
export function attachStub(packed: Buffer, kernelAddress: number, kernelBytes: number): StubPlan {
  const size = Math.ceil((code.length + packed.length) / 4) * 4;
  assert(size <= kernelBytes, 'the copy does not overlap the place it was loaded to');
  const movedTo = alignPage(kernelAddress + kernelBytes);
  const tables = alignPage(movedTo + size);
  const image = Buffer.concat([code, packed], size);
  image.writeUInt32LE(movedTo, factOffsets.movedTo);
  image.writeUInt32LE(size / 4, factOffsets.copyWords);
  image.writeUInt32LE(movedTo + code.length + packed.length, factOffsets.packedEnd);
  image.writeUInt32LE(kernelAddress, factOffsets.unpackTo);
  image.writeUInt32LE(tables, factOffsets.tables);
  return { image, endAddress: tables + tablesBytes };
}

function alignPage(address: number): number {
  return Math.ceil(address / 4096) * 4096;
}
