/** Virtual disks: any format in, any out. Depends on nothing but #lib; opens no socket, starts no program. */
export { Disk, type DiskRun } from './disk.ts';
export { detectFormat } from './detect.ts';
export { withoutSync, type Access, type DiskFile, type FileRun } from './file/disk-file.ts';
export { claimDisk, demandUnused, fileLocks, isInUse, type FileLock } from './file/in-use.ts';
export { MemoryFile } from './file/memory-file.ts';
export { openNodeFile } from './file/node-file.ts';
export { SparseWriter } from './file/sparse-writer.ts';
export type { CreateOptions, Format } from './format.ts';
export { hasSystem } from './guest/system.ts';
export { readFreeSpace, type FileSystemSpace, type FreeSpace } from './guest/free-space.ts';
export { formatNamed, formats } from './formats.ts';
export type { Finding, LayerFacts, NewParent, ParentReference, SnapshotFacts } from './layer.ts';
export { openDisk, type OpenOptions } from './open.ts';
export { hostStore, memoryStore, portableName, type FileStore } from './store.ts';
export type { FileChoices } from './file/node-file.ts';
export { variantOf } from './variants.ts';
export { eachRun } from './zeros.ts';
export { checkDisk, type CheckReport } from './verbs/check.ts';
export {
  commitDisk,
  commitLayers,
  mergeLayers,
  rebaseDisk,
  reconnectDisk,
  type MergeOptions,
} from './verbs/chain.ts';
export { checksumDisk, type ChecksumOptions } from './verbs/checksum.ts';
export {
  compactDisk,
  estimateCompact,
  type CompactChoices,
  type CompactEstimate,
} from './verbs/compact.ts';
export { demandChildless, findChildren, type ChildrenOptions } from './verbs/children.ts';
export { compareDisks, type Comparison } from './verbs/compare.ts';
export { convertDisk, type ConvertOptions } from './verbs/convert.ts';
export { copyDisk, type CopyOptions } from './verbs/copy.ts';
export { demandSpace, makeDisk, parentFor, roundedSize, type NewDisk } from './verbs/create.ts';
export { diffDisks, type Difference, type Held } from './verbs/diff.ts';
export { flattenDisk, type FlattenOptions } from './verbs/flatten.ts';
export { demandNoSnapshots, demandNothingInside } from './verbs/inside.ts';
export { inspectDisk, type LayerReport } from './verbs/inspect.ts';
export { matchDisk } from './verbs/match.ts';
export { mapDisk, measure, type MapRun, type Measure } from './verbs/map.ts';
export type { Progress, VerbOptions } from './verbs/progress.ts';
export { repairInto } from './verbs/repair.ts';
export { dropUnfinished, unfinishedPaths } from './verbs/journal.ts';
export type { Resumed } from './verbs/resume.ts';
export { findDataFrom, resizeDisk } from './verbs/resize.ts';
export { rebaseAnew, reconnectAnew, resizeAnew, type AnewOptions } from './verbs/anew.ts';
export { joinDisk, type JoinOptions } from './verbs/join.ts';
export { readPieceList, type Piece, type PieceList } from './verbs/pieces.ts';
export { makeTwin, twinFiles } from './verbs/twin.ts';
export { wipeDisk, type WipeOptions } from './verbs/wipe.ts';
export { splitDisk, type SplitOptions } from './verbs/split.ts';
