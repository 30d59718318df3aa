/**
 * What a file is, by its content alone (FMT-01): format, version, and what can be done with it. One table for all kinds of files
 * that Gantry may be given. Opens the file and nothing that it names; every byte of it is hostile.
 */
export { identifyFile, type FileIdentity } from './identify.ts';
export type { FileGroup, FileUse } from './kind.ts';
