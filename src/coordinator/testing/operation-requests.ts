/** What each operation is asked for with, in a world of its own (operation-worlds.ts). */
import assert from 'node:assert/strict';
import { posix } from 'node:path';
import {
  diskVerbs,
  teamActionNames,
  vmImportSchema,
  type HostBulkAction,
  type PowerAction,
  type TeamAction,
  type VmState,
} from '#api';
import { bulkOnHost } from '../app/bulk.ts';
import { workOnDisk } from '../app/host-disk-work.ts';
import { askHost, discoverKind, probeKind } from '../app/hosts.ts';
import { addImage, buildImage, deleteImage } from '../app/images.ts';
import { actOnTeam } from '../app/team/act-team.ts';
import { actOnVm } from '../app/vm/act-vm.ts';
import { attachAdapter, changeAdapter, detachAdapter } from '../app/vm/adapters-vm.ts';
import { bulkOnVms } from '../app/vm/bulk-vms.ts';
import { updateVm } from '../app/vm/change-vm.ts';
import { cloneVm } from '../app/vm/clone-vm.ts';
import { compactDisk } from '../app/vm/compact-disk.ts';
import { limitDisk } from '../app/vm/limit-disk.ts';
import { resizeDisk } from '../app/vm/resize-disk.ts';
import { addVm, createVm } from '../app/vm/create-vm.ts';
import { attachDisk, detachDisk } from '../app/vm/disks-vm.ts';
import { flattenVm } from '../app/vm/flatten-vm.ts';
import { handOutVm } from '../app/vm/export-vm.ts';
import { importVm } from '../app/vm/import-archive.ts';
import { convertDisk } from '../app/vm/linked-disks.ts';
import { changeMedium } from '../app/vm/media-vm.ts';
import { adoptVm, giveBackVm } from '../app/vm/adopt-vm.ts';
import { relocateVmTo } from '../app/vm/migrate-vm.ts';
import { relocateDisk, relocateVm } from '../app/vm/relocate-vm.ts';
import { takeOutVm } from '../app/vm/remove-vm.ts';
import { restoreSnapshotFile } from '../app/vm/snapshot-files.ts';
import { addShare, removeShare } from '../app/vm/shares-vm.ts';
import {
  changeSnapshot,
  deleteSnapshot,
  revertSnapshot,
  takeSnapshot,
} from '../app/vm/snapshots-vm.ts';
import { endTemplate, makeTemplate } from '../app/vm/template-vm.ts';
import type { Caller, Coordinator } from '../context.ts';
import type { VmDocument } from '../documents.ts';
import { exampleOf } from './disk-examples.ts';

/** The state in which a vm is when the action is asked for. */
const stateFor: Readonly<Record<PowerAction, VmState>> = {
  'turn-on': 'off',
  hold: 'off',
  release: 'paused',
  pause: 'running',
  resume: 'paused',
  save: 'running',
  restore: 'saved',
  discard: 'saved',
  shutdown: 'running',
  'power-button': 'running',
  reboot: 'running',
  'turn-off': 'running',
  reset: 'running',
  nmi: 'running',
  restart: 'running',
  'update-additions': 'running',
  'commit-undo': 'off',
  'discard-undo': 'off',
};

const stateForTeam: Readonly<Record<TeamAction, VmState>> = {
  start: 'off',
  stop: 'running',
  'turn-off': 'running',
  pause: 'running',
  save: 'running',
  resume: 'paused',
};

const powerActions = Object.keys(stateFor) as PowerAction[];

/** The verb of one vm, or of several, that the operation is. */
export function powerActionOf(action: string): PowerAction | undefined {
  return powerActions.find((one) => action === `vm.${one}` || action === `vms.${one}`);
}
function teamActionOf(action: string): TeamAction | undefined {
  return teamActionNames.find((one) => action === `team.${one}`);
}

/** The state in which the vm of the world is when the operation is asked for. */
export function stateBefore(action: string): VmState {
  const [ofTeam, ofVm] = [teamActionOf(action), powerActionOf(action)];
  if (ofTeam !== undefined) return stateForTeam[ofTeam];
  if (ofVm !== undefined) return stateFor[ofVm];
  return /^vm\.(disk\.(at|de)tach|running\.clone)$/.test(action) ? 'running' : 'off';
}

/** One of each, as the requests name them. */
export interface WorldIds {
  /** Of the host; what a request makes is named after it. */
  readonly name: string;
  readonly hostId: string;
  readonly vmId: string;
  readonly teamId: string;
  readonly imageId: string;
  /** That no adapter has. */
  readonly mac: string;
}

/** Asks for the operation as the route would. Throws AssertionError for one that is not known here. */
export async function askFor(
  action: string,
  coordinator: Coordinator,
  caller: Caller,
  { name, hostId, vmId: id, teamId, imageId, mac }: WorldIds,
): Promise<unknown> {
  const powerAction = powerActionOf(action);
  const teamAction = teamActionOf(action);
  const any = { precondition: undefined, dryRun: false } as const;
  if (powerAction !== undefined && action.startsWith('vms.'))
    return await bulkOnVms(coordinator, caller, { action: powerAction, vms: [id] }, false);
  if (teamAction !== undefined)
    return await actOnTeam(coordinator, caller, teamId, teamAction, false);
  if (powerAction !== undefined)
    return await actOnVm(coordinator, caller, id, powerAction, {}, false);
  const bulk = /^host\.(turn-on-all|turn-off-all|pause-all|resume-all|start|stop)$/.exec(action);
  if (bulk !== null)
    return await bulkOnHost(
      coordinator,
      caller,
      hostId,
      bulk[1] as HostBulkAction,
      undefined,
      false,
    );
  const disk = diskVerbs.find((verb) => action === `host.disk.${verb}`);
  if (disk !== undefined) {
    const { signal } = new AbortController();
    return await workOnDisk(coordinator, caller, hostId, exampleOf(disk), {
      dryRun: false,
      signal,
    });
  }
  const adapter = { slot: 1, mac, attachment: { kind: 'none' } } as const;
  const importFrom = (file: string): Promise<unknown> =>
    importVm(
      coordinator,
      caller,
      vmImportSchema.parse({
        host: name,
        file,
        name: `${name}-new`,
        undo: 'snapshot',
        snapshots: 'import',
        start: true,
      }),
      { dryRun: false, signal: new AbortController().signal },
    );
  const verbs: Readonly<Record<string, () => Promise<unknown>>> = {
    'vm.create': () =>
      createVm(
        coordinator,
        caller,
        {
          name: `${name}-new`,
          host: name,
          network: 'none',
          disk: { kind: 'new', sizeBytes: 1024 ** 2, format: 'qcow2' },
          start: true,
        },
        false,
      ),
    'vm.add': () =>
      addVm(coordinator, caller, { host: name, file: '/old/vm.json', folder: '/' }, false),
    'vm.update': () =>
      updateVm(
        coordinator,
        caller,
        id,
        { name: `${name}-renamed`, resources: { cpuWeight: 300 } },
        any,
      ),
    'vm.remove': () => takeOutVm(coordinator, caller, id, 'remove', any),
    'vm.import': () => importFrom('/srv/undo.vmc'),
    'vm.import-archive': () => importFrom('/srv/undo.zip'),
    'vm.clone': () => cloneVm(coordinator, caller, id, { name: `${name}-new` }, false),
    'vm.snapshot.clone': () =>
      cloneVm(
        coordinator,
        caller,
        id,
        { name: `${name}-new`, snapshot: 'first', path: '/elsewhere' },
        false,
      ),
    'vm.running.clone': () =>
      cloneVm(coordinator, caller, id, { name: `${name}-new`, path: '/elsewhere' }, false),
    'vm.hand-out': () =>
      handOutVm(
        coordinator,
        caller,
        id,
        { as: 'vmware-workstation', path: '/vms/out', savedState: 'discard', moveToIde: true },
        false,
      ),
    'vm.template.make': () => makeTemplate(coordinator, caller, id, false),
    'vm.template.end': () => endTemplate(coordinator, caller, id, false),
    'vm.flatten': () => flattenVm(coordinator, caller, id, false),
    'vm.migrate': () => relocateVmTo(coordinator, caller, id, { host: `${name}-other` }, false),
    'vm.migrate-live': () =>
      relocateVmTo(coordinator, caller, id, { host: `${name}-other` }, false),
    'vm.adopt': () =>
      adoptVm(coordinator, caller, id, { host: `${name}-other`, networkNames: [] }, false),
    'vm.give-back': () => giveBackVm(coordinator, caller, id, false),
    'vm.relocate': () => relocateVm(coordinator, caller, id, { path: '/elsewhere' }, false),
    'vm.disk.relocate': () =>
      relocateDisk(coordinator, caller, id, 'virtio0:0', { path: '/elsewhere' }, false),
    'vm.delete': () => takeOutVm(coordinator, caller, id, 'delete', any),
    'vm.disk.attach': () =>
      attachDisk(
        coordinator,
        caller,
        id,
        { kind: 'new', sizeBytes: 1024 ** 2, format: 'qcow2', shared: false },
        false,
      ),
    'vm.disk.convert': () =>
      convertDisk(
        coordinator,
        caller,
        id,
        'virtio0:0',
        { format: 'qcow2', allocation: 'dynamic' },
        false,
      ),
    'vm.disk.compact': () =>
      compactDisk(
        coordinator,
        caller,
        id,
        'virtio0:0',
        { freeBlocks: 'keep', fixed: 'refuse' },
        false,
      ),
    'vm.disk.resize': () =>
      resizeDisk(coordinator, caller, id, 'virtio0:0', { sizeBytes: 1024 ** 4 }, false),
    'vm.disk.change': () =>
      limitDisk(
        coordinator,
        caller,
        id,
        'virtio0:0',
        { limits: { bytes: { perSecond: 1_000_000 } } },
        false,
      ),
    'vm.disk.reattach': () => {
      const vm = coordinator.inventory.document<VmDocument>('vm', id)?.data;
      const [disk] = vm?.definition.hardware.disks ?? [];
      assert(vm !== undefined && disk !== undefined, 'a vm with a disk');
      const parent = posix.resolve(vm.path, disk.file);
      const work = { verb: 'create-child', parent, format: 'qcow2', reattach: true } as const;
      const file = posix.join(vm.path, 'child.qcow2');
      const { signal } = new AbortController();
      return workOnDisk(coordinator, caller, hostId, { ...work, file }, { dryRun: false, signal });
    },
    'vm.disk.detach': () => detachDisk(coordinator, caller, id, 'virtio0:0', false),
    'vm.adapter.change': () =>
      changeAdapter(coordinator, caller, id, 0, { attachment: { kind: 'none' } }, false),
    'vm.adapter.attach': () => attachAdapter(coordinator, caller, id, adapter, false),
    'vm.adapter.detach': () => detachAdapter(coordinator, caller, id, 0, false),
    'vm.share.add': () =>
      addShare(
        coordinator,
        caller,
        id,
        { name: 'second', hostPath: '/srv/second', readOnly: false },
        false,
      ),
    'vm.share.remove': () => removeShare(coordinator, caller, id, 'first', false),
    'vm.medium.insert': () =>
      changeMedium(
        coordinator,
        caller,
        id,
        { place: 'sata0:0', medium: { kind: 'image', image: imageId }, tray: 'ask' },
        false,
      ),
    'vm.medium.eject': () =>
      changeMedium(coordinator, caller, id, { place: 'sata0:0', medium: null, tray: 'ask' }, false),
    'vm.snapshot.take': () =>
      takeSnapshot(coordinator, caller, id, { name: 'second', atLimit: 'replace-oldest' }, false),
    'vm.snapshot.revert': () =>
      revertSnapshot(coordinator, caller, id, 'first', { snapshotFirst: 'second' }, false),
    'vm.snapshot.restore-file': () =>
      restoreSnapshotFile(coordinator, caller, id, 'first', { path: '/etc/hosts' }, false),
    'vm.snapshot.delete': () => deleteSnapshot(coordinator, caller, id, 'first', false),
    'vm.snapshot.change': () =>
      changeSnapshot(coordinator, caller, id, 'first', { name: 'other' }, false),
    'host.probe': () => askHost(coordinator, caller, hostId, probeKind),
    'host.discover': () => askHost(coordinator, caller, hostId, discoverKind),
    'image.build': () =>
      buildImage(
        coordinator,
        caller,
        { recipe: 'starter', name: `${name}-image`, host: name },
        false,
      ),
    'image.add': () =>
      addImage(
        coordinator,
        caller,
        {
          name: `${name}-image`,
          host: name,
          file: '/images/file',
          imageKind: 'disk',
          format: 'raw',
          description: '',
        },
        false,
      ),
    'image.delete': () => deleteImage(coordinator, caller, imageId, any),
  };
  const verb = verbs[action];
  assert.ok(verb !== undefined, `there is a world for ${action}`);
  return await verb();
}
