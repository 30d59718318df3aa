/** A place to run operations in: a real store, an inventory that follows it, one host and some vms. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock } from '#lib';
import { silentLog } from '#log';
import type { Thing } from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import { followStore } from '../../inventory/follow.ts';
import { createInventory, type MemoryInventory } from '../../inventory/memory-inventory.ts';
import { hostData, idOf, vmData } from '../../inventory/testing/documents.ts';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Store } from '../../store/store.ts';
import { createOperations, type OperationsEngine, type OperationsOptions } from '../engine.ts';
import type { OperationKind, StepWork } from '../kind.ts';

export interface World extends AsyncDisposable {
  readonly store: Store;
  readonly inventory: MemoryInventory;
  readonly context: Pick<Coordinator, 'store' | 'commit' | 'inventory'>;
  /** Engines on this world; start them yourself. */
  equipped<W>(
    kinds: readonly OperationKind<W>[],
    equip: (work: StepWork) => W,
  ): OperationsEngine<W>;
  engine(
    kinds: readonly OperationKind<StepWork>[],
    more?: Partial<Pick<OperationsOptions<StepWork>, 'failureEvents' | 'clock'>>,
  ): OperationsEngine<StepWork>;
}

export async function openWorld(file: string, clock: Clock = systemClock): Promise<World> {
  const store = await openSqliteStore({ file, clock, log: silentLog });
  const inventory = createInventory({ clock });
  const follower = await followStore(store, inventory, silentLog);
  const context = { store, inventory, commit: follower.commit.bind(follower) };
  return {
    store,
    inventory,
    context,
    equipped: (kinds, equip) => createOperations({ kinds, equip, context, clock, log: silentLog }),
    engine: (kinds, more = {}) =>
      createOperations({ kinds, equip: (work) => work, context, clock, log: silentLog, ...more }),
    [Symbol.asyncDispose]: async () => {
      await follower[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** A new world of its own with the vms on host h1. */
export async function makeWorld(vms: readonly string[], clock?: Clock): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'operations-'));
  const world = await openWorld(join(folder, 'store.db'), clock);
  await world.context.commit({
    writes: [
      { kind: 'host', id: idOf('h1'), data: hostData('h1') },
      ...vms.map((name) => ({ kind: 'vm', id: idOf(name), data: vmData(name) }) as const),
    ],
  });
  return {
    ...world,
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

export function vmThing(name: string): Thing {
  return { kind: 'vm', id: idOf(name), name };
}

export function callerNamed(name: string, rights: 'all' | 'none' = 'all'): Caller {
  return {
    actor: { kind: 'user', name },
    userId: idOf(name),
    origin: '127.0.0.1',
    correlationId: idOf(`correlation of ${name}`),
    may: () => rights === 'all',
  };
}
