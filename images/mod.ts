/** Images made on the user's machine from the distribution's packages. Depends on lib alone. */
export { additionsFiles, additionsLabel } from './additions.ts';
export type { Verification } from './cache.ts';
export { filesKernelPath } from './files/files.ts';
export { listFatFiles, putFatFiles, readFatFile, type FatFile } from './fat.ts';
export { createBlankFloppy, floppyBytes } from './floppy/floppy.ts';
export { buildImage, type BuildRequest, type BuiltImage } from './image.ts';
export {
  createIso,
  createIsoOfFolder,
  listIsoFiles,
  putIsoFiles,
  readIsoFile,
  type FolderIso,
  type IsoFile,
  type IsoRequest,
} from './iso.ts';
export {
  imageKinds,
  isImageKind,
  takesDrivers,
  knownImages,
  type ImageKind,
  type KnownImage,
} from './recipes.ts';
export { missingPackages, requiredPackages, type RequiredPackage } from './requirements.ts';
export { makeSeedIso, type SeedRequest } from './seed.ts';
export { driverFolders, findDriverIso } from './windows/driver-iso.ts';
export { additionsVersion, starterVersion } from './version.ts';
