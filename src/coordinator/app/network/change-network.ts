/** Networks made, changed and deleted. Hosts are told at once where they can be, else when they are back. */
import { randomBytes, randomUUID } from 'node:crypto';
import { Fault, isoTime } from '#lib';
import {
  diffSettings,
  networkRisks,
  type EventName,
  type Network,
  type NetworkCreate,
  type NetworkPatch,
  type NetworkRisk,
} from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import {
  networkDocumentSchema,
  type HostDocument,
  type NetworkDocument,
  type VmDocument,
} from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Document, NewEvent } from '../../store/store.ts';
import { commitFresh } from '../commit-fresh.ts';
import { issuesFault } from '../issues.ts';
import { releaseName, requireFreeName, reserveName } from '../names.ts';
import { requireMatch, type Precondition } from '../precondition.ts';
import { settingEvents, type EventFrame } from '../setting-events.ts';
import { installationThing } from '../things.ts';
import { othersEvents } from './environments.ts';
import { judgeNetwork, takenSubnets, type Surroundings } from './judge-network.ts';
import { makeIpv4, makeIpv6, makeNetwork, type MakeNetworkOptions } from './make-network.ts';
import { countAdapters, findNetwork, showNetwork } from './show-network.ts';

/** Vms that are named where they stand against something. */
const maxNamed = 10;

interface WriteOptions {
  readonly dryRun: boolean;
  /** What may go wrong outside, and is taken into account. */
  readonly accept?: NetworkRisk | undefined;
}

interface ChangeOptions extends WriteOptions {
  readonly precondition: Precondition;
}

/** Errors: `exists`; `invalid` with every issue; `exhausted`; `refused` for a risk that is not accepted. */
export async function createNetwork(
  coordinator: Coordinator,
  caller: Caller,
  create: NetworkCreate,
  { dryRun, accept }: WriteOptions,
): Promise<Network> {
  const { inventory, clock } = coordinator;
  const id = create.id ?? randomUUID();
  const make = (): NetworkDocument => {
    requireFreeId(inventory, id);
    requireFreeName(inventory, 'network', create.name);
    const around = surroundingsOf(inventory, id);
    const network = makeNetwork(create, freeOf(around));
    requireSound(network, around);
    requireAccepted(network, accept);
    return network;
  };
  const planned = make();
  const now = isoTime(clock.now());
  if (dryRun)
    return showNetwork(inventory, {
      kind: 'network',
      id,
      version: 1,
      createdAt: now,
      updatedAt: now,
      data: planned,
    });
  await commitFresh(coordinator, () => {
    const network = make();
    const named = reserveName('network', network.name, id);
    return {
      conditions: [{ kind: 'network', id, absent: true }, ...named.conditions],
      writes: [{ kind: 'network', id, data: network }, ...named.writes],
      events: [networkEvent(caller, 'network.created', id, network, { type: network.type })],
    };
  });
  return showNetwork(inventory, findNetwork(inventory, id));
}

/** Errors: as createNetwork; `not-found`; `stale`. */
export async function updateNetwork(
  coordinator: Coordinator,
  caller: Caller,
  reference: string,
  patch: NetworkPatch,
  { precondition, dryRun, accept }: ChangeOptions,
): Promise<Network> {
  const { inventory } = coordinator;
  const { id } = findNetwork(inventory, reference);
  const make = (): {
    readonly before: Document<NetworkDocument>;
    readonly data: NetworkDocument;
  } => {
    const before = findNetwork(inventory, id);
    requireMatch(precondition, `network ${before.data.name}`, before.version);
    if (patch.name !== undefined && patch.name !== before.data.name)
      requireFreeName(inventory, 'network', patch.name);
    const around = surroundingsOf(inventory, id);
    const { ipv4, ipv6, ...rest } = patch;
    const { ipv4: now } = before.data;
    const data = networkDocumentSchema.parse({
      ...before.data,
      ...rest,
      ...(ipv6 === undefined
        ? {}
        : { ipv6: makeIpv6(ipv6, before.data.ipv6 ?? undefined, freeOf(around)) }),
      ipv4:
        ipv4 === undefined ? now : makeIpv4(before.data, ipv4, now ?? undefined, freeOf(around)),
    });
    requireSound(data, around, before.data);
    requireAccepted(data, accept, before.data);
    return { before, data };
  };
  const planned = make();
  if (dryRun) return showNetwork(inventory, { ...planned.before, data: planned.data });
  await commitFresh(coordinator, () => {
    const { before, data } = make();
    const changes = diffSettings(before.data, data);
    if (changes.length === 0) return undefined;
    const renamed = data.name !== before.data.name;
    const named = renamed ? reserveName('network', data.name, id) : { conditions: [], writes: [] };
    return {
      conditions: [{ kind: 'network', id, version: before.version }, ...named.conditions],
      writes: [
        { kind: 'network', id, data },
        ...named.writes,
        ...(renamed ? [releaseName('network', before.data.name)] : []),
      ],
      events: [
        ...settingEvents('network.setting.changed', frameOf(caller, id, data.name), changes),
        ...othersEvents(inventory, frameOf(caller, id, data.name), before.data, data),
      ],
    };
  });
  await coordinator.hostNetworks.tellCarriers(id);
  return showNetwork(inventory, findNetwork(inventory, id));
}

/** Errors: `not-found`; `stale`; `refused` while vms use it, naming them, unless it is forced. */
export async function deleteNetwork(
  coordinator: Coordinator,
  caller: Caller,
  reference: string,
  { precondition, dryRun, force }: ChangeOptions & { readonly force: boolean },
): Promise<void> {
  const { inventory } = coordinator;
  const { id } = findNetwork(inventory, reference);
  const check = (): Document<NetworkDocument> => {
    const network = findNetwork(inventory, id);
    requireMatch(precondition, `network ${network.data.name}`, network.version);
    if (!force) requireUnused(inventory, caller, network);
    return network;
  };
  check();
  if (dryRun) return;
  await commitFresh(coordinator, () => {
    const { version, data } = check();
    return {
      conditions: [{ kind: 'network', id, version }],
      writes: [
        { kind: 'network', id, delete: true },
        releaseName('network', data.name),
        ...(inventory.document('span', id) === undefined
          ? []
          : [{ kind: 'span', id, delete: true } as const]),
      ],
      events: [networkEvent(caller, 'network.deleted', id, data, {})],
    };
  });
  await coordinator.hostNetworks.tellCarriers(id);
}

/** Errors: `exists`. */
function requireFreeId(inventory: Inventory, id: string): void {
  const taken = inventory.document<NetworkDocument>('network', id);
  if (taken === undefined) return;
  throw new Fault('exists', `network ${taken.data.name} has the id ${id} already`, {
    hint: 'leave the id out: it gets a new one then',
  });
}

function requireUnused(
  inventory: Inventory,
  caller: Caller,
  { id, data }: Document<NetworkDocument>,
): void {
  const count = countAdapters(inventory, id);
  if (count === 0) return;
  const users = [...inventory.vmsOnNetwork(id).keys()]
    .filter((vm) => caller.may('vm.view', { kind: 'vm', id: vm }))
    .flatMap((vm) => inventory.document<VmDocument>('vm', vm)?.data.definition.name ?? []);
  const adapters = count === 1 ? '1 adapter of a vm' : `${count} adapters of vms`;
  const some = users.length === 0 ? '' : `: ${users.slice(0, maxNamed).join(', ')}`;
  const more = users.length > maxNamed ? ` and ${users.length - maxNamed} more` : '';
  throw new Fault('refused', `network ${data.name} is in use by ${adapters}${some}${more}`, {
    facts: { vms: users.slice(0, 100) },
    hint: 'plug them into another network first, or delete it with --force',
  });
}

/** What is not its own: of networks, and of the hosts. */
function surroundingsOf(inventory: Inventory, id: string): Surroundings {
  return {
    others: [...inventory.documents<NetworkDocument>('network')]
      .filter((other) => other.id !== id)
      .map(({ data }) => data),
    hosts: [...inventory.documents<HostDocument>('host')].map(({ data }) => data),
  };
}

function freeOf(around: Surroundings): MakeNetworkOptions {
  const vnis = around.others.flatMap(({ span }) => span?.vni ?? []);
  return { taken: takenSubnets(around), vnis: new Set(vnis), random: randomBytes };
}

/** What was wrong before already is not held against a change. */
function requireSound(
  network: NetworkDocument,
  around: Surroundings,
  before?: NetworkDocument,
): void {
  const known = new Set(
    before === undefined ? [] : judgeNetwork(before, around).map((issue) => JSON.stringify(issue)),
  );
  const issues = judgeNetwork(network, around).filter((issue) => !known.has(JSON.stringify(issue)));
  if (issues.length > 0) throw issuesFault(`network ${network.name}`, issues);
}

/** DHCP in a bridged network is switched on by who knows its physical network. */
function requireAccepted(
  { name, type, adapter, ipv4 }: NetworkDocument,
  accept: NetworkRisk | undefined,
  before?: NetworkDocument,
): void {
  const leases = type === 'bridged' && ipv4 !== null && ipv4.dhcp !== null;
  const leasedBefore = before !== undefined && before.ipv4 !== null && before.ipv4.dhcp !== null;
  if (!leases || leasedBefore || accept === 'physical-dhcp') return;
  const text = networkRisks['physical-dhcp'];
  throw new Fault('refused', `cannot switch DHCP on in network ${name}: it is at ${adapter}`, {
    reasons: [{ code: 'physical-dhcp', text, remedy: 'repeat it with accept=physical-dhcp' }],
    hint: 'look for another server there first, and take a range that nobody else gives addresses of',
  });
}

function frameOf({ actor, origin, correlationId }: Caller, id: string, name: string): EventFrame {
  const target = { kind: 'network', id, name } as const;
  return { target, ancestors: [installationThing], actor, origin, correlationId };
}

function networkEvent(
  caller: Caller,
  name: Extract<EventName, `network.${string}`>,
  id: string,
  network: NetworkDocument,
  attributes: NewEvent['attributes'],
): NewEvent {
  return { name, ...frameOf(caller, id, network.name), attributes };
}
