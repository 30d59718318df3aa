import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { kinds } from '../ids.ts';
import { categories, severities } from './event.ts';
import {
  eventCatalogue,
  eventFacts,
  isEventName,
  writeMessage,
  type EventName,
} from './catalogue.ts';

const names = Object.keys(eventCatalogue) as EventName[];

test('EVT-12 every event has a category, a severity, a target, a message, and a meaning for each attribute', () => {
  for (const name of names) {
    const facts = eventFacts(name);
    assert.match(name, /^[a-z]+(\.[a-z]+(-[a-z]+)*)+$/);
    assert.ok(categories.includes(facts.category), name);
    assert.ok(severities.includes(facts.type), name);
    assert.ok(kinds.includes(facts.target), name);
    assert.ok(facts.message.length > 0, name);
    for (const meaning of Object.values(facts.attributes)) assert.ok(meaning.length > 0, name);
  }
});

test('EVT-03 types are information, warning, error and critical, and each is in use', () => {
  const types = ['information', 'warning', 'error', 'critical'] as const;
  assert.deepEqual(severities, types);
  assert.deepEqual(new Set(names.map((name) => eventFacts(name).type)), new Set(types));
});

test('every event has a number of its own, which it keeps', async () => {
  const golden = new URL('golden/event-numbers.json', import.meta.url);
  const given = JSON.parse(await readFile(golden, 'utf8')) as Record<string, number>;
  const numbers = names.map((name) => [name, eventFacts(name).number] as const);
  for (const [name, number] of numbers)
    assert.equal(given[name], number, `${name} in ${golden.pathname}`);
  const all = Object.values(given);
  assert.equal(
    new Set(all).size,
    all.length,
    'none was given twice, of an event that is gone neither',
  );
});

test('every place in a message is the target or an attribute of the event', () => {
  for (const name of names) {
    const facts = eventFacts(name);
    for (const [, key] of facts.message.matchAll(/\{(\w+)\}/g))
      assert.ok(key === 'target' || Object.hasOwn(facts.attributes, key ?? ''), `${name}: ${key}`);
  }
});

test('EVT-15 the record of a changed setting reads as a sentence with path, object and both values', () => {
  assert.equal(
    writeMessage('vm.setting.changed', 'web-1', {
      path: 'settings/shutdown/quit/was_running',
      oldValue: false,
      newValue: true,
    }),
    'The setting settings/shutdown/quit/was_running of web-1 was changed from false to true',
  );
});

test('EVT-16 an unset value is written as (no value)', () => {
  assert.match(
    writeMessage('vm.setting.changed', 'web-1', { path: 'x', oldValue: null, newValue: '' }),
    /from \(no value\) to \(no value\)/,
  );
});

test('a message is at most 2,000 characters, whatever its attributes are', () => {
  const text = writeMessage('vm.crashed', 'web-1', { reason: 'x'.repeat(10_000), log: '' });
  assert.equal(text.length, 2000);
});

test('an attribute cannot smuggle in another place', () => {
  assert.equal(
    writeMessage('vm.renamed', '{oldName}', { oldName: '{target}' }),
    'Virtual machine {target} is now called {oldName}',
  );
});

test('an event that lacks an attribute is a bug', () => {
  assert.throws(() => writeMessage('vm.renamed', 'x', {}), /bug: .*oldName/);
});

test('what every object inherits is no event', () => {
  assert.equal(isEventName('constructor'), false);
  assert.equal(isEventName('toString'), false);
  assert.equal(isEventName('vm.created'), true);
});

const aboutOneThing: readonly EventName[] = [
  'vm.created',
  'vm.deleted',
  'vm.resource.cpu',
  'vm.resource.memory',
  'vm.state.powered-off',
  'vm.state.powered-on',
  'vm.state.reset',
  'vm.state.resumed',
  'vm.state.suspended',
  'vm.task-failed',
  'host.agent.status-changed',
  'host.started',
  'host.stopped',
];
test('what becomes of a vm or a host is an event about the vm or the host', () => {
  for (const name of aboutOneThing) assert.equal(eventFacts(name).target, name.split('.')[0], name);
});
