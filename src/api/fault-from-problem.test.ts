import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultFromProblem } from './fault-from-problem.ts';
import { problemSchema } from './problem.ts';

const problem = {
  type: 'https://example.org/refused',
  title: 'Refused',
  status: 409,
  code: 'refused',
  detail: 'vm web-1 runs',
  hint: 'turn it off',
  facts: { state: 'running' },
  reasons: [{ code: 'runs', text: 'it runs', remedy: 'turn it off' }],
};

test('a problem document is the fault that it tells', () => {
  const { type, title, status, code, detail } = problem;
  for (const told of [problem, { type, title, status, code, detail }, { ...problem, more: 1 }]) {
    assert.ok(problemSchema.safeParse(told).success);
    const fault = faultFromProblem(409, told);
    assert.deepEqual([fault.code, fault.message], ['refused', 'vm web-1 runs']);
    assert.equal(fault.hint, 'hint' in told ? 'turn it off' : undefined);
    assert.deepEqual(fault.facts, 'facts' in told ? { state: 'running' } : {});
    assert.deepEqual(fault.reasons, 'reasons' in told ? problem.reasons : []);
  }
});

test('what is no problem document by its schema is none here', () => {
  const wrong = [
    undefined,
    null,
    'refused',
    [problem],
    {},
    { ...problem, code: 'toString' },
    { ...problem, code: 409 },
    { ...problem, detail: undefined },
    { ...problem, hint: 1 },
    { ...problem, facts: [] },
    { ...problem, reasons: {} },
    { ...problem, reasons: ['it runs'] },
    { ...problem, reasons: [{ code: 'runs' }] },
    { ...problem, reasons: [{ code: 'runs', text: 'it runs', remedy: 1 }] },
  ];
  for (const told of wrong) {
    assert.ok(!problemSchema.safeParse(told).success, JSON.stringify(told));
    assert.equal(faultFromProblem(409, told).code, 'internal', JSON.stringify(told));
    assert.equal(faultFromProblem(503, told).code, 'unavailable');
  }
});
