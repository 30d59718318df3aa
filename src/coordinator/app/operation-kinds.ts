/** Every operation there is, in one table. */
import { hostKinds } from './bulk.ts';
import { diskWorkKinds } from './host-disk-work.ts';
import { discoverKind, probeKind } from './hosts.ts';
import { imageKinds } from './images.ts';
import { updateKind } from './vm/change-vm.ts';
import { addKind, createKind, importKind } from './vm/create-steps.ts';
import { archiveKind } from './vm/import-archive.ts';
import { attachAdapterKind, changeAdapterKind, detachAdapterKind } from './vm/adapters-vm.ts';
import { cloneKind, cloneRunningKind, cloneSnapshotKind } from './vm/clone-steps.ts';
import { compactDiskKind } from './vm/compact-disk.ts';
import { limitDiskKind } from './vm/limit-disk.ts';
import { resizeDiskKind } from './vm/resize-disk.ts';
import { attachDiskKind, detachDiskKind } from './vm/disks-vm.ts';
import { handOutKind } from './vm/export-vm.ts';
import { flattenKind } from './vm/flatten-vm.ts';
import { convertDiskKind } from './vm/linked-disks.ts';
import { ejectKind, insertKind } from './vm/media-vm.ts';
import { migrateKind } from './vm/migrate-steps.ts';
import { adoptKind, giveBackKind } from './vm/handover-steps.ts';
import { passKind } from './vm/pass-steps.ts';
import { reattachKind } from './vm/reattach-disk.ts';
import { relocateDiskKind, relocateKind } from './vm/relocate-vm.ts';
import { addShareKind, removeShareKind } from './vm/shares-vm.ts';
import { teamKinds } from './team/act-team.ts';
import { bulkVmKinds } from './vm/bulk-vms.ts';
import { powerKinds } from './vm/power-steps.ts';
import { deleteKind, removeKind } from './vm/remove-vm.ts';
import { restoreFileKind } from './vm/snapshot-files.ts';
import { snapshotKinds } from './vm/snapshots-vm.ts';
import { endTemplateKind, makeTemplateKind } from './vm/template-vm.ts';
import type { Kind } from './work.ts';

export const operationKinds: readonly Kind[] = [
  createKind,
  addKind,
  importKind,
  archiveKind,
  updateKind,
  removeKind,
  deleteKind,
  cloneKind,
  cloneSnapshotKind,
  cloneRunningKind,
  flattenKind,
  handOutKind,
  relocateKind,
  migrateKind,
  passKind,
  adoptKind,
  giveBackKind,
  relocateDiskKind,
  ...powerKinds,
  attachDiskKind,
  detachDiskKind,
  convertDiskKind,
  compactDiskKind,
  resizeDiskKind,
  limitDiskKind,
  reattachKind,
  attachAdapterKind,
  detachAdapterKind,
  changeAdapterKind,
  addShareKind,
  removeShareKind,
  insertKind,
  ejectKind,
  ...snapshotKinds,
  makeTemplateKind,
  endTemplateKind,
  restoreFileKind,
  ...hostKinds,
  ...bulkVmKinds,
  ...teamKinds,
  probeKind,
  discoverKind,
  ...diskWorkKinds,
  ...imageKinds,
];
