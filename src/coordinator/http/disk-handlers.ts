/** Disks of vms. */
import type { RouteName } from '#api';
import { compactDisk } from '../app/vm/compact-disk.ts';
import { attachDisk, detachDisk } from '../app/vm/disks-vm.ts';
import { convertDisk } from '../app/vm/linked-disks.ts';
import { limitDisk } from '../app/vm/limit-disk.ts';
import { relocateDisk } from '../app/vm/relocate-vm.ts';
import { resizeDisk } from '../app/vm/resize-disk.ts';
import type { Coordinator } from '../context.ts';
import type { Handlers } from './route-handler.ts';

type DiskRoute = Exclude<Extract<RouteName, `vm.disk.${string}`>, 'vm.disk.content'>;

export function diskHandlers(coordinator: Coordinator): Pick<Handlers, DiskRoute> {
  return {
    'vm.disk.attach': ({ caller, id, body, query }) =>
      attachDisk(coordinator, caller, id, body, query.dryRun),
    'vm.disk.change': ({ caller, id, params, body, query }) =>
      limitDisk(coordinator, caller, id, params.place, body, query.dryRun),
    'vm.disk.detach': ({ caller, id, params, query }) =>
      detachDisk(coordinator, caller, id, params.place, query.dryRun),
    'vm.disk.compact': ({ caller, id, params, body, query }) =>
      compactDisk(coordinator, caller, id, params.place, body, query.dryRun),
    'vm.disk.resize': ({ caller, id, params, body, query }) =>
      resizeDisk(coordinator, caller, id, params.place, body, query.dryRun),
    'vm.disk.convert': ({ caller, id, params, body, query }) =>
      convertDisk(coordinator, caller, id, params.place, body, query.dryRun),
    'vm.disk.relocate': ({ caller, id, params, body, query }) =>
      relocateDisk(coordinator, caller, id, params.place, body, query.dryRun),
  };
}
