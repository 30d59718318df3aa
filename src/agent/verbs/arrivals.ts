/** Vms that come from another host (docs/rfd/0030): nothing of them counts until all of it is here. */
import { dirname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { LinkParams, LinkResult, VmDefinition } from '#api';
import { Fault, formatBytes, isFault, type Reason } from '#lib';
import type { Travel } from '../drivers/files.ts';
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';
import { takeParents } from '../machine/layers/take-parents.ts';
import { sealAnew, sealedFiles } from '../machine/layers/change-layers.ts';
import { newMachineFile, type MachineFile } from '../machine/record.ts';
import type { Streams } from '../stream/streams.ts';
import { doneBytes, type Arrival, type Arrivals } from '../transfer/arrivals.ts';
import { makeBridge } from '../transfer/bridge.ts';
import { carriedGuest, carriedPorts, withCarried } from '../transfer/carried.ts';
import { storedBytesOf } from '../transfer/leaving-files.ts';
import { awaitGuest, judgeGuest, takeGuestIn } from './await-guest.ts';
import { travelOf } from './travel-of.ts';

type ArrivalVerbs = Pick<
  Handlers,
  | 'machine.arrival.plan'
  | 'machine.arrival.begin'
  | 'machine.arrival.receive'
  | 'machine.arrival.await'
  | 'machine.arrival.channel'
  | 'machine.arrival.cancel'
  | 'machine.arrival.end'
>;

export function arrivalVerbs(host: Host, streams: Streams): ArrivalVerbs {
  return {
    'machine.arrival.plan': (params) => plan(host, params),
    'machine.arrival.begin': (params) => begin(host, params),

    async 'machine.arrival.receive'({ streamId, id, moveId }, { signal }) {
      const { arrivals } = partsOf(host);
      if (arrivals.find(id, moveId) === undefined) throw notComing(host, id);
      const [near, far] = makeBridge();
      await streams.open({ streamId, openChannel: async () => near, signal });
      void arrivals.receive(id, moveId, far);
      return {};
    },

    'machine.arrival.await': (params, { signal }) => awaitOne(host, params, signal),

    async 'machine.arrival.channel'({ streamId, id, moveId, channel }, { signal }) {
      const received = host.guests.find(id, moveId)?.received;
      if (received === undefined) throw notComing(host, id);
      const openChannel = (opening: AbortSignal): Promise<Duplex> =>
        received.open(channel, opening);
      await streams.open({ streamId, openChannel, signal });
      return {};
    },

    async 'machine.arrival.cancel'({ id, moveId }) {
      const { arrivals, travel } = partsOf(host);
      const arrival = arrivals.find(id, moveId);
      if (arrival !== undefined) await drop(host, arrivals, travel, arrival);
      return {};
    },

    'machine.arrival.end': (params) => end(host, params),
  };
}

interface Parts {
  readonly arrivals: Arrivals;
  readonly travel: Travel;
}

function partsOf(host: Host): Parts {
  return { arrivals: host.arrivals, travel: travelOf(host) };
}

function notComing(host: Host, id: string): Fault {
  return new Fault('not-found', `no vm ${id} is coming to host ${host.name}`);
}

/** All but its files is judged as for a start: those are not here yet. */
async function plan(
  host: Host,
  { definition, parent, storedBytes, guest }: LinkParams<'machine.arrival.plan'>,
): Promise<LinkResult<'machine.arrival.plan'>> {
  const { travel } = partsOf(host);
  const reasons: Reason[] = [];
  const known = host.machines.get(definition.id);
  if (known !== undefined)
    reasons.push({
      code: 'vm-known',
      text: `there is a vm ${known.file.definition.name} of the same UUID on host ${host.name}`,
      remedy: 'remove that one first',
    });
  const place = { folder: parent ?? '/', file: join(parent ?? '/', 'vm.json') };
  const bare = newMachineFile(withoutFiles(definition), 0, place, host.clock.now());
  const findings = await host.driver.check(bare, [], host.others(definition.id));
  const admission = host.admit(bare);
  // A guest that works goes on at once.
  const stands = (reason: Reason): boolean => guest !== null || isLasting(reason);
  reasons.push(...findings.reasons, ...admission.reasons.filter(stands));
  const warnings = [...findings.warnings, ...admission.warnings];
  warnings.push(...admission.reasons.filter((reason) => !stands(reason)));
  if (guest !== null) reasons.push(...(await judgeGuest(host, bare, guest)));
  const short = await missingBytes(host, parent, storedBytes);
  if (short !== undefined) reasons.push(short);
  if (parent !== null)
    await travel.requireParent(parent).catch((error: unknown) => {
      if (!isFault(error)) throw error;
      const { code, message: text, hint: remedy } = error;
      reasons.push({ code: `place-${code}`, text, remedy });
    });
  return { ok: reasons.length === 0, reasons: reasons.map(told), warnings: warnings.map(told) };
}

async function awaitOne(
  host: Host,
  params: LinkParams<'machine.arrival.await'>,
  signal: AbortSignal,
): Promise<LinkResult<'machine.arrival.await'>> {
  const { arrivals, travel } = partsOf(host);
  const { id, moveId, generation, definition, definitionVersion } = params;
  const arrival = arrivals.find(id, moveId);
  if (arrival === undefined) throw notComing(host, id);
  requireComplete(host, arrival, definition);
  const { folder, fileName, record } = arrival;
  const place = { folder, file: join(folder, fileName) };
  const fresh = withCarried(host.newFile(definition, definitionVersion, place), record);
  const settled = await settle(host, travel, { ...fresh, generation });
  await awaitGuest(host, arrival, settled, signal);
  return {};
}

/** Of what stands against a start only this stays as it is when others stop. */
const isLasting = ({ code }: Reason): boolean => code === 'memory-total';

function told({ code, text, remedy }: Reason): Reason {
  return { code, text, ...(remedy === undefined ? {} : { remedy }) };
}

function withoutFiles(definition: VmDefinition): VmDefinition {
  const { hardware } = definition;
  return {
    ...definition,
    hardware: { ...hardware, disks: [], opticalDrives: [], floppy: null, sharedFolders: [] },
  };
}

async function missingBytes(
  host: Host,
  parent: string | null,
  storedBytes: number,
): Promise<Reason | undefined> {
  const { storage } = host.driver;
  const [base] = await storage.volumes();
  const folder = parent ?? base?.path ?? '/';
  const place = { folder, file: join(folder, 'vm.json'), uid: null };
  const free = (await storage.layers.freeBytes(place, '.')) - host.settings.minimumFreeDiskBytes;
  if (storedBytes <= free) return undefined;
  return {
    code: 'disk-space',
    text: `the files take up ${formatBytes(storedBytes)}, and ${formatBytes(Math.max(0, free))} are free on ${host.name}`,
    remedy: 'free space there, or choose a folder on another volume',
  };
}

async function begin(
  host: Host,
  params: LinkParams<'machine.arrival.begin'>,
): Promise<LinkResult<'machine.arrival.begin'>> {
  const { arrivals, travel } = partsOf(host);
  const { id, moveId, definition, parent, files, fileName, record } = params;
  if (definition.id !== id) throw new Fault('invalid', 'the definition is of another vm');
  if (host.machines.has(id))
    throw new Fault('exists', `host ${host.name} has a vm ${definition.name} of this UUID`);
  const other = arrivals.findOther(id, moveId);
  if (other !== undefined) await drop(host, arrivals, travel, other);
  const known = arrivals.find(id, moveId);
  if (known === undefined) {
    const short = await missingBytes(host, parent, storedBytesOf(files));
    if (short !== undefined) throw new Fault('exhausted', short.text, { hint: short.remedy });
  }
  const folder = known?.folder ?? (await travel.claimFolder(parent, definition)).folder;
  const arrival = await arrivals.begin({ id, moveId, folder, fileName, files, record });
  return {
    folder,
    state: arrival.complete ? 'complete' : 'incomplete',
    doneBytes: doneBytes(arrival),
    trouble: arrivals.trouble(id),
  };
}

/** What a machine of this host has by now stays. */
async function drop(
  host: Host,
  arrivals: Arrivals,
  travel: Travel,
  { id, folder }: Arrival,
): Promise<void> {
  await host.guests.end(id);
  await arrivals.stop(id);
  if (host.machines.get(id)?.file.folder !== folder) await travel.remove([folder]);
  await arrivals.forget(id);
}

async function end(
  host: Host,
  params: LinkParams<'machine.arrival.end'>,
): Promise<LinkResult<'machine.arrival.end'>> {
  const { arrivals, travel } = partsOf(host);
  const { id, moveId, generation, definition, definitionVersion } = params;
  const known = host.machines.get(id);
  if (known !== undefined) {
    if (arrivals.find(id, moveId) !== undefined) await arrivals.forget(id);
    return { report: known.report() };
  }
  const arrival = arrivals.find(id, moveId);
  if (arrival === undefined) throw notComing(host, id);
  requireComplete(host, arrival, definition);
  const { folder, fileName, record } = arrival;
  const guest = carriedGuest(record);
  if (guest !== null) {
    await host.driver.networks.passed?.put(id, carriedPorts(record));
    const machine = await takeGuestIn(host, params, guest);
    await arrivals.forget(id);
    return { report: machine.report() };
  }
  const fresh = host.newFile(definition, definitionVersion, {
    folder,
    file: join(folder, fileName),
  });
  const machine = await settle(host, travel, { ...withCarried(fresh, record), generation });
  await host.driver.networks.passed?.put(id, carriedPorts(record));
  const added = await host.add(machine);
  await arrivals.forget(id);
  return { report: added.report() };
}

function requireComplete(
  { name }: Host,
  { complete }: Arrival,
  definition: Pick<VmDefinition, 'name'>,
): void {
  if (complete) return;
  throw new Fault('refused', `the files of ${definition.name} are not all on ${name}`);
}

/** Files on another volume have other times of modification: what lies on them knows them by these from now on. */
async function settle(host: Host, travel: Travel, file: MachineFile): Promise<MachineFile> {
  const { storage } = host.driver;
  await storage.requirePermissions(dirname(file.folder));
  const sealed = { ...file, layers: await sealAnew(storage, file, sealedFiles(file.layers)) };
  // Of what the other host did not know yet, before a guest of it runs here.
  const { layers } = await takeParents(host, sealed, sealed.definition.hardware.disks);
  const settled = { ...sealed, layers: { ...layers, merging: null } };
  await storage.writeDefinition(settled);
  await storage.layers.write(settled, settled.layers);
  if (settled.savedFile !== null) await travel.reconcileSaved(settled);
  return settled;
}
