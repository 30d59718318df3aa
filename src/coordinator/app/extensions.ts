/**
 * Special functions of a hypervisor, asked for by the names that its driver gives them (FED-08). What they do is not known here: whoever
 * may ask has the right `host.extensions` on the host, and that it was asked stands in the log before it is done.
 */
import type { Extension } from '#api';
import { Fault } from '#lib';
import type { Caller, Coordinator } from '../context.ts';
import type { HostDocument } from '../documents.ts';
import type { Document, NewEvent } from '../store/store.ts';
import { requireVerb, vmDocument } from './find.ts';
import { notFound } from './not-found.ts';
import { requireConnected } from './settle-hosts.ts';
import { copyLimitMs } from './vm/clone-steps.ts';
import { ancestorsOfPlace, hostThing, installationThing, vmThing } from './things.ts';

interface Asked {
  readonly name: string;
  readonly argument: string | undefined;
  readonly signal: AbortSignal;
}

const maxToldLength = 200;
/** As long as copies do. */
const takeTheirTime: ReadonlySet<string> = new Set(['dump-memory']);

/** Errors: `forbidden`; `not-found` naming those that its driver has; `unavailable`; the hypervisor's own. */
export async function extendVm(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  asked: Asked,
): Promise<{ output: string }> {
  const { inventory, links } = coordinator;
  const { data } = vmDocument(inventory, id);
  await requireExtension(coordinator, caller, data.hostId, 'vm', asked);
  await tellUse(coordinator, caller, asked, {
    name: 'vm.extension.used',
    target: vmThing(id, data),
    ancestors: ancestorsOfPlace(inventory, data),
  });
  const params = { id, ...paramsOf(asked) };
  const limit = takeTheirTime.has(asked.name) ? { limitMs: copyLimitMs } : {};
  const options = { signal: asked.signal, ...limit };
  return await links.call(data.hostId, 'machine.extension', params, options);
}

/**
 * What a client asks of a hypervisor in its own words, where that reaches its host or a guest: it is told of as a special function
 * of that name. Errors: `forbidden`.
 */
export async function noteExtension(
  coordinator: Coordinator,
  caller: Caller,
  { id, hostId }: { readonly id: string; readonly hostId: string },
  name: string,
  argument: string,
): Promise<void> {
  const { inventory } = coordinator;
  const { data } = vmDocument(inventory, id);
  const host = inventory.document<HostDocument>('host', hostId)?.data.name ?? hostId;
  requireVerb(caller, 'host.extensions', { kind: 'host', id: hostId }, `host ${host}`);
  await tellUse(
    coordinator,
    caller,
    { name, argument },
    {
      name: 'vm.extension.used',
      target: vmThing(id, data),
      ancestors: ancestorsOfPlace(inventory, data),
    },
  );
}

/** Errors: as `extendVm`. */
export async function extendHost(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  asked: Asked,
): Promise<{ output: string }> {
  const { inventory, links } = coordinator;
  await requireExtension(coordinator, caller, id, 'host', asked);
  await tellUse(coordinator, caller, asked, {
    name: 'host.extension.used',
    target: hostThing(inventory, id),
    ancestors: [installationThing],
  });
  return await links.call(id, 'host.extension', paramsOf(asked), { signal: asked.signal });
}

function paramsOf({ name, argument }: Asked): { name: string; argument: string | null } {
  return { name, argument: argument ?? null };
}

async function tellUse(
  coordinator: Coordinator,
  { actor, origin, correlationId }: Caller,
  { name: extension, argument }: Pick<Asked, 'name' | 'argument'>,
  event: Pick<
    NewEvent<'vm.extension.used' | 'host.extension.used'>,
    'name' | 'target' | 'ancestors'
  >,
): Promise<void> {
  const attributes = { extension, argument: (argument ?? '').slice(0, maxToldLength) };
  await coordinator.commit({ events: [{ ...event, actor, origin, correlationId, attributes }] });
}

async function requireExtension(
  coordinator: Coordinator,
  caller: Caller,
  hostId: string,
  of: Extension['of'],
  { name, signal }: Asked,
): Promise<void> {
  const { inventory } = coordinator;
  const host: Document<HostDocument> | undefined = inventory.document('host', hostId);
  if (host === undefined) throw notFound('host', hostId);
  const hostName = host.data.name;
  requireVerb(caller, 'host.extensions', { kind: 'host', id: hostId }, `host ${hostName}`);
  const there = (host.data.facts?.extensions ?? []).filter((one) => one.of === of);
  if (!there.some((one) => one.name === name))
    throw new Fault(
      'not-found',
      `the driver of host ${hostName} has no extension ${name.slice(0, 64)} for a ${of}`,
      {
        hint:
          there.length === 0 ? 'it has none' : `it has: ${there.map((one) => one.name).join(', ')}`,
      },
    );
  await requireConnected(coordinator, hostId, signal);
}
