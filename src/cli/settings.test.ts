import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, isFault } from '#lib';
import { settingSections, titleOfSection } from '#api';
import { describeValue, explainRefusal, listSettings } from './settings.ts';

function hintOf(message: string, ...words: readonly string[]): string | undefined {
  const explained = explainRefusal(new Fault('invalid', message, { hint: 'as it was' }), words);
  assert.ok(isFault(explained));
  return explained.hint;
}

void test('settings are listed by their paths, with their values and what they take', () => {
  const definition = { hardware: { memory: { sizeBytes: 1024 ** 3 }, disks: [{}, {}] } };
  const settings = new Map(listSettings(definition).map((setting) => [setting.path, setting]));
  const memory = settings.get('hardware.memory.sizeBytes');
  assert.equal(describeValue('hardware.memory.sizeBytes', memory?.value), '1 GiB');
  assert.equal(memory?.takes, '4 MiB to 64 TiB');
  assert.equal(describeValue('', settings.get('hardware.disks')?.value), '2 entries');
  assert.equal(settings.get('hardware.tablet')?.takes, 'true or false');
  assert.equal(settings.get('settings.time.synchronise')?.takes, 'true or false or null');
  assert.equal(settings.get('settings.start.order')?.value, null);
});

void test('settings stand in the groups of the contract, behind what the vm is called', () => {
  const settings = listSettings({}, []);
  const groups = [...new Set(settings.map(({ group }) => group))];
  assert.deepEqual(groups, [null, ...settingSections.map(titleOfSection)]);
  assert.deepEqual(
    settings.filter(({ group }) => group === 'access rights').map(({ path }) => path),
    ['settings.console.enabled', 'settings.console.mode', 'grants'],
  );
  const paths = listSettings({}).map(({ path }) => path);
  assert.deepEqual(
    settings.map(({ path }) => path).filter((path) => path !== 'grants'),
    paths,
  );
  assert.ok(!paths.includes('grants'));
});

void test('a path that is none is told with the settings that may have been meant', () => {
  assert.equal(
    hintOf('unrecognized key', 'memory=1G'),
    'did you mean hardware.memory.sizeBytes, hardware.memory.maxBytes, settings.memoryUse.warnPercent?',
  );
  assert.equal(
    hintOf('unrecognized key', 'tags=[a]', 'hardware.tabelt=true'),
    'did you mean hardware.tablet?',
  );
  assert.equal(
    hintOf('unrecognized key', 'hardware.memry=1G'),
    'did you mean hardware.memory.sizeBytes, hardware.memory.maxBytes, settings.memoryUse.warnPercent?',
  );
  assert.equal(hintOf('unrecognized key', 'xyzzy.plugh=1'), 'all settings: gantry vm settings VM');
});

void test('a value that was refused is told with what the setting takes, and other faults are left alone', () => {
  assert.equal(
    hintOf('hardware/memory/sizeBytes: Too big', 'hardware.memory.sizeBytes=99T'),
    'hardware.memory.sizeBytes takes 4 MiB to 64 TiB',
  );
  assert.equal(hintOf('another matter', 'hardware.disks=[]'), 'as it was');
  const busy = new Fault('refused', 'another operation runs');
  assert.equal(explainRefusal(busy, ['memory=1G']), busy);
});
