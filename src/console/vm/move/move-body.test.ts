import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Host } from '#api';
import { moveBody, whyNotHost } from './move-body.ts';

const missing = (reasons: Record<string, string>): Host['facts'] =>
  ({ missing: reasons }) as unknown as Host['facts'];
const connection = {} as Host['connection'];
const ready = { connection: null, status: 'ready', driver: 'qemu', facts: missing({}) } as const;

test('a move names the host only where it is another one, and a folder only where one was given', () => {
  const to = (host: string, path: string) =>
    moveBody('relocate', { host, path, disks: 'copy', bytesPerSecond: null }, 'ada', 'agents');
  assert.equal(to('ada', ' '), undefined);
  assert.deepEqual(to('ada', '/srv/fast '), { path: '/srv/fast' });
  assert.deepEqual(to('bob', ''), { host: 'bob' });
  assert.deepEqual(to('bob', '/srv/fast'), { host: 'bob', path: '/srv/fast' });
});

test('a move between libvirt hosts names the other host and what becomes of the disks, and no folder', () => {
  const to = (host: string) =>
    moveBody(
      'migrate',
      { host, path: '/srv', disks: 'shared', bytesPerSecond: null },
      'ada',
      'libvirt hosts',
    );
  assert.equal(to('ada'), undefined);
  assert.deepEqual(to('bob'), { host: 'bob', disks: 'shared' });
});

test('a vm of a host with an agent that moves as it runs goes to another such host, into a folder where one was given', () => {
  const to = (host: string, path: string) =>
    moveBody('migrate', { host, path, disks: 'copy', bytesPerSecond: null }, 'ada', 'agents');
  assert.equal(to('ada', '/srv'), undefined);
  assert.deepEqual(to('bob', ''), { host: 'bob' });
  assert.deepEqual(to('bob', '/srv'), { host: 'bob', path: '/srv' });
  const paced = (bytesPerSecond: number) =>
    moveBody('migrate', { host: 'bob', path: '', disks: 'copy', bytesPerSecond }, 'ada', 'agents');
  assert.deepEqual(paced(1_048_576), { host: 'bob', bytesPerSecond: 1_048_576 });
  assert.equal(paced(1000), undefined);
  assert.equal(whyNotHost('migrate', ready, ready), undefined);
  assert.deepEqual(whyNotHost('migrate', { ...ready, connection }, ready), { kind: 'no-agent' });
  const old = { ...ready, facts: missing({ migrate: 'an agent of before' }) };
  const reason = 'an agent of before';
  assert.deepEqual(whyNotHost('migrate', old, ready), { kind: 'missing', reason });
  assert.equal(whyNotHost('relocate', old, ready), undefined);
});

test('a host takes a vm where its agent is ready and can copy files, and says why not elsewhere', () => {
  assert.equal(whyNotHost('relocate', ready, ready), undefined);
  assert.deepEqual(whyNotHost('relocate', { ...ready, connection }, ready), { kind: 'no-agent' });
  assert.deepEqual(whyNotHost('relocate', { ...ready, status: 'unreachable' }, ready), {
    kind: 'status',
    status: 'unreachable',
  });
  assert.deepEqual(
    whyNotHost('relocate', { ...ready, facts: missing({ move: 'no files' }) }, ready),
    { kind: 'missing', reason: 'no files' },
  );
});

test('a simulated vm goes to a simulated host only, and no other vm does', () => {
  const simulated = { ...ready, driver: 'simulated' };
  assert.equal(whyNotHost('relocate', simulated, simulated), undefined);
  const there = { kind: 'simulated', which: 'there' };
  assert.deepEqual(whyNotHost('relocate', simulated, ready), there);
  assert.deepEqual(whyNotHost('relocate', ready, simulated), { ...there, which: 'here' });
});

test('a vm of a libvirt host goes to another libvirt host that can take it', () => {
  const libvirt = { ...ready, connection };
  assert.equal(
    whyNotHost('migrate', { ...libvirt, facts: missing({ 'file-copy': 'no files' }) }, libvirt),
    undefined,
  );
  assert.deepEqual(whyNotHost('migrate', ready, libvirt), { kind: 'no-libvirt' });
  assert.deepEqual(whyNotHost('migrate', { ...libvirt, status: 'unreachable' }, libvirt), {
    kind: 'status',
    status: 'unreachable',
  });
  assert.deepEqual(
    whyNotHost('migrate', { ...libvirt, facts: missing({ migrate: 'no moves' }) }, libvirt),
    {
      kind: 'missing',
      reason: 'no moves',
    },
  );
});
