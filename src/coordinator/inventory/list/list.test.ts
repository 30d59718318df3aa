import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compileFilter, parseFilter, userSchema, type Vm } from '#api';
import { isFault, type Fault } from '#lib';
import { createInventory, type MemoryInventory } from '../memory-inventory.ts';
import type { PlainQuery } from '../inventory.ts';
import { holdClock, type HeldClock } from '../testing/clock.ts';
import {
  hostData,
  idOf,
  operationData,
  report,
  sample,
  vmData,
  Writer,
} from '../testing/documents.ts';
import { pageOf, pageOfOutlined } from './page.ts';

interface Fleet {
  readonly inventory: MemoryInventory;
  readonly writer: Writer;
  readonly clock: HeldClock;
}

function makeFleet(): Fleet {
  const clock = holdClock();
  const inventory = createInventory({ clock });
  const writer = new Writer(inventory);
  writer.put('host', idOf('h1'), hostData('h1'));
  inventory.setConnection(idOf('h1'), { connected: true, reason: null, lastSeenAt: null });
  return { inventory, writer, clock };
}

function put(
  { writer }: Fleet,
  key: string,
  name: string,
  memoryMiB: number,
  started: number,
): void {
  const { definition, ...rest } = vmData(name);
  const memory = { sizeBytes: memoryMiB * 2 ** 20, maxBytes: null };
  const hardware = { ...definition.hardware, memory };
  writer.put('vm', idOf(key), {
    ...rest,
    definition: { ...definition, id: idOf(key), name, hardware },
  });
  const startedAt = new Date(Date.UTC(2026, 0, 1) - started * 1000).toISOString();
  const state = started % 2 === 0 ? 'running' : 'off';
  writer.put('status', idOf(key), { report: report(key, { id: idOf(key), startedAt, state }) });
}

/** All pages, one after the other, with something done in between. */
function walk(fleet: Fleet, query: PlainQuery, between: () => void = () => undefined): Vm[] {
  const items: Vm[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = fleet.inventory.list('vm', { ...query, cursor: cursor ?? undefined }, undefined);
    items.push(...page.items);
    cursor = page.nextCursor;
    between();
  }
  return items;
}

function refusal(run: () => unknown): Fault {
  try {
    run();
  } catch (error) {
    assert.ok(isFault(error, 'invalid'), String(error));
    return error;
  }
  return assert.fail('it was not refused');
}

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k');
const name = fc.constantFrom('web', 'Web-2', 'WEB', 'db', 'Db', 'äpfel', 'Ärger', '');
const change = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(key, name, fc.integer({ min: 4, max: 8 }), fc.integer({ min: 0, max: 9 }))
      .map(
        ([key, name, memory, started]) =>
          (fleet: Fleet) =>
            put(fleet, key, `${name}${key}`, memory, started),
      ),
  },
  {
    weight: 1,
    arbitrary: key.map(
      (key) =>
        ({ writer }: Fleet) =>
          writer.drop('vm', idOf(key)),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(key, fc.nat(5)).map(([key, cpu]) => ({ inventory }: Fleet) => {
      inventory.setSample({ ...sample('x', cpu), id: idOf(key) });
    }),
  },
  {
    weight: 1,
    arbitrary: fc.nat(1000).map((seconds) => ({ clock }: Fleet) => {
      clock.seconds += seconds;
    }),
  },
);
const sort = fc.constantFrom(
  'name',
  '-name',
  'state,-definition.hardware.memory.sizeBytes',
  '-status.cpuPercent',
  'status.runningSeconds',
  '-status.runningSeconds,name',
);
const filter = fc.constantFrom(
  undefined,
  'state = running',
  'web',
  'status.cpuPercent > 2',
  'status.runningSeconds >= 5',
  'NOT name : db AND definition.hardware.memory.sizeBytes >= 6M',
);

describe('API-09 lists', () => {
  test('a list that follows changes is the list made anew, in whatever order things happen', () => {
    const step = fc.tuple(
      fc.array(change, { maxLength: 6 }),
      filter,
      sort,
      fc.integer({ min: 1, max: 4 }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const fleet = makeFleet();
        for (const [changes, filterText, sortText, limit] of steps) {
          for (const run of changes) run(fleet);
          const query = { filter: filterText, sort: sortText, limit };
          const match =
            filterText === undefined ? () => true : compileFilter(parseFilter(filterText));
          const all = [...fleet.inventory.documents('vm')].map(({ id }) => fleet.inventory.vm(id));
          const expected = all.filter((vm) => match(vm)).map((vm) => vm?.id ?? '');
          const listed = walk(fleet, query);
          assert.deepEqual(new Set(listed.map((vm) => vm.id)), new Set(expected));
          assert.equal(listed.length, expected.length);
          assert.equal(fleet.inventory.list('vm', query, undefined).total, expected.length);
          assertInOrder(listed, sortText);
          for (const vm of listed) assert.deepEqual(vm, fleet.inventory.vm(vm.id));
        }
      }),
      { numRuns: 150 },
    );
  });

  test('pages neither repeat nor leave out what was there throughout, while others come and go', () => {
    const busy = fc.constantFrom('come', 'go', 'sample');
    fc.assert(
      fc.property(
        fc.array(busy, { maxLength: 30 }),
        sort,
        fc.integer({ min: 1, max: 3 }),
        (actions, sortText, limit) => {
          const fleet = makeFleet();
          const staying = Array.from({ length: 10 }, (_, n) => `stays-${n}`);
          for (const [n, one] of staying.entries())
            put(fleet, one, `${n % 3}-${one}`, 4 + (n % 4), n);
          for (let n = 0; n < 8; n += 1) put(fleet, `goes-${n}`, `${n % 3}-goes-${n}`, 4 + n, n);
          let turn = 0;
          const seen = walk(fleet, { sort: sortText, limit }, () => {
            const action = actions[turn];
            if (action === 'come')
              put(fleet, `comes-${turn}`, `${turn % 3}-comes-${turn}`, 4 + (turn % 5), turn);
            if (action === 'go') fleet.writer.drop('vm', idOf(`goes-${turn % 8}`));
            fleet.clock.seconds += 7;
            turn += 1;
          });
          const ids = seen.map((vm) => vm.id);
          assert.equal(new Set(ids).size, ids.length, 'something was shown twice');
          for (const one of staying) assert.ok(ids.includes(idOf(one)), `${one} was left out`);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('shows and counts only what may be seen', () => {
    const fleet = makeFleet();
    for (let n = 0; n < 20; n += 1) put(fleet, `k${n}`, `vm-${n}`, 4, n);
    const allowed = new Set([idOf('k3'), idOf('k4'), idOf('k19')]);
    const page = fleet.inventory.list('vm', { limit: 2 }, (id) => allowed.has(id));
    assert.deepEqual(
      page.items.map((vm) => vm.name),
      ['vm-3', 'vm-4'],
    );
    assert.equal(page.total, 3);
    assert.ok(page.nextCursor !== null);
  });

  test('a window passes over what stands before it, and counts everything', () => {
    const fleet = makeFleet();
    for (const key of 'abcdefghij') put(fleet, key, `vm-${key}`, 4, 0);
    const page = fleet.inventory.list('vm', { limit: 3, skip: 4, sort: 'name' }, undefined);
    assert.deepEqual(
      page.items.map((vm) => vm.name),
      ['vm-e', 'vm-f', 'vm-g'],
    );
    assert.equal(page.total, 10);
    const next = fleet.inventory.list(
      'vm',
      { limit: 2, sort: 'name', cursor: page.nextCursor ?? '' },
      undefined,
    );
    assert.deepEqual(
      next.items.map((vm) => vm.name),
      ['vm-h', 'vm-i'],
    );
    const end = fleet.inventory.list('vm', { limit: 3, skip: 99 }, undefined);
    assert.deepEqual([end.items.length, end.nextCursor, end.total], [0, null, 10]);
  });

  test('gives just the fields that are asked for', () => {
    const fleet = makeFleet();
    put(fleet, 'a', 'web', 4, 0);
    const query = { fields: 'name,status.held,definition.hardware.serialPorts.kind', limit: 10 };
    assert.deepEqual(fleet.inventory.list('vm', query, undefined).items, [
      {
        name: 'web',
        status: { held: false },
        definition: { hardware: { serialPorts: [{ kind: 'console' }] } },
      },
    ]);
  });

  test('puts what is absent at the end, up and down', () => {
    const fleet = makeFleet();
    for (const [n, name] of ['one', 'two', 'three'].entries()) put(fleet, name, name, 4, n * 2);
    fleet.inventory.setSample({ ...sample('x', 5), id: idOf('two') });
    fleet.inventory.setSample({ ...sample('x', 9), id: idOf('three') });
    const names = (sort: string): string[] => walk(fleet, { sort, limit: 1 }).map((vm) => vm.name);
    assert.deepEqual(names('status.cpuPercent'), ['two', 'three', 'one']);
    assert.deepEqual(names('-status.cpuPercent'), ['three', 'two', 'one']);
  });

  test('compares numbers in text by their value, also from one page to the next', () => {
    const fleet = makeFleet();
    const sorted = ['07', 'app', 'app-', 'app-1', 'App-2b', 'app-5', 'app-013', 'app-100'];
    const large = ['app-99999999999999998', 'app-99999999999999999', 'app-a', 'app1', 'app20'];
    const expected = [...sorted, ...large];
    for (const [n, name] of expected.toReversed().entries()) put(fleet, `${90 - n}`, name, 4, n);
    const names = (sort: string, limit: number): string[] =>
      walk(fleet, { sort, limit }).map((vm) => vm.name);
    for (const limit of [1, 4, 100]) assert.deepEqual(names('name', limit), expected);
    assert.equal(names('-name', 3)[0], 'app20');
    put(fleet, 'late', 'app-6', 4, 0);
    const moved = names('name', 2);
    assert.deepEqual(moved.slice(5, 8), ['app-5', 'app-6', 'app-013']);
  });

  test('newest operations come first where no order is asked for', () => {
    const fleet = makeFleet();
    for (const day of [2, 3, 1])
      fleet.writer.put(
        'operation',
        idOf(`o${day}`),
        operationData(),
        `2026-01-0${day}T00:00:00.000Z`,
      );
    const page = fleet.inventory.list('operation', { limit: 10, filter: 'vm.turn' }, undefined);
    assert.deepEqual(
      page.items.map(({ id }) => id),
      [idOf('o3'), idOf('o2'), idOf('o1')],
    );
  });

  test('refuses fields that do not exist and cursors of other lists, and says what there is', () => {
    const fleet = makeFleet();
    for (let n = 0; n < 5; n += 1) put(fleet, `k${n}`, `vm-${n}`, 4, n);
    const list = (query: Partial<PlainQuery>): unknown =>
      fleet.inventory.list('vm', { limit: 2, ...query }, undefined);
    assert.match(refusal(() => list({ filter: 'stat = running' })).message, /no field "stat"/);
    assert.match(refusal(() => list({ sort: 'nam' })).hint ?? '', /name/);
    assert.match(refusal(() => list({ fields: 'status.nothing' })).message, /status\.nothing/);
    assert.match(refusal(() => list({ sort: 'definition' })).message, /no order/);
    refusal(() => list({ sort: 'a,b,c,d,e' }));
    refusal(() => list({ filter: 'constructor = x' }));
    refusal(() => list({ filter: 'name.x = 1' }));
    refusal(() => list({ fields: '__proto__' }));
    list({ filter: 'definition.extensions.any.thing = 1 AND definition.tags : web' });
    const { nextCursor } = fleet.inventory.list('vm', { limit: 2 }, undefined);
    assert.ok(nextCursor !== null);
    assert.match(
      refusal(() => list({ cursor: nextCursor, sort: '-name' })).message,
      /another list/,
    );
    for (const cursor of ['', 'nonsense', Buffer.from('{}').toString('base64url')])
      assert.match(refusal(() => list({ cursor })).message, /damaged/);
  });

  const users = Array.from({ length: 7 }, (_, n) => ({
    kind: 'user' as const,
    id: idOf(`u${n}`),
    name: `user-${n}`,
    displayName: n % 2 === 0 ? 'Even' : 'odd',
  }));
  const listed = { kind: 'user', schema: userSchema, defaultSort: 'name' };

  test('a short list at hand has the same pages', () => {
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const query = { sort: '-displayName,name', limit: 3, cursor: cursor ?? undefined };
      const page = pageOf(listed, users, query);
      assert.equal(page.total, 7);
      seen.push(...page.items.map((user) => user.name));
      cursor = page.nextCursor;
    }
    assert.deepEqual(
      seen,
      ['1', '3', '5', '0', '2', '4', '6'].map((n) => `user-${n}`),
    );
  });

  test('of outlines only those on the page are made whole, unless the query asks for what they lack', () => {
    for (const [query, made] of [
      [{ sort: '-name', limit: 3 }, 3],
      [{ filter: 'name != "user-3"', limit: 2, skip: 2 }, 2],
      [{ sort: 'displayName', limit: 3 }, 7],
      [{ filter: 'displayName = odd', limit: 3 }, 7],
    ] as const) {
      const whole: string[] = [];
      const complete = ({ id }: { readonly id: string }) => {
        whole.push(id);
        const user = users.find((one) => one.id === id);
        assert.ok(user);
        return user;
      };
      const outlines = users.map(({ id, name }) => ({ id, name }));
      const outlined = { outlines, fields: new Set(['id', 'name']), complete };
      assert.deepEqual(pageOfOutlined(listed, outlined, query), pageOf(listed, users, query));
      assert.equal(whole.length, made, JSON.stringify(query));
    }
  });
});

/** Neighbours stand in the order that the sort asks for; equal ones by id. */
function assertInOrder(listed: readonly Vm[], sort: string): void {
  const fields = sort.split(',').map((word) => ({
    path: word.replace('-', '').split('.'),
    sign: word.startsWith('-') ? -1 : 1,
  }));
  const valueOf = (vm: Vm, path: readonly string[]): string | number | null => {
    const value = path.reduce<unknown>((at, part) => Reflect.get(Object(at), part), vm);
    return typeof value === 'string' ? value.toLowerCase() : (value as number | null);
  };
  for (const [index, after] of listed.slice(1).entries()) {
    const before = listed[index];
    assert.ok(before !== undefined);
    let order = 0;
    for (const { path, sign } of fields) {
      const [a, b] = [valueOf(before, path), valueOf(after, path)];
      if (a === b) continue;
      order = a === null ? 1 : b === null ? -1 : (isBefore(a, b) ? -1 : 1) * sign;
      break;
    }
    if (order === 0) order = before.id < after.id ? -1 : 1;
    assert.equal(order, -1, `${before.name} stands before ${after.name} by ${sort}`);
  }
}

/** Part by part: numbers by their value, the rest by its code units. */
function isBefore(a: string | number, b: string | number): boolean {
  if (typeof a !== 'string' || typeof b !== 'string') return a < b;
  const [ones, others] = [a, b].map((text) => text.match(/[0-9]+|[^0-9]/g) ?? []);
  for (const [index, one] of (ones ?? []).entries()) {
    const other = others?.[index];
    if (other === undefined) return false;
    if (one === other) continue;
    return /[0-9]/.test(one) && /[0-9]/.test(other) ? Number(one) < Number(other) : one < other;
  }
  return true;
}
