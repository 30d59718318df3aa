/** VDI of VirtualBox, read only: a header, a table of 32-bit block numbers, blocks. */
import type { Format } from '../format.ts';
import { MetaPages } from '../meta-pages.ts';
import { readStructure } from '../structure.ts';
import { guidText, noGuid } from '../vhdx/guid.ts';
import { BlockLayer, type BlockPlace } from './block-layer.ts';

const signature = 0xbeda107f;
const variants: Readonly<Record<number, string>> = { 1: 'dynamic', 2: 'fixed', 4: 'differencing' };

export const vdiFormat: Format = {
  name: 'vdi',
  title: 'VDI of VirtualBox',
  suffixes: ['vdi'],
  variants: [],
  recognise: ({ head }) => head.length >= 68 && head.readUInt32LE(64) === signature,
  async open({ file }) {
    const place = { format: 'vdi', structure: 'header', offset: 0 };
    const header = await readStructure(file, place, 512);
    header.demand(header.u32le(0x40) === signature, 0x40, 'has no signature of a vdi');
    header.demand(header.u32le(0x44) >>> 16 === 1, 0x44, 'its version is not known', 'unsupported');
    const variant = variants[header.u32le(0x4c)];
    if (variant === undefined) throw header.fault(0x4c, 'its type is not known', 'unsupported');
    const [tableOffset, dataOffset] = [header.u32le(0x154), header.u32le(0x158)];
    const sizeBytes = header.u64le(0x170);
    const [blockBytes, extraBytes] = [header.u32le(0x178), header.u32le(0x17c)];
    const isSound =
      blockBytes >= 4096 && blockBytes <= 2 ** 28 && Number.isInteger(Math.log2(blockBytes));
    header.demand(isSound, 0x178, `blocks of ${blockBytes} bytes`);
    header.demand(extraBytes <= blockBytes, 0x17c, `${extraBytes} bytes before each block`);
    const blocks = header.u32le(0x180);
    header.demand(blocks * blockBytes >= sizeBytes, 0x180, `has ${blocks} blocks only`);
    header.demand(tableOffset % 512 === 0 && tableOffset >= 512, 0x154, 'its table is misplaced');
    const pages = new MetaPages(file, { format: 'vdi', structure: 'block table', pageBytes: 512 });
    const isChild = variant === 'differencing';
    const parentUuid = guidText(header.slice(0x1b8, 16));
    return new BlockLayer({
      format: 'vdi',
      file,
      fileBytes: await file.size(),
      sizeBytes,
      blockBytes,
      parentReference: isChild ? { names: [], format: 'vdi', identity: parentUuid } : undefined,
      facts: {
        variant,
        identity: guidText(header.slice(0x188, 16)),
        fields: {
          blockBytes,
          blocks,
          blocksAllocated: header.u32le(0x184),
          ...(parentUuid === noGuid ? {} : { parentUuid }),
        },
        remarks: [],
      },
      async place(block): Promise<BlockPlace> {
        if (block >= blocks) return { kind: 'zero' };
        const offset = tableOffset + block * 4;
        const at = offset % 512;
        const entry = await pages.with(offset - at, (bytes) => bytes.readUInt32LE(at));
        if (entry === 0xffff_ffff) return { kind: isChild ? 'absent' : 'zero' };
        if (entry === 0xffff_fffe) return { kind: 'zero' };
        const start = dataOffset + entry * (blockBytes + extraBytes) + extraBytes;
        return { kind: 'data', offset: start };
      },
    });
  },
};
