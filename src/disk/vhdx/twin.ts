/** Empty VHDXs that are like another one, whose identifiers, maker and sizes they have. */
import type { DiskFile } from '../file/disk-file.ts';
import type { Twin } from '../layer.ts';
import { layOutVhdx } from './create.ts';
import type { VhdxHeader } from './header.ts';
import type { VhdxMetadata } from './metadata.ts';

/** Of the file identifier, behind its signature (MS-VHDX 2.2.1). */
const creatorAt = 8;
const creatorBytes = 512;

export function vhdxTwin(
  source: DiskFile,
  metadata: VhdxMetadata,
  now: () => { readonly header: VhdxHeader; readonly sizeBytes: number },
): Twin {
  return {
    files: (name) => [name],
    async layOut(file) {
      const creator = Buffer.alloc(creatorBytes);
      await source.read(creator, creatorAt);
      const { header, sizeBytes } = now();
      const { fileWriteGuid, dataWriteGuid } = header;
      const { blockBytes, logicalSectorBytes: sectorBytes, leaveAllocated } = metadata;
      const { diskId, physicalSectorBytes } = metadata;
      await layOutVhdx(
        file,
        { sizeBytes, blockBytes, sectorBytes, variant: leaveAllocated ? 'fixed' : 'dynamic' },
        { diskId, fileWriteGuid, dataWriteGuid, creator, physicalSectorBytes },
      );
    },
  };
}
