/**
 * All records of a host against what the store has. The store is the truth for definitions, the agent for
 * what exists and in which state; what the store lacks is rebuilt from the records.
 *
 *   record, no document        found behind our back, or the store was lost: documents are made
 *   record older than ours     pushed down (answered as `toPush`)
 *   record of our revision,    changed outside of Gantry: taken over, told with the actor `external`
 *     but different              (EVT-24)
 *   record newer than ours     the store is an older copy: taken over
 *   document, no record        vanished: shown as unknown, with the reason (HOST-31)
 *   record of a host without   what is seen counts: taken over, never answered (foreign-record.ts)
 *   an agent
 *
 * Vms that an operation works on are left to it, and looked at again when it has ended (reconcile/look-again.ts).
 */
import { isDeepStrictEqual } from 'node:util';
import {
  diffSettings,
  topFolderId,
  type Actor,
  type MachineRecord,
  type MachineReport,
  type VmDefinition,
} from '#api';
import { commitFresh } from '../app/commit-fresh.ts';
import { ClaimIndex } from '../app/conflicts.ts';
import { definitionForAgent, definitionFromAgent } from '../app/media.ts';
import { foundName, releaseName, reserveName } from '../app/names.ts';
import { settingEvents, type EventFrame } from '../app/setting-events.ts';
import { ancestorsOfPlace, hostThing, vmThing } from '../app/things.ts';
import type { StatusDocument, VmDocument } from '../documents.ts';
import { lockHolder } from '../operations/lock.ts';
import type { Commit, Condition, Document, NewEvent, Write } from '../store/store.ts';
import type { LinkContext } from './context.ts';
import { isHardwareRead } from '../foreign-vm.ts';
import { seenDefinition } from './foreign-record.ts';
import { hasArrived } from './moved.ts';
import { hostEvent } from './host-status.ts';
import { followReport } from './take-reports.ts';

const chunk = 200;
const coordinatorActor: Actor = { kind: 'system', name: 'coordinator' };
const externalActor: Actor = { kind: 'external', name: 'external' };

export interface Synchronised {
  /** Vms whose definition here is newer than the agent's. */
  readonly toPush: readonly string[];
  readonly found: readonly string[];
  readonly vanished: readonly string[];
}

export async function synchronise(
  context: LinkContext,
  hostId: string,
  records: readonly MachineRecord[],
): Promise<Synchronised> {
  const { toPush, found } = await takeIn(context, hostId, records);
  const carried = new Set(records.map(({ definition }) => definition.id));
  const vanished = await markVanished(context, hostId, (id) => carried.has(id));
  await context.commit({
    events: [
      hostEvent(context, hostId, 'coordinator.inventory.synchronised', {
        machines: records.length,
        found: found.length,
        vanished: vanished.length,
      }),
    ],
  });
  return { toPush, found, vanished };
}

/** One vm of the host by itself; undefined: the host does not have it. */
export async function synchroniseOne(
  context: LinkContext,
  hostId: string,
  id: string,
  record: MachineRecord | undefined,
): Promise<void> {
  if (record === undefined) await markVanished(context, hostId, (one) => one !== id);
  else await takeIn(context, hostId, [record]);
}

/** Whether an operation has the vm, which is noted: what was told of it is read when it is free. */
function isSkipped(context: LinkContext, hostId: string, id: string): boolean {
  if (lockHolder(context.inventory, { kind: 'vm', id, name: '' }) === undefined) return false;
  context.skippedRecords.note(hostId, [id]);
  return true;
}

async function takeIn(
  context: LinkContext,
  hostId: string,
  records: readonly MachineRecord[],
): Promise<Pick<Synchronised, 'toPush' | 'found'>> {
  const looked = records.filter(({ definition: { id } }) => !isSkipped(context, hostId, id));
  const result = { toPush: [] as string[], found: [] as string[] };
  const claims = new ClaimIndex(context.inventory);
  for (let at = 0; at < looked.length; at += chunk) {
    const part = looked.slice(at, at + chunk);
    let toPush: string[] = [];
    let found: string[] = [];
    await commitFresh(context, () => {
      toPush = [];
      found = [];
      const work = new Part(context, hostId, claims);
      for (const record of part) {
        const how = work.take(record);
        if (how === 'push') toPush.push(record.definition.id);
        if (how === 'found') found.push(record.definition.id);
      }
      return work.commit();
    });
    result.toPush.push(...toPush);
    result.found.push(...found);
  }
  return result;
}

/** The commit that takes in some records. */
class Part {
  readonly #context: LinkContext;
  readonly #hostId: string;
  readonly #claims: ClaimIndex;
  readonly #names = new Set<string>();
  readonly #conditions: Condition[] = [];
  readonly #writes: Write[] = [];
  readonly #events: NewEvent[] = [];

  constructor(context: LinkContext, hostId: string, claims: ClaimIndex) {
    this.#context = context;
    this.#hostId = hostId;
    this.#claims = claims;
  }

  commit(): Commit | undefined {
    if (this.#writes.length === 0 && this.#events.length === 0) return undefined;
    return { conditions: this.#conditions, writes: this.#writes, events: this.#events };
  }

  take(record: MachineRecord): 'same' | 'push' | 'found' {
    const { inventory } = this.#context;
    const known = inventory.document<VmDocument>('vm', record.definition.id);
    const { departure } = record;
    // What is left of a vm that went to another host (reconcile/settle-moves.ts).
    if (departure !== undefined && known === undefined && hasArrived(inventory, departure.moveId))
      return 'same';
    if (known === undefined) {
      this.#discover(record);
      return 'found';
    }
    if (known.data.hostId !== this.#hostId && departure !== undefined) return 'same';
    if (known.data.hostId !== this.#hostId) {
      const other = hostThing(inventory, known.data.hostId).name;
      this.#events.push({
        ...this.#frame(known.data, coordinatorActor),
        name: 'vm.conflict',
        attributes: {
          other: `the one on ${hostThing(inventory, this.#hostId).name}`,
          what: 'UUID',
        },
      });
      this.#context.log.warn({ id: known.id, other }, 'two hosts carry a vm of the same UUID');
      return 'same';
    }
    if (record.report.foreign === true) {
      this.#observe(known, record);
      return 'same';
    }
    const ours = definitionForAgent(inventory, this.#hostId, known.data.definition);
    const theirs = { ...record.definition, name: ours.name };
    const same = isDeepStrictEqual(withoutMemory(ours), withoutMemory(theirs));
    const behind = record.definitionVersion !== 0 && record.definitionVersion < known.data.revision;
    if (behind || (same && record.definitionVersion === known.data.revision))
      return behind ? 'push' : 'same';
    if (same && record.definitionVersion === 0) return 'push';
    this.#takeOver(known.data, known.version, theirs, record);
    return record.definitionVersion > known.data.revision ? 'same' : 'push';
  }

  /** A vm that others run: what is seen of it counts, and nothing is sent. */
  #observe(known: Document<VmDocument>, record: MachineRecord): void {
    const before = known.data.definition;
    const seen = seenDefinition(before, record);
    if (isDeepStrictEqual(before, seen)) return;
    if (seen.name === before.name) {
      this.#takeOver(known.data, known.version, seen, record);
      return;
    }
    const name = this.#nameFor(seen.name);
    const reserved = reserveName('vm', name, known.id);
    this.#takeOver(known.data, known.version, { ...seen, name }, record);
    this.#conditions.push(...reserved.conditions);
    this.#writes.push(...reserved.writes, releaseName('vm', before.name));
    this.#events.push({
      ...this.#frame({ ...known.data, definition: { ...seen, name } }, externalActor),
      name: 'vm.renamed',
      attributes: { oldName: before.name },
    });
  }

  #takeOver(
    before: VmDocument,
    version: number,
    theirs: VmDefinition,
    record: MachineRecord,
  ): void {
    const definition = definitionFromAgent(this.#context.inventory, this.#hostId, theirs);
    // Hardware that is read for the first time has not changed.
    const isFirstSight = isHardwareRead(definition) && !isHardwareRead(before.definition);
    const changes = isFirstSight ? [] : diffSettings(before.definition, definition);
    const after: VmDocument = {
      ...before,
      definition,
      revision:
        record.definitionVersion > before.revision ? record.definitionVersion : before.revision + 1,
      generation: Math.max(before.generation, record.report.generation),
      path: record.report.path,
    };
    this.#conditions.push({ kind: 'vm', id: definition.id, version });
    this.#writes.push({ kind: 'vm', id: definition.id, data: after });
    if (isFirstSight) return;
    const frame = this.#frame(after, externalActor);
    this.#events.push(...settingEvents('vm.setting.changed', frame, changes), {
      ...frame,
      name: 'vm.discovered',
      attributes: { how: 'changed' },
    });
  }

  #discover(record: MachineRecord): void {
    const { inventory } = this.#context;
    const { report } = record;
    const name = this.#nameFor(record.definition.name);
    const id = record.definition.id;
    const definition = {
      ...definitionFromAgent(inventory, this.#hostId, record.definition),
      name,
    };
    const found: VmDocument = {
      definition,
      hostId: this.#hostId,
      folderId: topFolderId,
      path: report.path,
      // A name that was taken is a change that the agent has to be told.
      revision: Math.max(1, record.definitionVersion) + (name === record.definition.name ? 0 : 1),
      generation: report.generation,
    };
    const vm = followReport(found, report) ?? found;
    const reserved = reserveName('vm', name, id);
    this.#conditions.push({ kind: 'vm', id, absent: true }, ...reserved.conditions);
    this.#writes.push(
      { kind: 'vm', id, data: vm },
      { kind: 'status', id, data: { report } satisfies StatusDocument },
      ...reserved.writes,
    );
    const frame = this.#frame(vm, coordinatorActor);
    this.#events.push(
      { ...frame, name: 'vm.discovered', attributes: { how: 'new' } },
      { ...frame, name: 'vm.created', attributes: { how: 'discovered' } },
    );
    const conflict = this.#claims.conflict(definition);
    if (conflict !== undefined)
      this.#events.push({ ...frame, name: 'vm.conflict', attributes: conflict });
    this.#claims.add(definition, hostThing(inventory, this.#hostId).name);
  }

  #nameFor(wanted: string): string {
    const { inventory } = this.#context;
    const host = hostThing(inventory, this.#hostId);
    const name = foundName(inventory, wanted, host, this.#names);
    this.#names.add(name);
    return name;
  }

  #frame(vm: VmDocument, actor: Actor): EventFrame {
    return {
      target: vmThing(vm.definition.id, vm),
      ancestors: ancestorsOfPlace(this.#context.inventory, vm),
      actor,
      origin: null,
      correlationId: null,
    };
  }
}

/** Without what the agent keeps itself and reports. */
function withoutMemory(definition: VmDefinition): unknown {
  const { settings } = definition;
  return {
    ...definition,
    settings: { ...settings, shutdown: { ...settings.shutdown, quit: undefined } },
  };
}

async function markVanished(
  context: LinkContext,
  hostId: string,
  isThere: (id: string) => boolean,
): Promise<string[]> {
  let vanished: string[] = [];
  await commitFresh(context, () => {
    vanished = [];
    const writes: Write[] = [];
    const events: NewEvent[] = [];
    for (const id of context.inventory.vmsOfHost(hostId)) {
      const vm = context.inventory.document<VmDocument>('vm', id)?.data;
      const report = context.inventory.document<StatusDocument>('status', id)?.data.report;
      if (vm === undefined || isThere(id)) continue;
      if (report !== undefined && report.lastFault?.code === 'not-found') continue;
      if (isSkipped(context, hostId, id)) continue;
      vanished.push(id);
      writes.push({
        kind: 'status',
        id,
        data: { report: gone(context, id, vm, report) } satisfies StatusDocument,
      });
      events.push({
        name: 'vm.discovered',
        target: vmThing(id, vm),
        ancestors: ancestorsOfPlace(context.inventory, vm),
        actor: externalActor,
        origin: null,
        correlationId: null,
        attributes: { how: 'vanished' },
      });
    }
    return writes.length === 0 ? undefined : { writes, events };
  });
  return vanished;
}

function gone(
  context: LinkContext,
  id: string,
  vm: VmDocument,
  report: MachineReport | undefined,
): MachineReport {
  const at = new Date(context.clock.now()).toISOString();
  return {
    id,
    name: vm.definition.name,
    generation: vm.generation,
    state: 'unknown',
    held: false,
    since: at,
    startedAt: null,
    accelerator: null,
    wasRunning: report?.wasRunning ?? false,
    path: vm.path,
    pending: [],
    forwards: [],
    snapshots: report?.snapshots ?? [],
    undo: report?.undo ?? null,
    lastFault: {
      at,
      code: 'not-found',
      message: `the host has no vm ${vm.definition.name} any more`,
    },
  };
}
