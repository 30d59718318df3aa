import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashCode, vmStates, type VmState } from './state.ts';
import { judgeStanding, vmStandingFacts, vmStandings } from './standing.ts';

const judge = (state: VmState, known: Partial<Parameters<typeof judgeStanding>[0]> = {}) =>
  judgeStanding({ state, hostAnswers: true, moves: false, lastFaultCode: undefined, ...known });

test('a vm stands as its state says, where nothing more is known', () => {
  for (const state of vmStates) assert.equal(judge(state), state);
});

test('of a vm whose host does not answer nothing else is said', () => {
  const rest = { moves: true, lastFaultCode: crashCode };
  assert.equal(judge('unknown', { ...rest, hostAnswers: false }), 'host-unreachable');
});

test('a vm that moves is migrating whatever its state, and a crashed one is crashed until it starts again', () => {
  for (const state of vmStates) assert.equal(judge(state, { moves: true }), 'migrating');
  assert.equal(judge('off', { lastFaultCode: crashCode }), 'crashed');
  assert.equal(judge('starting', { lastFaultCode: crashCode }), 'starting');
  assert.equal(judge('off', { lastFaultCode: 'no-space' }), 'off');
  assert.equal(judge('off', { template: true, lastFaultCode: crashCode }), 'template');
});

test('every standing has a word of its own, and a sign', () => {
  const all = vmStandings.map((standing) => vmStandingFacts[standing]);
  assert.equal(new Set(all.map(({ label }) => label)).size, vmStandings.length);
  for (const { label, glyph } of all) assert.ok(label !== '' && glyph !== '');
});
