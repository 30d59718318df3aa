/**
 * Links: somebody without an account looks at the screen of one vm until the link expires, and nothing else
 * (docs/rfd/0022). The secret is in the address's fragment, which no browser sends; a page gives it in a body for a
 * ticket. It is kept as SHA-256. A link is good only as long as its creator could make it.
 */
import { Fault, isoTime } from '#lib';
import type { ConsoleLink, ConsoleLinkMade, ConsoleLinkOpened } from '#api';
import type { SignInLimiter } from '../access/mod.ts';
import { createSecret, hashSecret, isSecret } from '../access/tokens/secret.ts';
import { ancestorsOf, vmThing } from '../app/things.ts';
import { vmDocument } from '../app/find.ts';
import type { Caller, Coordinator } from '../context.ts';
import type { ConsoleLinkDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Document, NewEvent } from '../store/store.ts';
import type { Sessions } from './sessions.ts';
import type { Tickets } from './tickets.ts';

const maxLinksPerVm = 100;

export interface LinkParts {
  readonly coordinator: Coordinator;
  readonly sessions: Sessions;
  readonly tickets: Tickets;
  /** Of wrong secrets. */
  readonly limiter: SignInLimiter;
  /** A caller with the rights that the user has at the time it asks. */
  readonly callerOf: (who: Pick<Caller, 'actor' | 'userId' | 'origin' | 'correlationId'>) => Caller;
}

export function listLinks({ coordinator }: LinkParts, vm: string): readonly ConsoleLink[] {
  return linksOf(coordinator.inventory, vm).map(show);
}

/** Errors: `exhausted`; `forbidden` for a caller that is no user. */
export async function createLink(
  { coordinator }: LinkParts,
  caller: Caller,
  vm: string,
  asked: { readonly label: string; readonly minutes: number },
): Promise<ConsoleLinkMade> {
  const { inventory, clock } = coordinator;
  if (caller.userId === null) throw new Fault('forbidden', 'only a user makes a link');
  if (linksOf(inventory, vm).length >= maxLinksPerVm)
    throw new Fault('exhausted', `there are ${maxLinksPerVm} links to this screen already`, {
      hint: 'revoke those that nobody needs',
    });
  const id = crypto.randomUUID();
  const secret = createSecret();
  const data: ConsoleLinkDocument = {
    vmId: vm,
    label: asked.label,
    secretHash: hashSecret(secret),
    creatorId: caller.userId,
    creator: caller.actor.name,
    createdAt: isoTime(clock.now()),
    expiresAt: isoTime(clock.now() + asked.minutes * 60_000),
  };
  await coordinator.commit({
    conditions: [{ kind: 'vm', id: vm, version: vmDocument(inventory, vm).version }],
    writes: [{ kind: 'console-link', id, data }],
    events: [linkEvent(coordinator, caller, vm, 'console.link-created', data)],
  });
  return { ...show({ id, data }), path: `/watch#${id}.${secret}` };
}

/** Whoever looks by it now is shown out. Errors: `not-found`. */
export async function deleteLink(
  { coordinator, sessions }: LinkParts,
  caller: Caller,
  vm: string,
  id: string,
): Promise<void> {
  const link = coordinator.inventory.document<ConsoleLinkDocument>('console-link', id);
  if (link?.data.vmId !== vm)
    throw new Fault('not-found', `there is no link ${id} to this screen`, {
      hint: `look at: gantry vm screen-link list ${vm}`,
    });
  await coordinator.commit({
    conditions: [{ kind: 'console-link', id, version: link.version }],
    writes: [{ kind: 'console-link', id, delete: true }],
    events: [linkEvent(coordinator, caller, vm, 'console.link-revoked', link.data)],
  });
  sessions.endProof(vm, id, 'the link was revoked');
}

/** A ticket for the screen. Errors: `unauthenticated`; `rate-limited`. */
export function openLink(parts: LinkParts, caller: Caller, secret: string): ConsoleLinkOpened {
  const { coordinator, tickets, limiter } = parts;
  const address = caller.origin ?? 'unknown';
  limiter.begin('', address);
  const [id = '', rest = ''] = secret.split('.');
  const link = isSecret(rest) ? liveLink(parts, id) : undefined;
  if (link === undefined || link.data.secretHash !== hashSecret(rest))
    throw new Fault('unauthenticated', 'this link has expired, was revoked, or is none', {
      hint: 'ask whoever gave it to you for another one',
    });
  limiter.succeed('', address);
  const { vmId, expiresAt } = link.data;
  const { name } = vmDocument(coordinator.inventory, vmId).data.definition;
  const { ticket } = tickets.issue(guestOf(parts, caller, link), vmId);
  return { ticket, vm: vmId, name, expiresAt };
}

/** Somebody who has the link: whatever is asked, only this screen, and only while the link is good. */
function guestOf(parts: LinkParts, caller: Caller, link: Document<ConsoleLinkDocument>): Caller {
  const { id, data } = link;
  const { origin, correlationId } = caller;
  return {
    actor: { kind: 'external', name: `link ${data.label} of ${data.creator}`.slice(0, 100) },
    userId: null,
    origin,
    correlationId,
    proof: { means: 'link', id, encrypted: caller.proof?.encrypted ?? false },
    may: (verb, on) =>
      verb === 'vm.console' &&
      on.kind === 'vm' &&
      on.id === data.vmId &&
      liveLink(parts, id) !== undefined,
  };
}

function liveLink(
  { coordinator, callerOf }: LinkParts,
  id: string,
): Document<ConsoleLinkDocument> | undefined {
  const { inventory, clock } = coordinator;
  const link = inventory.document<ConsoleLinkDocument>('console-link', id);
  if (link === undefined || clock.now() >= Date.parse(link.data.expiresAt)) return undefined;
  if (inventory.document('vm', link.data.vmId) === undefined) return undefined;
  const creator = callerOf({
    actor: { kind: 'user', name: link.data.creator },
    userId: link.data.creatorId,
    origin: null,
    correlationId: id,
  });
  return creator.may('vm.supervise', { kind: 'vm', id: link.data.vmId }) ? link : undefined;
}

function linksOf(inventory: Inventory, vm: string): readonly Document<ConsoleLinkDocument>[] {
  return [...inventory.documents<ConsoleLinkDocument>('console-link')].filter(
    ({ data }) => data.vmId === vm,
  );
}

function show({ id, data }: Pick<Document<ConsoleLinkDocument>, 'id' | 'data'>): ConsoleLink {
  const { label, creator, createdAt, expiresAt } = data;
  return { id, label, creator, createdAt, expiresAt };
}

function linkEvent(
  { inventory }: Coordinator,
  { actor, origin, correlationId }: Caller,
  vm: string,
  name: 'console.link-created' | 'console.link-revoked',
  { label, expiresAt }: ConsoleLinkDocument,
): NewEvent {
  const target = vmThing(vm, vmDocument(inventory, vm).data);
  const ancestors = ancestorsOf(inventory, target);
  const attributes = { label, expiresAt };
  return { name, target, ancestors, actor, origin, correlationId, attributes };
}
