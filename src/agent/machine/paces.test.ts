import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hands } from './hands.ts';
import { livePace, Paces, saidPace } from './paces.ts';

const paces = new Paces();
const handsOf = (id: string, correlationId: string, limit: number | null): Hands =>
  ({
    host: { paces, settings: { liveMergeBytesPerSecond: limit } },
    file: { definition: { id } },
    cause: { correlationId },
  }) as unknown as Hands;

void test('work goes at the pace that was said of it, other work at that of the host', () => {
  assert.equal(livePace(handsOf('a', 'first', null)), 0);
  paces.set('a', 'first', 1_000_000);
  assert.equal(livePace(handsOf('a', 'first', 500)), 1_000_000);
  assert.equal(livePace(handsOf('a', 'next', 500)), 500);
  assert.equal(saidPace(handsOf('b', 'first', 500)), undefined);
  paces.set('a', 'first', null);
  assert.equal(livePace(handsOf('a', 'first', 500)), 500);
});
