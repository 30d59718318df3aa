/** The door of `qemu`: QMP and guest-agent clients, the machine specification. */
export { GuestAgent } from './guest-agent/client.ts';
export type {
  GuestAgentCounters,
  GuestAgentOptions,
  GuestAgentTrouble,
  GuestCommandOptions,
} from './guest-agent/client.ts';
export { connectQmp, QmpClient } from './qmp/client.ts';
export type { CommandOptions, QmpConnectOptions } from './qmp/client.ts';
export type { QemuVersion, QmpEvent } from './qmp/messages.ts';
export * from './command-line/spec.ts';
export * from './command-line/spec-ports.ts';
export * from './command-line/spec-storage.ts';
export { formatForward } from './command-line/adapters.ts';
export { clockAt } from './command-line/board.ts';
export { bootIndexes, type BootIndexes } from './command-line/boot.ts';
export { buildCommandLine, minimumQemuVersion } from './command-line/build.ts';
export { checkMachine } from './command-line/check.ts';
export * from './command-line/names.ts';
export { inheritedDevices, type InheritedDevice } from './command-line/storage.ts';
export * as qmp from './qmp/commands.ts';
export { endBootOnce } from './hot-plug/boot-order.ts';
export { attachMemory, detachMemory, growProcessors } from './hot-plug/capacity.ts';
export { attachAdapter, attachDisk, detachAdapter, detachDisk } from './hot-plug/devices.ts';
export { limitDisks, type DiskThrottle } from './hot-plug/limits.ts';
export { changeMedium, type MediumChange } from './hot-plug/media.ts';
export {
  probeAcceleration,
  probeOutcomes,
  type AccelerationResult,
  type ProbeAccount,
  type ProbeOptions,
  type ProbeOutcome,
  type ProbeResult,
} from './probe/acceleration.ts';
export { findBinaries, type Binaries, type Binary } from './probe/binaries.ts';
export {
  readCapabilities,
  type CapabilityOptions,
  type MachineType,
  type ProcessorModel,
  type QemuCapabilities,
} from './probe/capabilities.ts';
export { findRendering, type Rendering } from './probe/rendering.ts';
export { findUefiFirmware, type UefiFirmware } from './probe/uefi.ts';
export {
  checkImage,
  commitImage,
  convertImage,
  createImage,
  renameParent,
  resizeImage,
  type Commit,
  type Conversion,
  type ImageCheck,
  type NewImage,
  type Resize,
} from './image/change.ts';
export { inspectImage, readImageInfo, type ImageInfo, type ImageQuery } from './image/info.ts';
export type { ImageCommandOptions } from './image/run.ts';
export { makeMortal, type ProgramCall } from './mortal.ts';
export { runProgram, type RunOptions, type RunResult } from './run-program.ts';
export { parseKeys, typeText } from './keys/keys.ts';
export { layouts, type KeyChord, type Layout } from './keys/layouts.ts';
export * as guest from './guest-agent/commands.ts';
export {
  readGuestFile,
  runInGuest,
  writeGuestFile,
  type GuestRunOptions,
} from './guest-agent/transfer.ts';
export { maxSharedFolders, shareId, shareLinkPath } from './command-line/shares.ts';
export { readOpenDisk, servedImage, type OpenDisk } from './layers/nodes.ts';
export { closeImage, openTops, type NewTop, type OpenTops } from './layers/put-on-top.ts';
export { mergeLive, type LiveMerge } from './layers/merge.ts';
export { endMirror, isMirroring, mirrorLive, type LiveMirror } from './layers/mirror.ts';
export { replaceBelow, type ReplacedImage } from './layers/replace-below.ts';
export { attachShare, detachShare, mountedShares } from './shares/shares.ts';
export { dumpFormats, dumpMemory, type DumpFormat } from './state/dump.ts';
export {
  handOver,
  isHandedOver,
  takeBack,
  type HandedDisk,
  type HandedOver,
  type HandOver,
  type HandOverProgress,
} from './hand-over/hand-over.ts';
export { openSocket } from './socket.ts';
export { awaitGuest, takeGuest, type AwaitedGuest } from './hand-over/take-guest.ts';
export { restoreState, type RestoreOptions } from './state/restore.ts';
export { saveState, type SaveOptions } from './state/save.ts';
export { snapshotState, type SnapshotOptions } from './state/snapshot.ts';
export { FilesAppliance, type ApplianceParts, type FileSystem } from './files/appliance.ts';
export { chooseFileSystem, partitionOf, shownSystems } from './files/choose.ts';
export { bytesOfPath, textOfName } from './files/path-text.ts';
export type { FileFacts, FolderEntry } from './files/protocol.ts';
