/** QED of QEMU, read only: tables of two levels with 64-bit offsets, little endian. */
import { qemuParent } from '../backing-name.ts';
import type { Format } from '../format.ts';
import { maxNameBytes } from '../limits.ts';
import { MetaPages } from '../meta-pages.ts';
import { readStructure } from '../structure.ts';
import { BlockLayer, type BlockPlace } from './block-layer.ts';

const features = { backing: 1n, needCheck: 2n, rawBacking: 4n } as const;

export const qedFormat: Format = {
  name: 'qed',
  title: 'QED of QEMU',
  suffixes: ['qed'],
  variants: [],
  recognise: ({ head }) => head.toString('latin1', 0, 4) === 'QED\0',
  async open({ file }) {
    const place = { format: 'qed', structure: 'header', offset: 0 };
    const header = await readStructure(file, place, 64);
    header.demand(header.latin1(0, 4) === 'QED\0', 0, 'has no magic "QED"');
    const [clusterBytes, tableClusters] = [header.u32le(4), header.u32le(8)];
    const isSound =
      clusterBytes >= 4096 && clusterBytes <= 2 ** 26 && Number.isInteger(Math.log2(clusterBytes));
    header.demand(isSound, 4, `clusters of ${clusterBytes} bytes`);
    header.demand(
      tableClusters >= 1 && tableClusters <= 16,
      8,
      `tables of ${tableClusters} clusters`,
    );
    const bits = header.big64le(16);
    header.demand((bits & ~7n) === 0n, 16, 'needs features that are not known', 'unsupported');
    const perTable = (tableClusters * clusterBytes) / 8;
    const [l1Offset, sizeBytes] = [header.u64le(40), header.u64le(48)];
    header.demand(l1Offset % clusterBytes === 0 && l1Offset > 0, 40, 'its table is misplaced');
    header.demand(sizeBytes <= perTable * perTable * clusterBytes, 48, 'is larger than its tables');
    const hasBacking = (bits & features.backing) !== 0n;
    let name: string | undefined;
    if (hasBacking) {
      const length = header.u32le(60);
      header.demand(length > 0 && length <= maxNameBytes, 60, `a name of ${length} bytes`);
      const where = { format: 'qed', structure: 'backing file name', offset: header.u32le(56) };
      name = (await readStructure(file, where, length)).bytes.toString('utf8');
    }
    const isRaw = (bits & features.rawBacking) !== 0n;
    const pages = new MetaPages(file, { format: 'qed', structure: 'table', pageBytes: 4096 });
    const entry = (offset: number): Promise<number> => {
      const at = offset % 4096;
      return pages.with(offset - at, (bytes) => Number(bytes.readBigUInt64LE(at)));
    };
    return new BlockLayer({
      format: 'qed',
      file,
      fileBytes: await file.size(),
      sizeBytes,
      blockBytes: clusterBytes,
      parentReference: name === undefined ? undefined : qemuParent(name, isRaw ? 'raw' : undefined),
      facts: {
        variant: 'qed',
        fields: { clusterBytes, ...(name === undefined ? {} : { backingFile: name }) },
        remarks: (bits & features.needCheck) === 0n ? [] : ['was not closed cleanly'],
      },
      async place(block): Promise<BlockPlace> {
        const index = Math.floor(block / perTable);
        const unknown = { kind: hasBacking ? 'absent' : 'zero' } as const;
        if (index >= perTable) return unknown;
        const table = await entry(l1Offset + index * 8);
        if (table === 0) return { ...unknown, blocks: perTable - (block % perTable) };
        header.demand(table % clusterBytes === 0, 40, `a table at ${table}`);
        const offset = await entry(table + (block % perTable) * 8);
        if (offset === 0) return unknown;
        return offset === 1 ? { kind: 'zero' } : { kind: 'data', offset };
      },
    });
  },
};
