/** Every bound of the room in one place. What a file says beyond these is refused before it is used. */
import { kiB, miB } from '#lib';

/** Layers from a disk down to the last of its parents, both counted. */
export const maxChainDepth = 128;
/** The largest guest-visible size: 64 TiB, as VHDX has it; a larger claim is damage or an attack. */
export const maxDiskBytes = 64 * 1024 ** 4;
/** The largest file that may be claimed (offsets in it are numbers, so they must stay exact). */
export const maxFileBytes = 2 ** 52;
/** One structure that is read whole into memory (headers, descriptors, level-1 tables). */
export const maxStructureBytes = 32 * miB;
/** A compressed cluster or grain and what it becomes. */
export const maxClusterBytes = 2 * miB;
/** Names of parents and extents inside a file. */
export const maxNameBytes = 4096;
/** Extents of one split disk. */
export const maxExtentFiles = 2048;
/** Internal snapshots of one disk. */
export const maxSnapshots = 65536;
/** Metadata pages held in memory for one open file. */
export const pageCacheBytes = 8 * miB;
/** Metadata changes kept back for the next flush of one open file. */
export const maxDirtyBytes = 4 * miB;
/** Findings that one check keeps; the rest is only counted. */
export const maxFindings = 200;
/** Writes are serialised within, and in parallel across, regions of the guest of this size. */
export const regionBytes = 2 * miB;
/** The smallest unit that every disk reads and writes. */
export const sectorBytes = 512;
/** Unit in which zeros are looked for. */
export const zeroUnitBytes = 4 * kiB;
