/**
 * Hosts without an agent: connected over libvirt, and connected in another way. An address is read and tried
 * before anything is written; nothing on the hypervisor changes by that (FED-05).
 */
import { randomUUID } from 'node:crypto';
import { describeFault, Fault, isoTime } from '#lib';
import { leavesUnchecked, parseUri } from '#libvirt';
import {
  diffSettings,
  hostSettingsSchema,
  nameProblem,
  type ForeignTarget,
  type Host,
  type HostAdd,
  type HostConnect,
  type Tried,
} from '#api';
import { certificateEvent } from '../access/mod.ts';
import type { Caller, Coordinator } from '../context.ts';
import type { ConnectionDocument, HostDocument } from '../documents.ts';
import type { ForeignHosts } from '../foreign/foreign-hosts.ts';
import type { Secrets } from '../foreign/secrets.ts';
import { neverConnected, viewHost } from '../inventory/views/host-view.ts';
import type { NewEvent } from '../store/store.ts';
import { commitFresh } from './commit-fresh.ts';
import { requireVerb, shown } from './find.ts';
import { freeName, requireFreeName, reserveName } from './names.ts';
import { requireUnknown } from './same-hypervisor.ts';
import { settingEvents } from './setting-events.ts';
import { hostThing, installationThing } from './things.ts';

export interface ConnectParts {
  readonly coordinator: Coordinator;
  readonly foreign: Pick<ForeignHosts, 'try'>;
  readonly secrets: Secrets;
}

export interface ConnectOptions {
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** Errors: those of the address and of the attempt, `facts.component` naming the part; `exists`; `forbidden`. */
export async function addHost(
  { coordinator, foreign, secrets }: ConnectParts,
  caller: Caller,
  body: HostAdd,
  { dryRun, signal }: ConnectOptions,
): Promise<Host> {
  const { inventory, clock } = coordinator;
  if (body.name !== undefined) requireFreeName(inventory, 'host', body.name);
  const { target, seen } = await tryConnection(foreign, caller, body, signal);
  requireUnknown(inventory, caller, seen);
  const id = randomUUID();
  const { identity, ...certified } = await secrets.certify(id);
  const make = (): HostDocument => ({
    name: body.name ?? freeName(inventory, 'host', ownName(seen.hostName)),
    driver: 'libvirt',
    managerUrl: body.managerUrl ?? null,
    settings: hostSettingsSchema.parse({}),
    facts: null,
    ...certified,
    nextCertificate: null,
    serviceRunning: true,
    connection: connectionOf(secrets, id, target, identity),
  });
  if (dryRun) {
    const at = isoTime(clock.now());
    const host = {
      kind: 'host',
      id,
      version: 1,
      createdAt: at,
      updatedAt: at,
      data: make(),
    } as const;
    return viewHost({
      host,
      connection: neverConnected,
      lastStoredAt: null,
      foreign: undefined,
      load: undefined,
      viewers: undefined,
      vms: 0,
    });
  }
  await commitFresh(coordinator, () => {
    const data = make();
    requireFreeName(inventory, 'host', data.name);
    const name = reserveName('host', data.name, id);
    const joined: NewEvent<'host.joined'> = {
      ...frameOf(caller),
      name: 'host.joined',
      target: { kind: 'host', id, name: data.name },
      attributes: { driver: data.driver },
    };
    return {
      conditions: [{ kind: 'host', id, absent: true }, ...name.conditions],
      writes: [{ kind: 'host', id, data }, ...name.writes],
      events: [joined, certificateEvent(caller, data.name, 'issued')],
    };
  });
  return shown('host', id, inventory.host(id));
}

/** Its vms stay who they are. Errors: as `addHost`; `refused` for a host with an agent. */
export async function connectHost(
  { coordinator, foreign, secrets }: ConnectParts,
  caller: Caller,
  id: string,
  body: HostConnect,
  { dryRun, signal }: ConnectOptions,
): Promise<Host> {
  const { inventory } = coordinator;
  const before = shown('host', id, inventory.host(id));
  if (before.connection === null)
    throw new Fault('refused', `host ${before.name} has an agent, which connects by itself`);
  const { target, seen } = await tryConnection(foreign, caller, body, signal);
  requireUnknown(inventory, caller, seen, id);
  if (dryRun) return before;
  await commitFresh(coordinator, () => {
    const host = inventory.document<HostDocument>('host', id);
    const old = host?.data.connection;
    if (host === undefined || old === undefined) return undefined;
    const connection = connectionOf(secrets, id, target, old.identity);
    const frame = { ...frameOf(caller), target: hostThing(inventory, id) };
    const changes = diffSettings(
      { connection: publicOf(old) },
      { connection: publicOf(connection) },
    );
    return {
      conditions: [{ kind: 'host', id, version: host.version }],
      writes: [{ kind: 'host', id, data: { ...host.data, connection } satisfies HostDocument }],
      events: [...settingEvents('host.setting.changed', frame, changes)],
    };
  });
  return shown('host', id, inventory.host(id));
}

function frameOf(
  caller: Caller,
): Pick<NewEvent, 'ancestors' | 'actor' | 'origin' | 'correlationId'> {
  const { actor, origin, correlationId } = caller;
  return { ancestors: [installationThing], actor, origin, correlationId };
}

/** Without what is secret. */
function publicOf({
  address,
  user,
  unverified,
}: ConnectionDocument): Record<string, string | null> {
  return { address, user, unverified };
}

function connectionOf(
  secrets: Secrets,
  hostId: string,
  { address, user, password, unverified }: ForeignTarget,
  identity: ConnectionDocument['identity'],
): ConnectionDocument {
  const sealed = password === null ? null : secrets.seal(hostId, password);
  return { address, user, password: sealed, unverified, identity };
}

interface Way {
  readonly target: ForeignTarget;
  readonly seen: Tried;
}

/** A machine's bare name is tried in the ways that are usual; of an address there is one. */
async function tryConnection(
  foreign: ConnectParts['foreign'],
  caller: Caller,
  { address, user, password, allowUnverified }: HostConnect,
  signal: AbortSignal,
): Promise<Way> {
  if (allowUnverified)
    requireVerb(caller, 'host.unverified', { kind: 'installation' }, 'the installation');
  const addresses = /^[\w.-]+$/.test(address)
    ? [`remote+ssh://${address}/`, `remote+tls://${address}/`]
    : [address.trim()];
  for (const one of addresses) requireOwnProgram(one);
  const faults: Fault[] = [];
  for (const one of addresses) {
    const target: ForeignTarget = {
      address: one,
      user: user ?? null,
      password: password ?? null,
      unverified: allowUnverified && leavesUnchecked(parseUri(one)) ? 'allowed' : 'refused',
    };
    try {
      return { target, seen: await foreign.try(target, signal) };
    } catch (error) {
      if (!(error instanceof Fault) || signal.aborted) throw error;
      faults.push(error);
    }
  }
  const [first] = faults;
  if (first !== undefined && faults.length === 1) throw first;
  throw new Fault('unavailable', `no way leads to a hypervisor on ${address}`, {
    reasons: faults.map((fault) => ({
      code: fault.code,
      text: describeFault(fault),
      ...(fault.hint === undefined ? {} : { remedy: fault.hint }),
    })),
    hint: 'write the whole address, for example qemu+ssh://root@h1/system',
  });
}

/** Errors: those of `parseUri`; `forbidden` for an address that would have this machine run a program of its choice. */
function requireOwnProgram(address: string): void {
  if (parseUri(address).params.command === undefined) return;
  throw new Fault('forbidden', 'an address cannot choose the program that is run for ssh', {
    facts: { component: 'command' },
    hint: 'leave the parameter command out, and put what it does into the configuration of ssh',
  });
}

function ownName(hostName: string): string {
  return nameProblem(hostName) === undefined ? hostName : 'libvirt';
}
