/** Virtual disks: any format in, any out. Depends on nothing but #lib; opens no socket, starts no program. */
export { Disk, type DiskRun } from './disk.ts';
export { detectFormat } from './detect.ts';
export { withoutSync, type Access, type DiskFile, type FileRun } from './file/disk-file.ts';
export { MemoryFile } from './file/memory-file.ts';
export { openNodeFile } from './file/node-file.ts';
export type { CreateOptions, Format } from './format.ts';
export { formatNamed, formats } from './formats.ts';
export type { Finding, LayerFacts, NewParent, ParentReference, SnapshotFacts } from './layer.ts';
export { openDisk, type OpenOptions } from './open.ts';
export { hostStore, memoryStore, portableName, type FileStore } from './store.ts';
