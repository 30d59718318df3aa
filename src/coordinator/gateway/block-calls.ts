/**
 * Disks of a domain made larger, and the work that is done on their layers, which is that of the operation that has the vm: a
 * commit merges the layer of a snapshot, a pull makes a linked clone independent, a copy moves a disk to another place.
 */
import { placeName, type diskJobProcedures, type Vm } from '#api';
import { isFault } from '#lib';
import { libvirtFault, type DomainHandle, type Handlers } from '#libvirt';
import type { BlockDevice } from '../domain-xml/domain-devices.ts';
import { requireActive, type Connection } from './connection.ts';
import { diskJobTypes } from './disk-jobs.ts';
import { jobOf, partDone } from './job-calls.ts';
import { snapshotsOf } from './snapshots.ts';
import { deviceAt } from './statistics-calls.ts';

type Jobs = Pick<Handlers, (typeof diskJobProcedures)[number]>;
type Calls = Jobs & Pick<Handlers, 'DOMAIN_BLOCK_RESIZE'>;

/** virDomainBlockResizeFlags: the size is in bytes, not in KiB. */
const inBytes = 1;
const sectorBytes = 512n;
const kiB = 1024n;
const miB = kiB * kiB;

/** VIR_DOMAIN_BLOCK_REBASE_COPY. */
const copies = 8;
/** VIR_DOMAIN_BLOCK_PULL_BANDWIDTH_BYTES. */
const pullsInBytes = 64;
const pulled =
  'a linked clone becomes independent of all that it stands on: virsh blockpull without a base';
/** VIR_DOMAIN_BLOCK_JOB_SPEED_BANDWIDTH_BYTES, VIR_DOMAIN_BLOCK_JOB_INFO_BANDWIDTH_BYTES. */
const pacesInBytes = 1;
const copied = 'a disk is copied by virt-clone, and moved with: gantry vm move-disk';

interface Job {
  readonly id: string;
  readonly type: number;
  /** From 0 to 1. */
  readonly part: number;
}

export function blockCalls(connection: Connection): Calls {
  const { coordinator, desk, caller } = connection.parts;
  const jobAt = (
    dom: DomainHandle,
    path: string,
  ): { readonly vm: Vm; readonly device: BlockDevice; readonly job: Job | undefined } => {
    const vm = connection.find(dom.uuid);
    requireActive(vm);
    const { device } = deviceAt(connection, vm, path);
    const operation = jobOf(connection, dom);
    const type = operation === undefined ? undefined : diskJobTypes[operation.action];
    if (operation === undefined || type === undefined) return { vm, device, job: undefined };
    return { vm, device, job: { id: operation.id, type, part: partDone(operation) ?? 0 } };
  };
  /** Without a limit it is that of the host. */
  const setPace = async (
    operation: string,
    bandwidth: bigint,
    isInBytes: boolean,
    signal: AbortSignal,
  ): Promise<void> => {
    const perSecond = Number(isInBytes ? bandwidth : bandwidth * miB);
    const body = { bytesPerSecond: perSecond === 0 ? null : perSecond };
    await desk.ask(caller, 'operation.pace', { params: { operation }, body }, signal);
  };
  const own: Jobs = {
    DOMAIN_GET_BLOCK_JOB_INFO: ({ dom, path, flags }) => {
      const { device, job } = jobAt(dom, path);
      if (job === undefined) return { found: 0, type: 0, bandwidth: 0n, cur: 0n, end: 0n };
      const end = device.sizeBytes ?? 0;
      const cur = BigInt(Math.floor(job.part * end));
      const pace = BigInt(coordinator.operationPaces.of(job.id) ?? 0);
      const bandwidth = (flags & pacesInBytes) === 0 ? (pace + miB - 1n) / miB : pace;
      return { found: 1, type: job.type, bandwidth, cur, end: BigInt(end) };
    },
    DOMAIN_BLOCK_JOB_ABORT: async ({ dom, path, flags }, { signal }) => {
      if (flags !== 0)
        throw libvirtFault('ARGUMENT_UNSUPPORTED', 'work on a disk is cancelled whole');
      const { id } = requireJob(jobAt(dom, path));
      await desk.ask(caller, 'operation.cancel', { params: { operation: id } }, signal);
      return {};
    },
    DOMAIN_BLOCK_COMMIT: ({ dom, disk }) => {
      const vm = connection.find(dom.uuid);
      const { device } = deviceAt(connection, vm, disk);
      throw notCommitted(connection, vm, device.target);
    },
    DOMAIN_BLOCK_PULL: async ({ dom, path, bandwidth, flags }, { signal }) => {
      if ((flags & ~pullsInBytes) !== 0)
        throw libvirtFault('ARGUMENT_UNSUPPORTED', `flags ${flags} say nothing about a pull`);
      const { vm } = jobAt(dom, path);
      const asked = { params: { vm: vm.id } };
      const { id } = await connection.beginWork('vm.flatten', asked, signal);
      if (bandwidth === 0n) return {};
      await setPace(id, bandwidth, (flags & pullsInBytes) !== 0, signal).catch((error: unknown) => {
        // It has ended before it could be slowed down.
        if (!isFault(error, 'refused')) throw error;
      });
      return {};
    },
    DOMAIN_BLOCK_REBASE: ({ flags }) => refuseLayers((flags & copies) === 0 ? pulled : copied),
    DOMAIN_BLOCK_COPY: () => refuseLayers(copied),
    DOMAIN_BLOCK_JOB_SET_SPEED: async ({ dom, path, bandwidth, flags }, { signal }) => {
      if ((flags & ~pacesInBytes) !== 0)
        throw libvirtFault('ARGUMENT_UNSUPPORTED', `flags ${flags} say nothing about a pace`);
      const { id } = requireJob(jobAt(dom, path));
      await setPace(id, bandwidth, flags === pacesInBytes, signal);
      return {};
    },
    DOMAIN_SET_BLOCK_THRESHOLD: ({ dom }) => {
      throw libvirtFault(
        'OPERATION_UNSUPPORTED',
        `${connection.find(dom.uuid).name} is told of when the volume of its disks runs short: gantry events`,
      );
    },
  };
  return {
    ...own,
    DOMAIN_BLOCK_RESIZE: async ({ dom, disk, size, flags }, { signal }) => {
      if ((flags & ~inBytes) !== 0)
        throw libvirtFault('ARGUMENT_UNSUPPORTED', 'a disk is given the size that is said');
      const vm = connection.find(dom.uuid);
      requireActive(vm);
      const params = { vm: vm.id, place: placeOf(connection, vm, disk) };
      const bytes = (flags & inBytes) === 0 ? size * kiB : size;
      const sizeBytes = Number(((bytes + sectorBytes - 1n) / sectorBytes) * sectorBytes);
      await connection.work('vm.disk.resize', { params, body: { sizeBytes } }, signal);
      return {};
    },
  };
}

/** Errors: INVALID_ARG, in libvirt's words. */
function requireJob({
  device,
  job,
}: {
  readonly device: BlockDevice;
  readonly job: Job | undefined;
}): Job {
  if (job !== undefined) return job;
  throw libvirtFault(
    'INVALID_ARG',
    `invalid argument: disk ${device.target} does not have an active block job`,
  );
}

const maxToldNames = 5;

/** What lies under the top of a disk is what Gantry goes back to: it says what merges it. */
function notCommitted(connection: Connection, vm: Vm, target: string): Error {
  const names = snapshotsOf(connection, vm).map(({ name }) => name);
  if (names.length > 0) {
    const more = names.length > maxToldNames ? ', …' : '';
    const told = `${names.slice(0, maxToldNames).join(', ')}${more}`;
    return libvirtFault(
      'OPERATION_UNSUPPORTED',
      `what lies under ${target} holds snapshots of ${vm.name} (${told}): virsh snapshot-delete merges the layer of one`,
    );
  }
  if (vm.status.undo !== null)
    return libvirtFault(
      'OPERATION_UNSUPPORTED',
      `${target} of ${vm.name} has an undo disk: gantry vm commit-undo ${vm.name} merges it`,
    );
  return libvirtFault(
    'INVALID_ARG',
    `invalid argument: could not find base image in chain for '${target}'`,
  );
}

function refuseLayers(instead: string): never {
  throw libvirtFault('OPERATION_UNSUPPORTED', `layers of disks are those of Gantry: ${instead}`);
}

/** Of a disk, by what the client calls it. Errors: INVALID_ARG. */
function placeOf(connection: Connection, vm: Vm, path: string): string {
  const shown = connection.blockDevicesOf(vm);
  const disk = vm.definition.hardware.disks.find(
    (_, index) => shown[index]?.target === path || shown[index]?.file === path,
  );
  if (disk !== undefined) return placeName(disk);
  throw libvirtFault(
    'INVALID_ARG',
    `invalid argument: disk '${path.slice(0, 200)}' was not found in the domain config`,
  );
}
