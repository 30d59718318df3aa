/** Processes that wait for guests, and moves that are given up before they do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newMachineFile } from '../machine/record.ts';
import { bareDefinition } from '../testing/qemu-agent.ts';
import type { Received } from '../drivers/hand-over.ts';
import { AwaitedGuests, Ear, type AwaitedGuest } from './awaited-guests.ts';

const place = { folder: '/vms/one', file: '/vms/one/one.json' };

function first(moveId: string): Omit<AwaitedGuest, 'received'> {
  return { moveId, file: newMachineFile(bareDefinition(), 0, place, 0), ear: new Ear() };
}

/** What has started, and how often it was ended. */
class Process {
  ended = 0;
  readonly received = {
    running: { end: async () => void (this.ended += 1) },
  } as unknown as Received;
}

const never = new AbortController().signal;

test('a process waits for its guest until the move is given up', async () => {
  const guests = new AwaitedGuests();
  const one = first('a');
  const { id } = one.file.definition;
  const process = new Process();
  await guests.open(one, async () => process.received, never);
  assert.equal(guests.find(id, 'a')?.received, process.received);
  assert.equal(guests.find(id, 'b'), undefined);
  await guests.end(id);
  assert.equal(process.ended, 1);
  assert.equal(guests.find(id, 'a'), undefined);
});

test('a move that is given up while its process starts leaves none, whether that hears of it or not', async () => {
  for (const hears of [true, false]) {
    const guests = new AwaitedGuests();
    const one = first('a');
    const { id } = one.file.definition;
    const process = new Process();
    const started = Promise.withResolvers<Received>();
    const opening = guests.open(
      one,
      ({ signal }) => {
        if (hears) signal.addEventListener('abort', () => started.reject(signal.reason));
        return started.promise;
      },
      never,
    );
    const failed = assert.rejects(opening, { code: 'cancelled' });
    const ending = guests.end(id);
    if (!hears) started.resolve(process.received);
    await Promise.all([ending, failed]);
    assert.equal(process.ended, hears ? 0 : 1);
    assert.deepEqual([...guests.files()], []);
  }
});

test('a process that cannot start leaves that of a later attempt alone', async () => {
  const guests = new AwaitedGuests();
  const one = first('a');
  const { id } = one.file.definition;
  const process = new Process();
  const failing = guests.open(one, () => Promise.reject(new Error('no room')), never);
  const later = guests.open({ ...one, moveId: 'b' }, async () => process.received, never);
  await assert.rejects(failing);
  await later;
  assert.equal(guests.find(id, 'b')?.received, process.received);
  await guests[Symbol.asyncDispose]();
  assert.equal(process.ended, 1);
});
