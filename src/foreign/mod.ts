/**
 * Configurations of other products: bytes in, one description of a machine out, with a list of everything that it
 * cannot say. Pure: opens nothing, follows no name. Bytes are hostile until proved otherwise.
 */
export { noQuota, percentOf, periodRangeUs, periodUs, quotaUsOf } from './cpu-quota.ts';
export { fileKindOf, type FileKind } from './file-kinds.ts';
export { detectConfiguration, parseConfiguration } from './formats.ts';
export { foreignId, machineId } from './identity.ts';
export {
  foreignBootDevices,
  foreignBuses,
  maxLost,
  type ForeignAdapter,
  type ForeignBootDevice,
  type ForeignBus,
  type ForeignDisk,
  type ForeignDrive,
  type ForeignMachine,
  type ForeignMedium,
  type ForeignPlace,
  type ForeignPort,
  type Lost,
  type WritableMachine,
} from './machine.ts';
export {
  parseManifest,
  parseSignature,
  writeManifest,
  writeSignature,
  type Digest,
  type DigestAlgorithm,
  type ManifestSignature,
} from './manifest.ts';
export { iotuneOf, iotuneRates, iotuneWords, limitsOfIotune, type IotuneLimits } from './iotune.ts';
export { decodeText, maxFileBytes } from './text.ts';
export { maxForeignSnapshots, parseVmsd, type ForeignSnapshots } from './vmsd.ts';
export { writeHyperV } from './write-hyper-v.ts';
export { writeOvf } from './write-ovf.ts';
export { writeVmc } from './write-vmc.ts';
export { writeVmx } from './write-vmx.ts';
export { readElements, readXml, type XmlElement, type XmlNode } from './xml.ts';
export {
  keptMetadata,
  keptTitle,
  metadataIn,
  metadataKey,
  namespaceOf,
  ownNamespace,
  prefixesIn,
  prefixOf,
  standingAlone,
  titleIn,
  titleKey,
  withMetadata,
  withTitle,
  type Prefixes,
} from './xml-metadata.ts';
export { escapeXml, XmlText } from './xml-text.ts';
export {
  attributeOf,
  find,
  findAll,
  memoryBytesOf,
  rateUnitBits,
  textOf,
  wholeNumber,
} from './xml-ways.ts';
