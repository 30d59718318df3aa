/**
 * What is wrong, all of it, and who has taken note of it (WEB-55, WEB-56).
 *
 * Invariant: an acknowledgement lasts as long as what it is about. When that is known to be over it goes (`clearWarnings`),
 * so that the same is warned of again when it comes back; while a host is away nothing on it is known to be over.
 */
import {
  diskSpaceLimitBytes,
  maxWarnings,
  type Finding,
  type Verb,
  type Warning,
  type Warnings,
} from '#api';
import { Fault, isoTime } from '#lib';
import type { Caller, Coordinator } from '../../context.ts';
import type { AcknowledgementDocument, VmDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Document, NewEvent } from '../../store/store.ts';
import { commitFresh } from '../commit-fresh.ts';
import { requireVerb } from '../find.ts';
import { installationThing } from '../things.ts';
import { isOwnedKind, rightObjectOf, viewVerb } from '../visibility.ts';
import { findHostTroubles, foundChecks } from './host-troubles.ts';
import { idOfTrouble, ofInstallation, type Trouble } from './trouble.ts';
import { findVmTroubles } from './vm-troubles.ts';

/** What access has to say of encryption and certificates. */
type OwnFindings = () => readonly Finding[];
interface Which {
  readonly id: string;
  readonly dryRun: boolean;
}
type Kept = Document<AcknowledgementDocument>;

function* findAll(inventory: Inventory, own: OwnFindings): Generator<Trouble> {
  yield* own().map(ofInstallation);
  yield* findHostTroubles(inventory);
  yield* findVmTroubles(inventory);
}

/** Those that the caller may see; the gravest that nobody has taken note of come first. */
export function listWarnings(
  { inventory }: Pick<Coordinator, 'inventory'>,
  caller: Pick<Caller, 'may'>,
  own: OwnFindings,
): Warnings {
  const items = [...findAll(inventory, own)]
    .filter((trouble) => sees(caller, trouble))
    .map((trouble) => show(inventory, trouble))
    .sort(compare);
  return { items: items.slice(0, maxWarnings), total: items.length };
}

/** Errors: `not-found` where nothing of the kind is wrong now; `forbidden`. */
export async function acknowledgeWarning(
  coordinator: Coordinator,
  caller: Caller,
  own: OwnFindings,
  { id, note, dryRun }: Which & { readonly note: string },
): Promise<Warning> {
  const { inventory, clock } = coordinator;
  const trouble = requireTrouble(inventory, caller, own, id);
  const { userId, actor } = caller;
  if (userId === null)
    throw new Fault('forbidden', 'a warning is acknowledged by somebody with a name', {
      hint: 'sign in as a user',
    });
  const { check, thing, evidence } = trouble;
  const at = isoTime(clock.now());
  const data = { check, thing, evidence, note, userId, by: actor.name, at };
  if (dryRun) return { ...show(inventory, trouble), acknowledged: { by: data.by, note, at } };
  await commitFresh(coordinator, () => ({
    writes: [{ kind: 'acknowledgement', id, data: data satisfies AcknowledgementDocument }],
    events: [warningEvent('warning.acknowledged', { warning: evidence, note }, caller)],
  }));
  return show(inventory, trouble);
}

/** Errors: `not-found`, `forbidden`. */
export async function reopenWarning(
  coordinator: Coordinator,
  caller: Caller,
  own: OwnFindings,
  { id, dryRun }: Which,
): Promise<Warning> {
  const { inventory } = coordinator;
  const trouble = requireTrouble(inventory, caller, own, id);
  if (dryRun) return { ...show(inventory, trouble), acknowledged: null };
  await commitFresh(coordinator, () => {
    const kept = inventory.document<AcknowledgementDocument>('acknowledgement', id);
    if (kept === undefined) return undefined;
    const event = warningEvent('warning.reopened', { warning: trouble.evidence }, caller);
    return { ...forget(kept), events: [event] };
  });
  return show(inventory, trouble);
}

/** Lets go of acknowledgements of what is over. */
export async function clearWarnings(coordinator: Coordinator, own: OwnFindings): Promise<void> {
  const { inventory } = coordinator;
  if (inventory.count('acknowledgement') === 0) return;
  const present = new Set([...findAll(inventory, own)].map(idOfTrouble));
  for (const kept of inventory.documents<AcknowledgementDocument>('acknowledgement')) {
    if (present.has(kept.id) || !isOver(inventory, kept.data)) continue;
    const event = warningEvent('warning.cleared', { warning: kept.data.evidence });
    await commitFresh(coordinator, () =>
      inventory.document('acknowledgement', kept.id)?.version === kept.version
        ? { ...forget(kept), events: [event] }
        : undefined,
    );
  }
}

/** Of something that is not found now: whether it is known not to be so. */
function isOver(inventory: Inventory, { check, thing }: AcknowledgementDocument): boolean {
  const vm = thing.kind === 'vm' ? inventory.document<VmDocument>('vm', thing.id) : undefined;
  const hostId = thing.kind === 'host' ? thing.id : vm?.data.hostId;
  if (hostId === undefined) return true;
  const host = inventory.host(hostId);
  if (host === undefined || check === 'hosts') return true;
  // Figures come with the connection.
  if (host.load === null) return false;
  if (Object.values(foundChecks).some((found) => found.check === check))
    return inventory.troubles(hostId) !== undefined;
  const shown = vm === undefined ? undefined : inventory.vm(vm.id);
  if (vm === undefined || shown === undefined) return true;
  switch (check) {
    case 'disk space':
      return (
        diskSpaceLimitBytes(vm.data.definition) === null || shown.status.diskSpaceBytes !== null
      );
    // A guest that is off or starts has what it had.
    case 'additions':
      return shown.status.additions.state === 'running';
    default:
      return true;
  }
}

function requireTrouble(
  inventory: Inventory,
  caller: Caller,
  own: OwnFindings,
  id: string,
): Trouble {
  const trouble = findAll(inventory, own).find((one) => idOfTrouble(one) === id);
  if (trouble === undefined || !sees(caller, trouble))
    throw new Fault('not-found', `there is no warning ${id}`, {
      hint: 'it may be over; look at: gantry warning list',
    });
  const { thing } = trouble;
  requireVerb(caller, changeVerb(trouble), rightObjectOf(thing), thing.name);
  return trouble;
}

function changeVerb({ thing }: Trouble): Verb {
  if (thing.kind === 'vm') return 'vm.settings';
  return thing.kind === 'host' ? 'host.settings' : 'installation.settings';
}

function sees(caller: Pick<Caller, 'may'>, { thing }: Trouble): boolean {
  const verb = isOwnedKind(thing.kind) ? viewVerb(thing.kind) : 'installation.view';
  return caller.may(verb, rightObjectOf(thing));
}

function show(inventory: Inventory, trouble: Trouble): Warning {
  const { detail: _, ...shown } = trouble;
  const id = idOfTrouble(trouble);
  const kept = inventory.document<AcknowledgementDocument>('acknowledgement', id)?.data;
  const acknowledged = kept === undefined ? null : { by: kept.by, note: kept.note, at: kept.at };
  return { ...shown, id, hostId: hostOf(inventory, trouble), acknowledged };
}

function hostOf(inventory: Inventory, { thing: { kind, id } }: Trouble): string | null {
  if (kind === 'host') return id;
  return kind === 'vm' ? (inventory.vm(id)?.hostId ?? null) : null;
}

const gravity: Readonly<Record<Finding['result'], number>> = {
  error: 0,
  warning: 1,
  information: 2,
  ok: 3,
};

function compare(one: Warning, other: Warning): number {
  return (
    Number(one.acknowledged !== null) - Number(other.acknowledged !== null) ||
    gravity[one.result] - gravity[other.result] ||
    one.check.localeCompare(other.check) ||
    one.thing.name.localeCompare(other.thing.name) ||
    one.evidence.localeCompare(other.evidence)
  );
}

function forget({ id, version }: Kept): {
  readonly conditions: { kind: 'acknowledgement'; id: string; version: number }[];
  readonly writes: { kind: 'acknowledgement'; id: string; delete: true }[];
} {
  return {
    conditions: [{ kind: 'acknowledgement', id, version }],
    writes: [{ kind: 'acknowledgement', id, delete: true }],
  };
}

type WarningEvent = 'warning.acknowledged' | 'warning.cleared' | 'warning.reopened';

/** By the coordinator's own hand without a caller. */
function warningEvent<N extends WarningEvent>(
  name: N,
  attributes: NewEvent<N>['attributes'],
  caller?: Caller,
): NewEvent<N> {
  return {
    name,
    target: installationThing,
    ancestors: [],
    actor: caller?.actor ?? { kind: 'system', name: 'coordinator' },
    origin: caller?.origin ?? null,
    correlationId: caller?.correlationId ?? null,
    attributes,
  };
}
