/** Parallels expandable images (.hdd, .hds), read only: a header, a table of 32-bit places, blocks. */
import type { Format } from '../format.ts';
import { MetaPages } from '../meta-pages.ts';
import { readStructure } from '../structure.ts';
import { BlockLayer, type BlockPlace } from './block-layer.ts';

/** In the old kind entries count sectors, in the extended one blocks. */
const magics = { old: 'WithoutFreeSpace', extended: 'WithouFreSpacExt' } as const;
const inUse = 0x746f6e59;

export const parallelsFormat: Format = {
  name: 'parallels',
  title: 'Parallels image',
  suffixes: ['hdd', 'hds'],
  variants: [],
  recognise: ({ head }) => {
    const magic = head.toString('latin1', 0, 16);
    return magic === magics.old || magic === magics.extended;
  },
  async open({ file }) {
    const place = { format: 'parallels', structure: 'header', offset: 0 };
    const header = await readStructure(file, place, 64);
    const magic = header.latin1(0, 16);
    const isExtended = magic === magics.extended;
    header.demand(isExtended || magic === magics.old, 0, 'has no magic of a Parallels image');
    header.demand(header.u32le(16) === 2, 16, 'its version is not known', 'unsupported');
    const blockBytes = header.u32le(28) * 512;
    header.demand(blockBytes >= 4096 && blockBytes <= 2 ** 28, 28, `blocks of ${blockBytes} bytes`);
    const blocks = header.u32le(32);
    const sizeBytes = (isExtended ? header.u64le(36) : header.u32le(36)) * 512;
    header.demand(blocks * blockBytes >= sizeBytes, 32, `has ${blocks} blocks only`);
    const multiplier = isExtended ? blockBytes : 512;
    const pages = new MetaPages(file, {
      format: 'parallels',
      structure: 'block table',
      pageBytes: 512,
      pastEnd: 'zeros',
    });
    return new BlockLayer({
      format: 'parallels',
      file,
      fileBytes: await file.size(),
      sizeBytes,
      blockBytes,
      parentReference: undefined,
      facts: {
        variant: isExtended ? 'extended' : 'expandable',
        fields: { blockBytes, blocks },
        remarks: header.u32le(44) === inUse ? ['was not closed cleanly'] : [],
      },
      async place(block): Promise<BlockPlace> {
        if (block >= blocks) return { kind: 'zero' };
        const offset = 64 + block * 4;
        const at = offset % 512;
        const entry = await pages.with(offset - at, (bytes) => bytes.readUInt32LE(at));
        return entry === 0 ? { kind: 'zero' } : { kind: 'data', offset: entry * multiplier };
      },
    });
  },
};
