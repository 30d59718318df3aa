import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Host } from '#api';
import { moveBody, whyNotHost } from './move-body.ts';

test('a move names the host only where it is another one, and a folder only where one was given', () => {
  assert.equal(moveBody({ host: 'ada', path: ' ' }, 'ada'), undefined);
  assert.deepEqual(moveBody({ host: 'ada', path: '/srv/fast ' }, 'ada'), { path: '/srv/fast' });
  assert.deepEqual(moveBody({ host: 'bob', path: '' }, 'ada'), { host: 'bob' });
  assert.deepEqual(moveBody({ host: 'bob', path: '/srv/fast' }, 'ada'), {
    host: 'bob',
    path: '/srv/fast',
  });
});

test('a host takes a vm where its agent is ready and can copy files, and says why not elsewhere', () => {
  const missing = (reasons: Record<string, string>): Host['facts'] =>
    ({ missing: reasons }) as unknown as Host['facts'];
  const connection = {} as Host['connection'];
  const ready = { connection: null, status: 'ready', facts: missing({}) } as const;
  assert.equal(whyNotHost(ready), undefined);
  assert.deepEqual(whyNotHost({ ...ready, connection }), { kind: 'no-agent' });
  assert.deepEqual(whyNotHost({ ...ready, status: 'unreachable' }), {
    kind: 'status',
    status: 'unreachable',
  });
  assert.deepEqual(whyNotHost({ ...ready, facts: missing({ 'file-copy': 'no files' }) }), {
    kind: 'missing',
    reason: 'no files',
  });
});
