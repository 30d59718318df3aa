import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '#lib';
import { silentLog } from '#log';
import { adapterSchema } from '#api';
import type { Coordinator } from '../context.ts';
import type { PortNumbersDocument, VmDocument } from '../documents.ts';
import { followStore } from '../inventory/follow.ts';
import { createInventory } from '../inventory/memory-inventory.ts';
import { idOf, vmData } from '../inventory/testing/documents.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Write } from '../store/store.ts';
import { numberPorts } from './number-ports.ts';

/** A store with an inventory over it; the store stays when it is opened again. */
class Place implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #context: Pick<Coordinator, 'inventory' | 'commit'>;

  private constructor(stack: AsyncDisposableStack, context: Place['context']) {
    this.#stack.use(stack);
    this.#context = context;
  }

  get context(): Pick<Coordinator, 'inventory' | 'commit'> {
    return this.#context;
  }

  static async open(folder: string): Promise<Place> {
    await using stack = new AsyncDisposableStack();
    const file = join(folder, 'store.db');
    const store = stack.use(await openSqliteStore({ file, clock: systemClock, log: silentLog }));
    const inventory = createInventory({ clock: systemClock });
    const follower = stack.use(await followStore(store, inventory, silentLog));
    const commit: Coordinator['commit'] = (whole) => follower.commit(whole);
    return new Place(stack.move(), { inventory, commit });
  }

  /** By slot, the network that an adapter is plugged into; undefined: the vm is no more. */
  async put(
    vms: Readonly<Record<string, readonly (string | null)[] | undefined>>,
    more: Partial<VmDocument> = {},
  ): Promise<void> {
    const writes = Object.entries(vms).map(([name, networks]): Write => {
      const key = { kind: 'vm', id: idOf(name) } as const;
      return networks === undefined
        ? { ...key, delete: true }
        : { ...key, data: plugged(name, networks, more) };
    });
    await this.#context.commit({ writes });
  }

  async run(): Promise<void> {
    await numberPorts(this.#context).run(new AbortController().signal);
    assert.equal(this.#context.inventory.vmsToNumber().size, 0);
  }

  /** By vm, in the order of its adapters. */
  numbers(...names: readonly string[]): readonly (readonly number[] | undefined)[] {
    return names.map((name) =>
      this.#context.inventory
        .document<PortNumbersDocument>('port-numbers', idOf(name))
        ?.data.ports.map(({ number }) => number),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

function plugged(
  name: string,
  networks: readonly (string | null)[],
  more: Partial<VmDocument>,
): VmDocument {
  const data = vmData(name, more);
  const adapters = networks.flatMap((network, slot) => {
    if (network === null) return [];
    const mac = '52:47:59:00:00:01';
    const attachment = { kind: 'network', network: idOf(network) };
    return [adapterSchema.parse({ slot, mac, model: 'virtio', attachment })];
  });
  const { definition } = data;
  return {
    ...data,
    definition: { ...definition, hardware: { ...definition.hardware, adapters } },
  };
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'num-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('each port of a network has a number of its own, and one that is free again is the next to be given', async () => {
  await inFolder(async (folder) => {
    await using place = await Place.open(folder);
    await place.put({ one: ['lab', 'lab'], two: ['lab', 'other'], none: [] });
    await place.run();
    assert.deepEqual(place.numbers('one', 'two', 'none'), [[1, 2], [3, 1], undefined]);
    await place.put({ one: [null, 'lab'], three: ['other'] });
    await place.run();
    assert.deepEqual(place.numbers('one', 'three'), [[2], [2]]);
    // The adapter in the second slot of two goes to the other network, and so leaves its first port.
    await place.put({ two: ['lab', 'lab'], four: ['lab'] });
    await place.run();
    assert.deepEqual(place.numbers('two', 'four'), [[3, 1], [4]]);
    await place.put({ one: undefined, two: undefined });
    await place.run();
    assert.deepEqual(place.numbers('one', 'two', 'four'), [undefined, undefined, [4]]);
    await place.put({ five: ['lab'], six: ['other', 'lab'] });
    await place.run();
    assert.deepEqual(place.numbers('five', 'six'), [[1], [1, 2]]);
  });
});

test('a port keeps its number when its vm goes to another host, is renamed, and when the coordinator starts again', async () => {
  await inFolder(async (folder) => {
    await using place = await Place.open(folder);
    await place.put({ one: ['lab'], two: ['lab'], three: ['lab'] });
    await place.run();
    await place.put({ one: undefined });
    await place.put({ two: ['lab', 'lab'] }, { hostId: idOf('h2'), generation: 2 });
    const { definition } = vmData('three');
    await place.put({ three: ['lab'] }, { definition: { ...definition, name: 'renamed' } });
    await place.run();
    const kept = place.numbers('two', 'three');
    assert.deepEqual([kept[0]?.[0], kept[1]], [2, [3]]);
    await place[Symbol.asyncDispose]();
    await using again = await Place.open(folder);
    await again.put({ four: ['lab'] });
    await again.run();
    assert.deepEqual(again.numbers('two', 'three'), kept);
    const all = again.numbers('two', 'three', 'four').flat();
    assert.deepEqual(
      all.sort((one, other) => (one ?? 0) - (other ?? 0)),
      [1, 2, 3, 4],
    );
  });
});

test('a coordinator that ended before numbers were given or taken back does it when it starts again', async () => {
  await inFolder(async (folder) => {
    const place = await Place.open(folder);
    await place.put({ gone: ['lab'] });
    await place.run();
    await place.put({ gone: undefined, fresh: ['lab'] });
    await place[Symbol.asyncDispose]();
    await using again = await Place.open(folder);
    await again.run();
    assert.deepEqual(again.numbers('gone', 'fresh'), [undefined, [2]]);
    await again.put({ last: ['lab'] });
    await again.run();
    assert.deepEqual(again.numbers('last'), [[1]]);
  });
});

test('more vms than one commit takes have a number each', async () => {
  await inFolder(async (folder) => {
    await using place = await Place.open(folder);
    const names = Array.from({ length: 1_200 }, (_, at) => `vm-${at}`);
    await place.put(Object.fromEntries(names.map((name) => [name, ['lab']])));
    await place.run();
    const numbers = place.numbers(...names).flat();
    assert.deepEqual([new Set(numbers).size, Math.max(...numbers.map(Number))], [1_200, 1_200]);
  });
});
