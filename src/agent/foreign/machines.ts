/**
 * All vms of one foreign hypervisor, as they were last seen. One look at all of them is taken in as a whole;
 * what it finds changed is told: records when vms came, went or were changed, reports when states did, and an
 * event for each change of state.
 *
 *   look --take--> compare with what was seen before --> records | reports | events | samples
 *   act of ours  --enter--> the state that it is in meanwhile --leave--> what is seen
 *
 * Invariants: (1) a vm is host and UUID (identity.ts), whatever its name; (2) who asked for a change that an act
 * of ours made is behind its event, anybody else is another program; (3) the first look tells no events: what it
 * finds is how things are.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  vmStateFacts,
  type Cause,
  type EventAttributes,
  type EventName,
  type MachineRecord,
  type MachineReport,
  type MachineSample,
  type VmDefinition,
  type VmState,
} from '#api';
import { Fault, isoTime, type Clock } from '#lib';
import { externalCause, guestCause } from '../machine/causes.ts';
import { definitionOf } from './definition.ts';
import { sampleOf, type SeenDomain } from './domain.ts';
import type { SeenDetails } from './detail-reader.ts';
import type { SeenSnapshot } from './snapshots/read-snapshots.ts';

export type Emit = <N extends EventName>(
  vmId: string,
  name: N,
  attributes: EventAttributes<N>,
  cause: Cause,
) => void;

export interface MachinesOptions {
  /** Who a domain is to Gantry (docs/rfd/0024). */
  readonly identify: (uuid: string) => string;
  readonly clock: Clock;
  /** Of the host's processors. */
  readonly architecture: () => string;
  readonly emit: Emit;
}

interface Machine {
  readonly id: string;
  readonly seen: SeenDomain;
  readonly details: SeenDetails | undefined;
  readonly definition: VmDefinition;
  readonly sample: MachineSample;
  readonly since: string;
  readonly startedAt: string | null;
}

/** An act of ours. */
export interface Act {
  /** That the vm is in meanwhile; undefined: what is seen. */
  readonly state: VmState | undefined;
  readonly cause: Cause;
  /** Whether it has started anew when the act is done, running before and after. */
  readonly startsAnew?: true;
}

/** A guest that is asked to go off may be turned off meanwhile: who waits for it sees it gone. */
function mayEnd(underWay: Act, act: Act): boolean {
  return underWay.state === 'shutting-down' && act.state === 'turning-off';
}

/** An act that is under way. */
interface Acting extends Act {
  /** That it was seen in when the act began: what it passes through is not told. */
  readonly before: VmState;
}

export class ForeignMachines {
  readonly #options: MachinesOptions;
  #machines = new Map<string, Machine>();
  #lookedAtMs: number | undefined;
  readonly #acts = new Map<string, Acting>();
  readonly #generations = new Map<string, number>();
  /** That come from another host: what they pass through is not told. */
  readonly #arriving = new Set<string>();
  readonly #dirty = new Set<string>();
  #recordsChanged = false;
  readonly #watchers = new Set<() => void>();
  #onChange: () => void = () => undefined;

  constructor(options: MachinesOptions) {
    this.#options = options;
  }

  get running(): number {
    return [...this.#machines.values()].filter(({ seen }) => vmStateFacts[seen.state].live).length;
  }

  /** As it was last seen. Errors: `not-found`. */
  find(id: string): SeenDomain {
    return this.#find(id).seen;
  }

  definition(id: string): VmDefinition {
    return this.#find(id).definition;
  }

  snapshots(id: string): readonly SeenSnapshot[] {
    return this.#find(id).details?.snapshots ?? [];
  }

  /** Errors: `not-found`. */
  snapshot(id: string, snapshotId: string): SeenSnapshot {
    const found = this.snapshots(id).find(({ snapshot }) => snapshot.id === snapshotId);
    if (found !== undefined) return found;
    throw new Fault('not-found', `${this.find(id).handle.name} has no such snapshot any more`);
  }

  /** Told when there is something to take. */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  /** Takes in one look at all of them. */
  take(domains: readonly SeenDomain[]): void {
    const nowMs = this.#options.clock.now();
    const before = this.#machines;
    const elapsedMs = nowMs - (this.#lookedAtMs ?? nowMs);
    const machines = new Map<string, Machine>();
    for (const seen of domains) {
      const id = this.#options.identify(seen.handle.uuid);
      const known = before.get(id);
      machines.set(id, this.#observe(id, seen, known, { nowMs, elapsedMs }));
    }
    for (const id of before.keys()) if (!machines.has(id)) this.#recordsChanged = true;
    this.#machines = machines;
    this.#lookedAtMs = nowMs;
    for (const look of this.#watchers) look();
    this.#tellChanges();
  }

  /** Takes in what has been read, by UUID. */
  learn(found: ReadonlyMap<string, SeenDetails>): void {
    const { identify, architecture } = this.#options;
    for (const [uuid, details] of found) {
      const id = identify(uuid);
      const known = this.#machines.get(id);
      if (known === undefined) continue;
      const definition = definitionOf(id, known.seen, architecture(), details);
      const isSame = isDeepStrictEqual(known.definition, definition);
      if (!isSame) this.#recordsChanged = true;
      if (!isDeepStrictEqual(reported(known.details), reported(details))) this.#dirty.add(id);
      this.#machines.set(id, {
        ...known,
        details,
        definition: isSame ? known.definition : definition,
      });
    }
    this.#tellChanges();
  }

  records(): MachineRecord[] {
    return [...this.#machines.values()].map((machine) => this.#recordOf(machine));
  }

  /** Errors: `not-found`. */
  record(id: string): MachineRecord {
    return this.#recordOf(this.#find(id));
  }

  takeRecords(): MachineRecord[] | undefined {
    if (!this.#recordsChanged) return undefined;
    this.forgetTaken();
    return this.records();
  }

  takeReports(): MachineReport[] {
    const ids = [...this.#dirty];
    this.#dirty.clear();
    return ids.flatMap((id) => {
      const machine = this.#machines.get(id);
      return machine === undefined ? [] : [this.#reportOf(machine)];
    });
  }

  forgetTaken(): void {
    this.#recordsChanged = false;
    this.#dirty.clear();
  }

  samples(): MachineSample[] {
    return [...this.#machines.values()]
      .filter(({ seen }) => vmStateFacts[seen.state].live)
      .map(({ sample }) => sample);
  }

  report(id: string): MachineReport {
    return this.#reportOf(this.#find(id));
  }

  /**
   * An act on the vm begins; meanwhile it is in the state given. Errors: `stale` for an older generation than the
   * one known; `refused` while another act is under way, but for turning off what is shutting down.
   */
  enter(id: string, generation: number, act: Act): Disposable {
    const { seen } = this.#find(id);
    const known = this.#generations.get(id) ?? 0;
    if (generation < known)
      throw new Fault('stale', `${seen.handle.name} has been started again since`, {
        facts: { generation, known },
      });
    const underWay = this.#acts.get(id);
    if (underWay !== undefined && !mayEnd(underWay, act))
      throw new Fault('refused', `something else is being done with ${seen.handle.name}`, {
        hint: 'wait for the end of the other operation',
      });
    this.#generations.set(id, generation);
    const acting = { ...act, before: seen.state };
    this.#acts.set(id, acting);
    this.#changed(id);
    return {
      [Symbol.dispose]: () => {
        if (this.#acts.get(id) === acting) this.#leave(id);
      },
    };
  }

  /** A vm is coming from another host, until the answer is disposed of. */
  expect(id: string): Disposable {
    this.#arriving.add(id);
    return { [Symbol.dispose]: () => void this.#arriving.delete(id) };
  }

  emit<N extends EventName>(id: string, name: N, attributes: EventAttributes<N>): void {
    const cause = this.#acts.get(id)?.cause ?? externalCause;
    this.#options.emit(id, name, attributes, cause);
  }

  /** Resolves with true when the vm is seen so, with false when the signal aborts before. */
  until(id: string, holds: (state: VmState) => boolean, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (held: boolean): void => {
        this.#watchers.delete(look);
        signal.removeEventListener('abort', onAbort);
        resolve(held);
      };
      const onAbort = (): void => end(false);
      const look = (): void => {
        // One that is there no more has ended as well.
        if (holds(this.#machines.get(id)?.seen.state ?? 'off')) end(true);
      };
      this.#watchers.add(look);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      else look();
    });
  }

  /** The act has ended: what has become of the vm is told as its doing. */
  #leave(id: string): void {
    const act = this.#acts.get(id);
    const machine = this.#machines.get(id);
    if (act !== undefined && machine !== undefined) {
      const now = isoTime(this.#options.clock.now());
      if (act.before !== machine.seen.state) this.#tell(id, act.before, machine.seen, act.cause);
      else if (act.startsAnew === true)
        this.#machines.set(id, { ...machine, since: now, startedAt: now });
    }
    this.#acts.delete(id);
    this.#changed(id);
  }

  #tellChanges(): void {
    if (this.#recordsChanged || this.#dirty.size > 0) this.#onChange();
  }

  #changed(id: string): void {
    this.#dirty.add(id);
    this.#onChange();
  }

  #find(id: string): Machine {
    const machine = this.#machines.get(id);
    if (machine !== undefined) return machine;
    throw new Fault('not-found', `the hypervisor has no vm ${id}`, {
      hint: 'it may have been removed there; discover the vms of the host again',
    });
  }

  #observe(
    id: string,
    seen: SeenDomain,
    known: Machine | undefined,
    { nowMs, elapsedMs }: { readonly nowMs: number; readonly elapsedMs: number },
  ): Machine {
    const sample = sampleOf(id, seen, known?.seen.counters, elapsedMs);
    const now = isoTime(nowMs);
    if (known === undefined) {
      this.#recordsChanged = true;
      const definition = definitionOf(id, seen, this.#options.architecture(), undefined);
      return { id, seen, details: undefined, definition, sample, since: now, startedAt: null };
    }
    const definition = this.#definitionOf(known, seen);
    const was = known.seen.state;
    if (was === seen.state) return { ...known, seen, definition, sample };
    this.#dirty.add(id);
    if (!this.#acts.has(id) && !this.#arriving.has(id)) this.#tell(id, was, seen);
    const live = vmStateFacts[seen.state].live;
    const startedAt = live ? (vmStateFacts[was].live ? known.startedAt : now) : null;
    return { ...known, seen, definition, sample, since: now, startedAt };
  }

  /** The same object until something of it changes. */
  #definitionOf(
    { id, seen: before, details, definition }: Machine,
    seen: SeenDomain,
  ): VmDefinition {
    const inBulk = ({ processors, memoryBytes }: SeenDomain): unknown => [processors, memoryBytes];
    const isSame =
      before.handle.name === seen.handle.name &&
      before.startsWithHost === seen.startsWithHost &&
      (details !== undefined || isDeepStrictEqual(inBulk(before), inBulk(seen)));
    if (isSame) return definition;
    this.#recordsChanged = true;
    return definitionOf(id, seen, this.#options.architecture(), details);
  }

  #recordOf(machine: Machine): MachineRecord {
    const { definition } = machine;
    return { report: this.#reportOf(machine), definition, definitionVersion: 0 };
  }

  #reportOf({ id, seen, details, definition, since, startedAt }: Machine): MachineReport {
    return {
      id,
      foreign: true,
      name: definition.name,
      generation: this.#generations.get(id) ?? 0,
      state: this.#acts.get(id)?.state ?? seen.state,
      held: false,
      since,
      startedAt,
      accelerator: null,
      wasRunning: false,
      path: '',
      pending: vmStateFacts[seen.state].live ? [...(details?.pending ?? [])] : [],
      forwards: [],
      lastFault: null,
      undo: null,
      snapshots: details?.snapshots.map(({ snapshot }) => snapshot) ?? [],
    };
  }

  #tell(id: string, was: VmState, { state, offCause }: SeenDomain, by?: Cause): void {
    const { emit } = this.#options;
    const cause = by ?? externalCause;
    const live = vmStateFacts[state].live;
    if (!vmStateFacts[was].live) {
      if (live && was === 'saved') emit(id, 'vm.state.restored', { durationMs: null }, cause);
      else if (live)
        emit(id, 'vm.state.powered-on', { accelerator: 'its hypervisor', held: false }, cause);
      else if (was === 'saved') emit(id, 'vm.state.discarded', {}, cause);
    } else if (state === 'saved')
      emit(id, 'vm.state.saved', { sizeBytes: null, durationMs: null }, cause);
    else if (!live) {
      const byGuest = offCause === 'guest' && by === undefined;
      emit(id, 'vm.state.powered-off', { cause: offCause }, byGuest ? guestCause : cause);
    } else if (state === 'paused') emit(id, 'vm.state.suspended', {}, cause);
    else if (was === 'paused') emit(id, 'vm.state.resumed', {}, cause);
  }
}

/** What of it stands in a report. */
function reported(details: SeenDetails | undefined): unknown {
  return [details?.pending ?? [], details?.snapshots.map(({ snapshot }) => snapshot) ?? []];
}
