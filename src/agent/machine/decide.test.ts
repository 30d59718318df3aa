import assert from 'node:assert/strict';
import { test } from 'node:test';
import { additionsStates, judgeAction, powerActions, vmStates } from '#api';
import fc from 'fast-check';
import { decide, type Request, type Situation } from './decide.ts';

const calm: Situation = {
  name: 'web-1',
  state: 'off',
  held: false,
  additions: 'running',
  undo: 'none',
  missing: {},
  hostReachable: true,
  generation: 3,
  busyWith: undefined,
  done: [],
};
const turnOn: Request = { action: 'turn-on', generation: 4, correlationId: 'c' };

test('VM-48 the answer is the one of the table of allowed actions', () => {
  for (const state of vmStates) {
    for (const action of powerActions) {
      const judgement = judgeAction(action, { ...calm, state });
      const decision = decide({ ...calm, state }, { ...turnOn, action });
      assert.equal(decision.answer, judgement.answer, `${action} while ${state}`);
      if (judgement.answer !== 'refuse' || decision.answer !== 'refuse') continue;
      assert.match(decision.fault.message, new RegExp(judgement.why));
      assert.equal(decision.fault.facts['state'], state);
    }
  }
});

test('a request of an older start is refused as stale, whatever it asks', () => {
  for (const action of powerActions) {
    const decision = decide(calm, { ...turnOn, action, generation: 2 });
    assert.ok(decision.answer === 'refuse' && decision.fault.code === 'stale');
  }
});

test('the call under way is joined, another one of the same kind is not', () => {
  const busy: Situation = { ...calm, state: 'starting', generation: 4, busyWith: turnOn };
  assert.equal(decide(busy, turnOn).answer, 'join');
  assert.equal(decide(busy, { ...turnOn, correlationId: 'd' }).answer, 'refuse');
});

test('a call that was carried out before is ignored', () => {
  const done: Situation = { ...calm, generation: 4, done: [{ ...turnOn, correlationId: 'c' }] };
  assert.equal(decide(done, turnOn).answer, 'ignore');
  assert.equal(decide(done, { ...turnOn, generation: 5 }).answer, 'take');
});

test('calls without a correlation are never taken for each other', () => {
  const anonymous: Request = { ...turnOn, correlationId: null };
  const busy: Situation = { ...calm, state: 'starting', busyWith: anonymous };
  assert.equal(decide(busy, anonymous).answer, 'refuse');
});

test('VM-53 turn-off is taken whatever is under way', () => {
  for (const state of ['starting', 'saving', 'shutting-down', 'restoring', 'resetting'] as const) {
    const decision = decide(
      { ...calm, state, busyWith: turnOn },
      { ...turnOn, action: 'turn-off' },
    );
    assert.equal(decision.answer, 'take', state);
  }
});

test('the decision is a function of its arguments and never throws', () => {
  const situation = fc.record({
    state: fc.constantFrom(...vmStates),
    held: fc.boolean(),
    additions: fc.constantFrom(...additionsStates),
    generation: fc.nat(5),
  });
  const request = fc.record({
    action: fc.constantFrom(...powerActions),
    generation: fc.nat(5),
    correlationId: fc.constantFrom('a', 'b', null),
  });
  fc.assert(
    fc.property(situation, request, (some, asked) => {
      const first = decide({ ...calm, ...some }, asked);
      const second = decide({ ...calm, ...some }, asked);
      assert.equal(first.answer, second.answer);
    }),
  );
});
