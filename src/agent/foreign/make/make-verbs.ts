/**
 * Vms and disks made and deleted on a hypervisor. A vm that is to be made is defined first, and then its volumes are made:
 * whoever was ended in between finds by the vm's UUID which volumes are its own. It is deleted the other way round.
 */
import {
  diffSettings,
  vmStateFacts,
  type DiskSource,
  type LinkParams,
  type StartCheck,
  type VmDefinition,
} from '#api';
import { machineId } from '#foreign';
import { describeFault, Fault, formatBytes, isFault, type Reason } from '#lib';
import type { Client } from '#libvirt';
import type { Handlers } from '../../link/calls.ts';
import type { BorrowedPools } from '../copy/borrowed-pool.ts';
import { define } from '../edit/persist.ts';
import { requireNetworks } from '../edit/require-networks.ts';
import { readHardware } from '../hardware/read-hardware.ts';
import type { ForeignMachines } from '../machines.ts';
import { domainXml, type DomainType } from './domain-xml.ts';
import { lookUp, undefine } from './domains.ts';
import { judgeFiles } from './vm-files.ts';
import { requireNew, Volumes } from './volumes.ts';

export interface MakeTools {
  readonly client: Client;
  readonly machines: ForeignMachines;
  readonly hostId: string;
  readonly architecture: () => string;
  readonly domainType: () => DomainType;
  /** Looks at the hypervisor, and reads all of this vm, now. */
  readonly read: (uuid: string) => Promise<void>;
  readonly look: () => Promise<void>;
  readonly borrowed: BorrowedPools;
}

type MakeVerb =
  | 'machine.plan'
  | 'machine.create'
  | 'machine.destroy'
  | 'machine.files'
  | `machine.disk.${'create' | 'inspect' | 'delete'}`;

export function makeVerbs(tools: MakeTools): Pick<Handlers, MakeVerb> {
  const { client, machines } = tools;
  const volumes = new Volumes(client);
  return {
    'machine.plan': (params, { signal }) => plan(tools, volumes, params, signal),
    async 'machine.create'(params, { signal }) {
      await create(tools, volumes, params, signal);
      return { report: machines.report(params.id) };
    },
    'machine.destroy': (params, { signal }) => destroy(tools, volumes, params, signal),
    async 'machine.files'({ id }, { signal }) {
      const files = (await judgeFiles({ client, machines, id, keep: [] }, signal)).map((file) => ({
        ...file,
        freeBytes: null,
        deleted: file.keptBecause === null,
      }));
      return { folder: '/', files };
    },
    async 'machine.disk.create'({ source }, { signal }) {
      const { path } = await makeVolume(volumes, source, 'first', signal);
      return { disk: { file: path, sizeBytes: source.sizeBytes } };
    },
    async 'machine.disk.inspect'({ file }, { signal }) {
      const path = await volumes.resolve(file, signal);
      const vol = await volumes.find(path, signal);
      if (vol === undefined)
        throw new Fault('not-found', `no storage pool of its hypervisor has ${path}`, {
          hint: 'put it into a pool there, or refresh the pool: virsh pool-refresh',
        });
      return { ...(await volumes.sizes(vol, signal)), backing: null, system: false };
    },
    async 'machine.disk.delete'({ file }, { signal }) {
      const path = await volumes.resolve(file, signal);
      if (!(await volumes.remove(path, signal)))
        throw new Fault('not-found', `no storage pool of its hypervisor has ${path}`);
      return {};
    },
  };
}

/** `again`: a volume that is there is one of a call whose answer was lost. Errors: `exists`. */
async function makeVolume(
  volumes: Volumes,
  source: DiskSource,
  when: 'first' | 'again',
  signal: AbortSignal,
): Promise<{ readonly path: string }> {
  const { path } = await volumes.place(source.file, signal);
  const known = await volumes.find(path, signal);
  if (known === undefined) return await volumes.create(source, signal);
  if (when === 'again') return { path };
  throw new Fault('exists', `there is a volume ${path} already`, {
    hint: 'choose another name, or attach that one',
  });
}

/** With paths for its disks. */
async function resolved(
  volumes: Volumes,
  definition: VmDefinition,
  signal: AbortSignal,
): Promise<VmDefinition> {
  const { hardware } = definition;
  const disks = await Promise.all(
    hardware.disks.map(async (disk) => ({
      ...disk,
      file: await volumes.resolve(disk.file, signal),
    })),
  );
  return { ...definition, hardware: { ...hardware, disks } };
}

async function plan(
  { client, architecture, domainType }: MakeTools,
  volumes: Volumes,
  { definition, disks }: LinkParams<'machine.plan'>,
  signal: AbortSignal,
): Promise<StartCheck> {
  const reasons: Reason[] = [];
  const refuse = (error: unknown): void => {
    if (!isFault(error)) throw error;
    const remedy = error.hint === undefined ? {} : { remedy: error.hint };
    reasons.push({ code: error.code, text: describeFault(error), ...remedy });
  };
  for (const source of disks)
    try {
      requireNew(source);
      const { pool, path } = await volumes.place(source.file, signal);
      if ((await volumes.find(path, signal)) !== undefined)
        throw new Fault('exists', `there is a volume ${path} already`);
      const isFixed = source.kind === 'new' && source.allocation === 'fixed';
      if (isFixed && source.sizeBytes > pool.availableBytes)
        throw new Fault(
          'exhausted',
          `pool ${pool.handle.name} has ${formatBytes(pool.availableBytes)} left`,
        );
    } catch (error) {
      refuse(error);
    }
  try {
    await requireNetworks(client, null, definition.hardware, signal);
  } catch (error) {
    refuse(error);
  }
  const uuid = uuidOf(definition);
  const taken = await lookUp(client, uuid, signal);
  if (taken !== undefined)
    reasons.push({
      code: 'exists',
      text: `${taken.name} has the UUID ${uuid} on its hypervisor`,
      remedy: 'leave the UUID out to make a new vm',
    });
  if (reasons.length > 0) return { ok: false, reasons, warnings: [] };
  const xml = domainXml({ type: domainType(), uuid, definition });
  const { hardware, resources } = readHardware(xml, {
    architecture: architecture(),
    sizes: new Map(),
  });
  const plain = new Set(['profile', 'mac_mode', 'size_bytes', 'optional', 'slot']);
  const wanted = { hardware: definition.hardware, resources: definition.resources };
  const warnings = diffSettings(wanted, { hardware, resources })
    .filter(({ path }) => !plain.has(path.split('/').at(-1) ?? ''))
    .filter(({ newValue }) => newValue !== null)
    .slice(0, 20)
    .map(({ path, newValue }) => ({
      code: 'not-in-libvirt',
      text: `${path} is ${String(newValue)} there: libvirt has no word for what was wanted`,
    }));
  return { ok: true, reasons, warnings };
}

/** That its guest reads; the coordinator has made the id of it. */
export function uuidOf({ extensions }: VmDefinition): string {
  const said = extensions['libvirt'];
  const isObject = typeof said === 'object' && said !== null && !Array.isArray(said);
  const uuid = isObject ? said['uuid'] : undefined;
  if (typeof uuid === 'string' && /^[0-9a-f-]{36}$/.test(uuid)) return uuid;
  throw new Fault('invalid', 'the definition does not say the UUID of the vm on its hypervisor');
}

async function create(
  tools: MakeTools,
  volumes: Volumes,
  { id, definition, disks }: LinkParams<'machine.create'>,
  signal: AbortSignal,
): Promise<void> {
  const { client, hostId, domainType, read } = tools;
  const uuid = uuidOf(definition);
  if (machineId(hostId, uuid) !== id)
    throw new Fault('invalid', 'the id of the vm is not the one of its UUID on this host');
  const known = await lookUp(client, uuid, signal);
  if (known === undefined) {
    for (const source of disks) {
      requireNew(source);
      const { path } = await volumes.place(source.file, signal);
      if ((await volumes.find(path, signal)) !== undefined)
        throw new Fault('exists', `there is a volume ${path} already`);
    }
    const whole = await resolved(volumes, definition, signal);
    await define(client, domainXml({ type: domainType(), uuid, definition: whole }), signal);
  }
  const paths: string[] = [];
  try {
    for (const source of disks)
      paths.push((await makeVolume(volumes, source, 'again', signal)).path);
  } catch (error) {
    // One that failed may be somebody else's: only what was made goes with the vm.
    for (const path of paths) await volumes.remove(path, signal).catch(() => undefined);
    const made = await lookUp(client, uuid, signal).catch(() => undefined);
    if (made !== undefined) await undefine(client, made, signal).catch(() => undefined);
    throw error;
  }
  await read(uuid);
}

async function destroy(
  { client, machines, look, read }: MakeTools,
  volumes: Volumes,
  { id, generation, cause, keep }: LinkParams<'machine.destroy'>,
  signal: AbortSignal,
): Promise<{ deleted: string[]; kept: string[] }> {
  await look();
  const { handle, state } = machines.find(id);
  if (vmStateFacts[state].live)
    throw new Fault('refused', `${handle.name} runs on its hypervisor`, {
      hint: 'turn it off first',
    });
  await read(handle.uuid);
  const files = await judgeFiles({ client, machines, id, keep }, signal);
  const deleted: string[] = [];
  const kept: string[] = [];
  using _act = machines.enter(id, generation, { state: undefined, cause });
  for (const { path, keptBecause } of files)
    if (keptBecause === null && (await volumes.remove(path, signal))) deleted.push(path);
    else kept.push(path);
  await undefine(client, handle, signal);
  await look();
  return { deleted, kept };
}
