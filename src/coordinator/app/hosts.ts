/** Hosts: settings, removal, what is asked of their agents. Bulk operations are in bulk.ts. */
import { Fault, isFault } from '#lib';
import {
  diffSettings,
  hostSettingsSchema,
  nameProblem,
  type Diagnostic,
  type Host,
  type HostPatch,
  type HostSettings,
  type Operation,
} from '#api';
import { certificateEvent } from '../access/mod.ts';
import { installationSettings } from '../access/sign-in/sessions.ts';
import type { Caller, Coordinator } from '../context.ts';
import type { GrantDocument, HostDocument, ImageDocument, VmDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { synchronise } from '../link/synchronise.ts';
import { lockHolder } from '../operations/lock.ts';
import type { Commit, Document, NewEvent, Write } from '../store/store.ts';
import { commitFresh } from './commit-fresh.ts';
import { shown } from './find.ts';
import { notFound } from './not-found.ts';
import { issuesFault } from './issues.ts';
import { releaseName, requireFreeName, reserveName } from './names.ts';
import { requireMatch, type Precondition } from './precondition.ts';
import { settingEvents, type EventFrame } from './setting-events.ts';
import { requireConnected } from './settle-hosts.ts';
import { hostThing, installationThing } from './things.ts';
import { teamOfVm } from './team/team-place.ts';
import { requireHostScriptRight } from './vm/script-right.ts';
import { vmGone } from './vm/vm-gone.ts';
import type { Kind } from './work.ts';

function hostDocument({ inventory }: Coordinator, id: string): Document<HostDocument> {
  const host = inventory.document<HostDocument>('host', id);
  if (host === undefined) throw notFound('host', id);
  return host;
}

function frameOf(coordinator: Coordinator, caller: Caller, id: string): EventFrame {
  return {
    target: hostThing(coordinator.inventory, id),
    ancestors: [installationThing],
    actor: caller.actor,
    origin: caller.origin,
    correlationId: caller.correlationId,
  };
}

export async function updateHost(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  patch: HostPatch,
  options: { readonly precondition: Precondition; readonly dryRun: boolean },
): Promise<Host> {
  const { inventory } = coordinator;
  const before = hostDocument(coordinator, id);
  requireMatch(options.precondition, before.data.name, before.version);
  const change = (host: HostDocument): HostDocument => ({
    ...host,
    name: patch.name ?? host.name,
    ...(patch.managerUrl === undefined ? {} : { managerUrl: patch.managerUrl }),
    settings: mergeSettings(host.settings, patch.settings ?? {}),
  });
  const after = change(before.data);
  if (before.data.connection !== undefined && patch.settings !== undefined)
    throw new Fault(
      'unsupported',
      `host ${before.data.name} has no agent that could keep settings`,
      {
        hint: 'change how it is reached with: gantry host connect',
      },
    );
  requireHostScriptRight(caller, id, after, before.data);
  const problem = nameProblem(after.name);
  if (problem !== undefined)
    throw issuesFault('the body', [{ path: 'name', problem: `the name ${problem}` }]);
  if (after.name !== before.data.name) requireFreeName(inventory, 'host', after.name);
  if (options.dryRun)
    return {
      ...shown('host', id, inventory.host(id)),
      name: after.name,
      managerUrl: after.managerUrl ?? null,
      settings: after.settings,
    };
  // The agent is asked first: it may not be able to follow (HOST-38). One that is away gets them later.
  await configure(coordinator, id, after.settings);
  try {
    await commitFresh(coordinator, () => {
      const host = hostDocument(coordinator, id);
      requireMatch(options.precondition, host.data.name, host.version);
      requireHostScriptRight(caller, id, change(host.data), host.data);
      return hostCommit(coordinator, caller, host, change(host.data));
    });
  } catch (error) {
    await configure(coordinator, id, hostDocument(coordinator, id).data.settings);
    throw error;
  }
  return shown('host', id, inventory.host(id));
}

function mergeSettings(
  before: HostSettings,
  patch: NonNullable<HostPatch['settings']>,
): HostSettings {
  const viewers = { ...before.viewers, ...patch.viewers };
  const lowSpace = { ...before.lowSpace, ...patch.lowSpace };
  return hostSettingsSchema.parse({ ...before, ...patch, viewers, lowSpace });
}

function hostCommit(
  coordinator: Coordinator,
  caller: Caller,
  host: Document<HostDocument>,
  after: HostDocument,
): Parameters<Coordinator['commit']>[0] | undefined {
  const { id, version, data } = host;
  const frame = {
    ...frameOf(coordinator, caller, id),
    target: { ...hostThing(coordinator.inventory, id), name: after.name },
  };
  const changes = diffSettings(
    { name: data.name, managerUrl: data.managerUrl ?? null, settings: data.settings },
    { name: after.name, managerUrl: after.managerUrl ?? null, settings: after.settings },
  );
  if (changes.length === 0) return undefined;
  const renamed = after.name !== data.name;
  const named = renamed ? reserveName('host', after.name, id) : { conditions: [], writes: [] };
  const events: NewEvent[] = [...settingEvents('host.setting.changed', frame, changes)];
  if (renamed) events.push({ ...frame, name: 'host.renamed', attributes: { oldName: data.name } });
  return {
    conditions: [{ kind: 'host', id, version }, ...named.conditions],
    writes: [
      { kind: 'host', id, data: after },
      ...named.writes,
      ...(renamed ? [releaseName('host', data.name)] : []),
    ],
    events,
  };
}

/** Tells all hosts what the installation has changed for them; one that is away hears of it when it is back. */
export async function configureHosts(coordinator: Coordinator): Promise<void> {
  const hosts = [...coordinator.inventory.documents<HostDocument>('host')];
  await Promise.all(hosts.map(({ id, data }) => configure(coordinator, id, data.settings)));
}

async function configure(
  { links, inventory }: Coordinator,
  hostId: string,
  settings: HostSettings,
): Promise<void> {
  if (!links.connected(hostId)) return;
  const { eventScripts, thumbnails } = installationSettings(inventory);
  try {
    await links.call(hostId, 'host.configure', { settings, eventScripts, thumbnails });
  } catch (error) {
    if (!isFault(error, 'unavailable')) throw error;
  }
}

/**
 * Of a host without an agent the vms that were seen there are forgotten with it; they stay as they are. Errors:
 * `refused` while it carries vms of ours, or one of those seen is worked on or in a team.
 */
export async function removeHost(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  options: { readonly precondition: Precondition; readonly dryRun: boolean },
): Promise<void> {
  const { inventory } = coordinator;
  const check = (): Document<HostDocument> => {
    const host = hostDocument(coordinator, id);
    requireMatch(options.precondition, host.data.name, host.version);
    const vms = inventory.vmsOfHost(id).size;
    if (host.data.connection !== undefined) requireIdle(inventory, id);
    else if (vms > 0)
      throw new Fault('refused', `host ${host.data.name} carries ${vms} vms`, {
        facts: { vms },
        hint: 'remove or delete its vms first',
      });
    return host;
  };
  check();
  if (options.dryRun) return;
  await commitFresh(coordinator, () => {
    const host = check();
    const writes: Write[] = [
      { kind: 'host', id, delete: true },
      { kind: 'agent', id, delete: true },
      releaseName('host', host.data.name),
    ];
    for (const image of inventory.documents<ImageDocument>('image'))
      if (image.data.hostId === id)
        writes.push(
          { kind: 'image', id: image.id, delete: true },
          releaseName('image', image.data.name),
        );
    for (const grant of inventory.documents<GrantDocument>('grant'))
      if (grant.data.objectKind === 'host' && grant.data.objectId === id)
        writes.push({ kind: 'grant', id: grant.id, delete: true });
    const seen = forgetSeen(inventory, caller, id);
    return {
      conditions: [{ kind: 'host', id, version: host.version }, ...seen.conditions],
      writes: [...writes, ...seen.writes],
      events: [
        ...seen.events,
        { ...frameOf(coordinator, caller, id), name: 'host.removed', attributes: {} },
        // Nobody is known by it any more.
        certificateEvent(caller, host.data.name, 'revoked'),
      ],
    };
  });
  // What did not go into one commit has no host any more.
  while (inventory.vmsOfHost(id).size > 0)
    await commitFresh(coordinator, () => forgetSeen(inventory, caller, id));
}

/** So that it fits one commit with what else is written. */
const seenAtOnce = 800;

/** The next of the vms that were seen on a host without an agent. */
function forgetSeen(inventory: Inventory, caller: Caller, hostId: string): Required<Commit> {
  const { actor, origin, correlationId } = caller;
  const parts = [...inventory.vmsOfHost(hostId)].slice(0, seenAtOnce).flatMap((id) => {
    const vm = inventory.document<VmDocument>('vm', id);
    return vm === undefined
      ? []
      : [vmGone(inventory, vm, 'removed', { actor, origin, correlationId })];
  });
  return {
    conditions: parts.flatMap(({ conditions }) => conditions),
    writes: parts.flatMap(({ writes }) => writes),
    events: parts.flatMap(({ events }) => events),
  };
}

/** Errors: `refused` naming a vm that an operation works on or that is in a team. */
function requireIdle(inventory: Inventory, hostId: string): void {
  for (const id of inventory.vmsOfHost(hostId)) {
    const name = inventory.vm(id)?.name ?? id;
    if (lockHolder(inventory, { kind: 'vm', id, name }) !== undefined)
      throw new Fault('refused', `vm ${name} is being worked on`, { hint: 'wait for it' });
    if (teamOfVm(inventory, id) !== undefined)
      throw new Fault('refused', `vm ${name} is in a team`, { hint: 'take it out of it first' });
  }
}

export async function diagnoseHost(
  { links }: Coordinator,
  id: string,
  signal: AbortSignal,
): Promise<Diagnostic> {
  return await links.call(id, 'host.diagnose', {}, { signal });
}

/** Submits host.probe or host.discover. Errors: `unavailable` when the host is away. */
export async function askHost(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  kind: Kind,
): Promise<Operation> {
  const { inventory, operations } = coordinator;
  const target = hostThing(inventory, id);
  await requireConnected(coordinator, id);
  return await operations.submit(caller, { action: kind.action, target, input: {} });
}

export const probeKind: Kind = {
  action: 'host.probe',
  steps: [
    {
      name: 'probe',
      way: 'stays',
      async run(work) {
        const { links } = work.coordinator;
        const { id } = work.target;
        const { facts } = await links.call(id, 'host.probe', {}, { signal: work.signal });
        await commitFresh(work.coordinator, () => {
          const host = hostDocument(work.coordinator, id);
          return {
            conditions: [{ kind: 'host', id, version: host.version }],
            writes: [{ kind: 'host', id, data: { ...host.data, facts } satisfies HostDocument }],
          };
        });
        await work.conclude({ use: facts.acceleration.use, kvm: facts.acceleration.kvm });
      },
    },
  ],
};

/** HOST-31. */
export const discoverKind: Kind = {
  action: 'host.discover',
  steps: [
    {
      name: 'discover',
      way: 'stays',
      async run(work) {
        const { links, inventory } = work.coordinator;
        const { id } = work.target;
        const { machines } = await links.call(id, 'host.discover', {}, { signal: work.signal });
        work.pusher.noteRecords(machines);
        const { found, vanished } = await synchronise(work.coordinator, id, machines);
        const named = (ids: readonly string[]): string[] =>
          ids.map((vm) => inventory.vm(vm)?.name ?? vm);
        await work.conclude({ found: named(found), vanished: named(vanished) });
      },
    },
  ],
};
