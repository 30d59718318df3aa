import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findInstallation } from './installation.ts';

const root = { environment: {}, uid: 0, home: '/root' };
const ada = { environment: {}, uid: 1000, home: '/home/ada' };

void test('root has the system places, another user the XDG ones', () => {
  assert.deepEqual(pick(findInstallation({}, root)), [
    '/var/lib/gantry',
    '/etc/gantry',
    '/run/gantry',
  ]);
  assert.deepEqual(
    pick(findInstallation({}, { ...ada, environment: { XDG_RUNTIME_DIR: '/run/user/1000' } })),
    ['/home/ada/.local/share/gantry', '/home/ada/.config/gantry', '/run/user/1000/gantry'],
  );
});

void test('--data moves everything with one option, and counts more than GANTRY_DATA', () => {
  assert.deepEqual(pick(findInstallation({ data: '/srv/lab' }, root)), [
    '/srv/lab',
    '/srv/lab/config',
    '/srv/lab/run',
  ]);
  assert.equal(
    findInstallation({ data: '/a' }, { ...root, environment: { GANTRY_DATA: '/b' } }).data,
    '/a',
  );
  assert.equal(findInstallation({}, { ...root, environment: { GANTRY_DATA: '/b' } }).data, '/b');
});

void test('an empty --data is refused, not taken for the present folder', () => {
  assert.throws(() => findInstallation({ data: '' }, root), { code: 'invalid' });
});

void test('sockets of an installation in a deep folder get a short place that is its own', () => {
  const deep = `/srv/${'deep/'.repeat(20)}`;
  const one = findInstallation({ data: `${deep}one` }, root).runtime;
  const two = findInstallation({ data: `${deep}two` }, root).runtime;
  assert.ok(one.length < 46 && one !== two, one);
});

function pick({
  data,
  config,
  runtime,
}: {
  data: string;
  config: string;
  runtime: string;
}): readonly string[] {
  return [data, config, runtime];
}
