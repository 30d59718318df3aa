/**
 * Definitions of vms changed where they are: what is asked for is written into what the hypervisor keeps, and given to
 * the vm that runs as far as that is possible. Whoever asks says what the change was made from; what others have changed
 * meanwhile stays.
 *
 *   vm set    keep, then what can be live: what cannot is pending
 *   devices   live first, since a vm that runs may refuse one; then keep; what was live is taken back when that fails
 */
import {
  diffSettings,
  placeName,
  vmStateFacts,
  type Hardware,
  type LinkParams,
  type Medium,
  type VmDefinition,
} from '#api';
import { describeFault, Fault, isFault } from '#lib';
import { libvirtFacts, type Client, type DomainHandle } from '#libvirt';
import type { Log } from '#log';
import type { Handlers } from '../../link/calls.ts';
import type { ForeignMachines } from '../machines.ts';
import { changeOfKept } from '../hardware/kept-for-others.ts';
import { Volumes } from '../make/volumes.ts';
import { changeLive, type LiveTools } from './change-live.ts';
import type { Change } from './edit-domain.ts';
import { persistChange } from './persist.ts';
import { requireNetworks } from './require-networks.ts';

export interface EditTools {
  readonly client: Client;
  readonly machines: ForeignMachines;
  readonly log: Log;
  /** Of the host's processors. */
  readonly architecture: () => string;
  /** Looks at the hypervisor, and reads all of this vm, now. */
  readonly read: (uuid: string) => Promise<void>;
}

type EditVerb =
  | 'machine.configure'
  | 'machine.look'
  | 'machine.medium'
  | `machine.disk.${'attach' | 'detach'}`
  | `machine.adapter.${'attach' | 'detach' | 'change'}`;
type Machine = Pick<LinkParams<'machine.disk.attach'>, 'id' | 'generation' | 'cause'>;

export function editVerbs(tools: EditTools): Pick<Handlers, EditVerb> {
  const { machines } = tools;
  const device = async (
    machine: Machine,
    change: (hardware: Hardware) => Partial<Hardware>,
    signal: AbortSignal,
    tray: LiveTools['tray'] = 'ask',
  ): Promise<{ live: boolean }> => {
    const { hardware: base } = machines.definition(machine.id);
    const wanted = { ...base, ...change(base) };
    return { live: await changeDevice(tools, machine, { base, wanted }, { tray, signal }) };
  };
  return {
    async 'machine.configure'(params, { signal }) {
      await configure(tools, params, signal);
      return { report: machines.report(params.id) };
    },
    async 'machine.look'({ id }) {
      await tools.read(machines.find(id).handle.uuid);
      return { record: machines.record(id) };
    },
    async 'machine.disk.attach'({ disk: named, ...machine }, { signal }) {
      const disk = await withPath(tools, named, signal);
      return await device(
        machine,
        ({ disks }) => ({ disks: [...without(disks, disk), disk] }),
        signal,
      );
    },
    async 'machine.disk.detach'({ disk: named, ...machine }, { signal }) {
      const disk = await withPath(tools, named, signal);
      return await device(
        machine,
        ({ disks }) => ({ disks: without(requireSame(disks, disk), disk) }),
        signal,
      );
    },
    'machine.adapter.attach': ({ adapter, ...machine }, { signal }) =>
      device(
        machine,
        ({ adapters }) => ({ adapters: [...adapters.filter(notOf(adapter.mac)), adapter] }),
        signal,
      ),
    'machine.adapter.detach': ({ adapter, ...machine }, { signal }) =>
      device(
        machine,
        ({ adapters }) => ({ adapters: adapters.filter(notOf(adapter.mac)) }),
        signal,
      ),
    'machine.adapter.change': ({ adapter, ...machine }, { signal }) =>
      device(
        machine,
        ({ adapters }) => ({
          adapters: adapters.map((one) => (one.slot === adapter.slot ? adapter : one)),
        }),
        signal,
      ),
    'machine.medium': ({ place, medium, tray, ...machine }, { signal }) =>
      device(machine, (hardware) => withMedium(hardware, place, medium), signal, tray),
  };
}

async function withPath(
  { client }: EditTools,
  disk: Hardware['disks'][number],
  signal: AbortSignal,
): Promise<Hardware['disks'][number]> {
  return { ...disk, file: await new Volumes(client).resolve(disk.file, signal) };
}

const notOf =
  (mac: string) =>
  (one: { readonly mac: string }): boolean =>
    one.mac !== mac;

function without(disks: Hardware['disks'], disk: Hardware['disks'][number]): Hardware['disks'] {
  return disks.filter((one) => placeName(one) !== placeName(disk));
}

/** Errors: `stale` where there is another one at its place. */
function requireSame(disks: Hardware['disks'], disk: Hardware['disks'][number]): Hardware['disks'] {
  const place = placeName(disk);
  const there = disks.find((one) => placeName(one) === place);
  if (there === undefined || there.file === disk.file) return disks;
  throw new Fault('stale', `${there.file} is at ${place} now, not ${disk.file}`, {
    hint: 'look at the disks of the vm again',
  });
}

/** Errors: `not-found`. */
function withMedium(
  { opticalDrives, floppy }: Hardware,
  place: string,
  medium: Medium | null,
): Partial<Hardware> {
  if (place === 'floppy' && floppy !== null) return { floppy: { ...floppy, medium } };
  if (!opticalDrives.some((drive) => placeName(drive) === place))
    throw new Fault('not-found', `it has no drive ${place} on its hypervisor`);
  return {
    opticalDrives: opticalDrives.map((drive) =>
      placeName(drive) === place ? { ...drive, medium } : drive,
    ),
  };
}

/** Settings that are Gantry's own, of which a hypervisor is not told; and those beside its hardware of which it is. */
const ownSettings =
  /^(id|name|description|tags|guest_os|domain_controller|portable_to|production|extensions|settings\/console)(\/|$)|^settings\/on_guest_reboot$|^resources\/cpu_(weight|maximum_percent)$/;
const startPath = 'settings/start/on_host_start';

async function configure(
  tools: EditTools,
  {
    id,
    definition,
    base = tools.machines.definition(id),
    ...machine
  }: LinkParams<'machine.configure'>,
  signal: AbortSignal,
): Promise<void> {
  requireKnown(base, definition);
  const { onGuestReboot } = definition.settings;
  const change: Change = {
    base: base.hardware,
    wanted: definition.hardware,
    onGuestReboot: onGuestReboot === base.settings.onGuestReboot ? undefined : onGuestReboot,
    share: { base: base.resources, wanted: definition.resources },
    kept: changeOfKept(base.extensions, definition.extensions),
  };
  await within(tools, { id, ...machine }, async (dom) => {
    const { machines, client, log } = tools;
    await requireNetworks(client, change.base, change.wanted, signal);
    await persistChange(client, dom, change, contextOf(tools, id), signal);
    await setStart(client, dom, base, definition, signal);
    if (!vmStateFacts[machines.find(id).state].live) return;
    try {
      await changeLive({ client, dom, signal, tray: 'ask' }, change);
    } catch (error) {
      if (!isFault(error) || libvirtFacts(error) === undefined) throw error;
      // It is kept, and shown as pending.
      log.info({ vm: dom.name, why: describeFault(error) }, 'a change waits for the next start');
    }
  });
}

/** Errors: `unsupported` naming what libvirt has no word for. */
function requireKnown(base: VmDefinition, wanted: VmDefinition): void {
  const lost = diffSettings(base, wanted)
    .filter(({ path }) => !path.startsWith('hardware/') && !ownSettings.test(path))
    .filter(({ path, newValue }) => path !== startPath || newValue === 'if-was-running');
  if (lost.length === 0) return;
  const paths = lost.map(({ path }) => path).slice(0, 20);
  throw new Fault('unsupported', `${paths.slice(0, 3).join(', ')} is nothing that libvirt knows`, {
    facts: { paths },
    hint: `of settings it knows ${startPath}: off or always, settings/on_guest_reboot, resources/cpu_weight and resources/cpu_maximum_percent`,
  });
}

async function setStart(
  client: Client,
  dom: DomainHandle,
  base: VmDefinition,
  wanted: VmDefinition,
  signal: AbortSignal,
): Promise<void> {
  const { onHostStart } = wanted.settings.start;
  if (onHostStart === base.settings.start.onHostStart) return;
  const autostart = onHostStart === 'always' ? 1 : 0;
  await client.call('DOMAIN_SET_AUTOSTART', { dom, autostart }, { signal });
}

interface DeviceOptions {
  readonly tray: LiveTools['tray'];
  readonly signal: AbortSignal;
}

/** Whether the vm that runs has it at once. */
async function changeDevice(
  tools: EditTools,
  machine: Machine,
  change: Change,
  { tray, signal }: DeviceOptions,
): Promise<boolean> {
  return await within(tools, machine, async (dom) => {
    const { client, machines } = tools;
    await requireNetworks(client, change.base, change.wanted, signal);
    const live = { client, dom, signal, tray };
    const runs = vmStateFacts[machines.find(machine.id).state].live;
    const result = runs ? await changeLive(live, change) : 'pending';
    try {
      await persistChange(client, dom, change, contextOf(tools, machine.id), signal);
    } catch (error) {
      const back = { base: change.wanted, wanted: change.base };
      if (result === 'live') await changeLive(live, back).catch(() => undefined);
      throw error;
    }
    return result === 'live';
  });
}

function contextOf({ machines, architecture }: EditTools, id: string) {
  return { architecture: architecture(), sizes: machines.find(id).sizes };
}

/** One act on the vm; what has become of it is seen when it ends. */
async function within<T>(
  { machines, read }: EditTools,
  { id, generation, cause }: Machine,
  work: (dom: DomainHandle) => Promise<T>,
): Promise<T> {
  const { handle } = machines.find(id);
  using _act = machines.enter(id, generation, { state: undefined, cause });
  try {
    return await work(handle);
  } catch (error) {
    const fault = isFault(error) ? error : undefined;
    if (fault === undefined) throw error;
    throw new Fault(fault.code, `cannot change ${handle.name}`, {
      cause: fault,
      facts: fault.facts,
      hint: fault.hint,
    });
  } finally {
    await read(handle.uuid).catch(() => undefined);
  }
}
