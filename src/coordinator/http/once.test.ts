/** Idempotency keys over a real store, through the end of the program at the worst moment. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Fault, isFault, systemClock, type Clock } from '#lib';
import { silentLog } from '#log';
import type { Coordinator } from '../context.ts';
import { followStore } from '../inventory/follow.ts';
import { createInventory } from '../inventory/memory-inventory.ts';
import { callerNamed, vmThing } from '../operations/testing/world.ts';
import { newOperation } from '../operations/document.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Commit } from '../store/store.ts';
import { Claims } from './claims.ts';
import { Repeated, type Answer, type Repeatable } from './once.ts';

const folder = mkdtempSync(join(tmpdir(), 'once-'));
after(() => rmSync(folder, { recursive: true }));

const caller = callerNamed('ada');
const plain: Repeatable = { key: 'k', request: 'POST /x', answer: 'kept', effect: 'commit' };
const made: Answer = { status: 200, headers: { etag: '"1"' }, body: { name: 'made' } };

type Context = Pick<Coordinator, 'store' | 'inventory' | 'commit' | 'clock'>;

interface Program extends AsyncDisposable {
  readonly context: Context;
  readonly repeated: Repeated;
}

async function start(file: string, clock: Clock = systemClock): Promise<Program> {
  const store = await openSqliteStore({ file: join(folder, file), clock, log: silentLog });
  const inventory = createInventory({ clock });
  const follower = await followStore(store, inventory, silentLog);
  const claims = new Claims();
  const commit = (one: Commit) => claims.commit(one, (whole) => follower.commit(whole));
  const context = { store, inventory, commit, clock };
  return {
    context,
    repeated: new Repeated(context, claims),
    [Symbol.asyncDispose]: async () => {
      await follower[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

function folderWrite(name: string): Commit {
  return { writes: [{ kind: 'folder', id: randomUUID(), data: { name, parentId: null } }] };
}

/** Lets a request do its work and ends the program before the request is answered. */
async function crashAfter(
  file: string,
  asked: Repeatable,
  work: (context: Context) => Promise<unknown>,
) {
  await using program = await start(file);
  const worked = Promise.withResolvers<void>();
  const never = new Promise<Answer>(() => undefined);
  void program.repeated.once(caller, asked, async () => {
    await work(program.context);
    worked.resolve();
    return await never;
  });
  await worked.promise;
}

const isRefused = (error: unknown): boolean => isFault(error, 'refused');
const mustNotRun = (): never => assert.fail('the request is carried out a second time');

describe('a key', () => {
  test('API-22 is written with the change: after a crash before the answer nothing is done twice', async () => {
    await crashAfter('crash.db', plain, ({ commit }) => commit(folderWrite('once')));
    await using program = await start('crash.db');
    await assert.rejects(program.repeated.once(caller, plain, mustNotRun), (error: unknown) => {
      assert.ok(isFault(error, 'refused'));
      assert.match(error.message, /begun already/);
      return true;
    });
    assert.equal(program.context.inventory.count('folder'), 1);
    await assert.rejects(
      program.repeated.once(caller, { ...plain, request: 'POST /y' }, mustNotRun),
      /another request/,
    );
  });

  test('API-22 of long work brings the operation after a crash before the answer', async () => {
    const id = randomUUID();
    const asked = { ...plain, answer: 'operation' } as const;
    const submission = { action: 'vm.turn-on', target: vmThing('web'), input: {} };
    await crashAfter('operation.db', asked, ({ commit }) =>
      commit({
        writes: [
          { kind: 'operation', id, data: newOperation(caller, submission, { stepNames: ['one'] }) },
        ],
      }),
    );
    await using program = await start('operation.db');
    const answer = await program.repeated.once(caller, asked, mustNotRun);
    assert.equal(answer.status, 202);
    assert.equal(answer.headers['location'], `/api/v1/operations/${id}`);
    assert.equal((answer.body as { id: string }).id, id);
  });

  test('is written before what no commit tells', async () => {
    const asked = { ...plain, effect: 'outside' } as const;
    await crashAfter('outside.db', asked, async () => undefined);
    await using program = await start('outside.db');
    await assert.rejects(program.repeated.once(caller, asked, mustNotRun), isRefused);
  });

  test('goes with one of several commits at the same time, and with another where the first fails', async () => {
    const absent = { kind: 'folder', id: 'nowhere', version: 7 } as const;
    await crashAfter('several.db', plain, async ({ commit }) => {
      await assert.rejects(commit({ ...folderWrite('stale'), conditions: [absent] }), isStale);
      await Promise.all(['a', 'b', 'c'].map((name) => commit(folderWrite(name))));
    });
    await using program = await start('several.db');
    await assert.rejects(program.repeated.once(caller, plain, mustNotRun), isRefused);
    assert.equal(program.context.inventory.count('folder'), 3);
  });

  test('of a request that fails is free again, whatever it has written', async () => {
    await using program = await start('failed.db');
    const { repeated, context } = program;
    const failing = repeated.once(caller, plain, async () => {
      await context.commit(folderWrite('half'));
      throw new Fault('unavailable', 'the host is away');
    });
    await assert.rejects(failing, /the host is away/);
    assert.deepEqual(await repeated.once(caller, plain, async () => made), made);
    assert.deepEqual(await repeated.once(caller, plain, mustNotRun), made);
  });

  test('may be used again when its day is over', async () => {
    let now = Date.now();
    await using program = await start('expired.db', { ...systemClock, now: () => now });
    const work = async (): Promise<Answer> => {
      await program.context.commit(folderWrite('again'));
      return made;
    };
    await program.repeated.once(caller, plain, work);
    now += 25 * 3_600_000;
    await program.repeated.once(caller, plain, work);
    assert.equal(program.context.inventory.count('folder'), 2);
  });

  test('takes no memory: answers are kept in the store, and long ones not at all', async () => {
    await using program = await start('memory.db');
    const { repeated, context } = program;
    const long = { ...made, body: { text: 'x'.repeat(300_000) } };
    assert.deepEqual(await repeated.once(caller, plain, async () => long), long);
    assert.equal(context.inventory.count('request'), 0);
    const [kept] = await context.store.range('request', '', 10);
    assert.ok(JSON.stringify(kept).length < 1000);
    await assert.rejects(repeated.once(caller, plain, mustNotRun), isRefused);
  });
});

function isStale(error: unknown): boolean {
  return isFault(error, 'stale');
}
