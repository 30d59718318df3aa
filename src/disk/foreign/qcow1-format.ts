/** QCOW of old QEMU (version 1), read only: tables of two levels, clusters plain or compressed. */
import { qemuParent } from '../backing-name.ts';
import type { Format } from '../format.ts';
import { maxStructureBytes } from '../limits.ts';
import { MetaPages } from '../meta-pages.ts';
import { unpackInto } from '../packing/packer.ts';
import { fileFault, readStructure } from '../structure.ts';
import { BlockLayer, type BlockPlace } from './block-layer.ts';

const magic = 0x514649fb;

export const qcow1Format: Format = {
  name: 'qcow1',
  title: 'QCOW of QEMU before 0.8.3',
  suffixes: ['qcow'],
  variants: [],
  recognise: ({ head }) =>
    head.length >= 8 && head.readUInt32BE(0) === magic && head.readUInt32BE(4) === 1,
  async open({ file }) {
    const place = { format: 'qcow1', structure: 'header', offset: 0 };
    const header = await readStructure(file, place, 48);
    header.demand(
      header.u32be(0) === magic && header.u32be(4) === 1,
      0,
      'is not a qcow of version 1',
    );
    header.demand(header.u32be(36) === 0, 36, 'it is encrypted', 'unsupported');
    const [clusterBits, l2Bits] = [header.u8(32), header.u8(33)];
    header.demand(clusterBits >= 9 && clusterBits <= 16, 32, `clusters of 2^${clusterBits} bytes`);
    header.demand(l2Bits >= 6 && l2Bits <= 13, 33, `tables of 2^${l2Bits} entries`);
    const [clusterBytes, perTable] = [2 ** clusterBits, 2 ** l2Bits];
    const [sizeBytes, l1Offset] = [header.u64be(24), header.u64be(40)];
    header.demand(l1Offset % 8 === 0, 40, `a table at ${l1Offset}`);
    const l1Entries = Math.ceil(sizeBytes / clusterBytes / perTable);
    header.demand(
      l1Entries * 8 <= maxStructureBytes,
      24,
      `a disk of ${sizeBytes} bytes`,
      'too-large',
    );
    let name: string | undefined;
    const nameOffset = header.u64be(8);
    if (nameOffset !== 0) {
      const length = header.u32be(16);
      header.demand(length > 0 && length <= 1023, 16, `a name of ${length} bytes`);
      const where = { format: 'qcow1', structure: 'backing file name', offset: nameOffset };
      name = (await readStructure(file, where, length)).bytes.toString('utf8');
    }
    const pages = new MetaPages(file, {
      format: 'qcow1',
      structure: 'table',
      pageBytes: 512,
      pastEnd: 'zeros',
    });
    const entry = (offset: number): Promise<bigint> => {
      const at = offset % 512;
      return pages.with(offset - at, (bytes) => bytes.readBigUInt64BE(at));
    };
    const fileBytes = await file.size();
    const inFile = (offset: bigint): number => {
      header.demand(offset < BigInt(fileBytes) && offset % 8n === 0n, 40, `a table at ${offset}`);
      return Number(offset);
    };
    const expand = async (offset: number, storedBytes: number, into: Uint8Array): Promise<void> => {
      const where = { format: 'qcow1', structure: 'compressed cluster', offset };
      const stored = Buffer.alloc(storedBytes);
      const count = await file.read(stored, offset);
      try {
        const length = await unpackInto('deflate', stored.subarray(0, count), into);
        if (length === clusterBytes) return;
      } catch (error) {
        throw fileFault(file, where, 'cannot be expanded', 'corrupt', error);
      }
      throw fileFault(file, where, 'does not expand to a whole cluster');
    };
    return new BlockLayer({
      format: 'qcow1',
      file,
      fileBytes,
      sizeBytes,
      blockBytes: clusterBytes,
      parentReference: name === undefined ? undefined : qemuParent(name),
      facts: {
        variant: 'v1',
        fields: { clusterBytes, ...(name === undefined ? {} : { backingFile: name }) },
        remarks: [],
      },
      async place(block): Promise<BlockPlace> {
        const unknown = { kind: name === undefined ? 'zero' : 'absent' } as const;
        const index = Math.floor(block / perTable);
        if (index >= l1Entries) return unknown;
        const table = inFile(await entry(l1Offset + index * 8));
        if (table === 0) return { ...unknown, blocks: perTable - (block % perTable) };
        const value = await entry(table + (block % perTable) * 8);
        if (value === 0n) return unknown;
        if (value >> 63n === 0n) return { kind: 'data', offset: Number(value & (2n ** 52n - 1n)) };
        const shift = BigInt(63 - clusterBits);
        const offset = Number(value & (2n ** shift - 1n));
        const storedBytes = Number((value >> shift) & BigInt(clusterBytes - 1));
        return {
          kind: 'compressed',
          offset,
          storedBytes,
          expand: (into) => expand(offset, storedBytes, into),
        };
      },
    });
  },
};
