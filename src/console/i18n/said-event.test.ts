import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventCatalogue, eventFacts, writeMessage, type Attribute, type EventName } from '#api';
import { english } from './en.ts';
import { createWords, languages } from './words.ts';

const names = Object.keys(eventCatalogue) as EventName[];
const others = await Promise.all(
  languages.filter(({ code }) => code !== 'en').map(({ read }) => read()),
);
const placesOf = (text: string): ReadonlySet<string> =>
  new Set(Array.from(text.matchAll(/\{(\w+)\}/g), ([, place = '']) => place));

function eventOf(
  name: EventName,
  attributes: Readonly<Record<string, Attribute>>,
  target = 'web-1',
): Parameters<ReturnType<typeof createWords>['event']>[0] {
  return {
    name,
    target: { kind: eventFacts(name).target, id: 'one', name: target },
    attributes,
    message: writeMessage(name, target, attributes),
  };
}

test('every event of the catalogue is told in every language, with what the catalogue tells of it', () => {
  for (const { code, events } of others) {
    assert.deepEqual(Object.keys(events.sentences).toSorted(), names.toSorted(), code);
    for (const name of names) {
      const { message } = eventFacts(name);
      assert.deepEqual(placesOf(events.sentences[name] ?? ''), placesOf(message), code + name);
    }
  }
});

test('no event is told as in English, whatever its attributes are', () => {
  for (const language of others) {
    const words = createWords(language);
    for (const name of names) {
      const keys = Object.keys(eventFacts(name).attributes);
      for (const value of [1, true, null, 'x'] as const) {
        const event = eventOf(name, Object.fromEntries(keys.map((key) => [key, value])));
        const said = words.event(event);
        assert.notEqual(said, event.message, language.code);
        assert.doesNotMatch(said, /[{}]|no value/, `${language.code}: ${name}`);
      }
    }
  }
});

test('in English, and where an event lacks what is said of it or is of another time, its message stands', () => {
  const renamed = eventOf('vm.renamed', { oldName: 'db' });
  assert.equal(createWords(english).event(renamed), 'Virtual machine db is now called web-1');
  for (const language of others) {
    const words = createWords(language);
    const message = 'as it came';
    assert.equal(words.event({ ...renamed, message, attributes: {} }), message);
    assert.equal(words.event({ ...renamed, message, name: 'vm.of-another-time' }), message);
    assert.equal(words.event({ ...renamed, message, name: 'toString' }), message);
  }
});

/** Words of the catalogue that are values, each with what must not be read in any other language. */
const cases: readonly [EventName, Readonly<Record<string, Attribute>>, string][] = [
  [
    'vm.deleted',
    { how: 'removed', filesRemain: true },
    'Die virtuelle Maschine web-1 wurde herausgenommen',
  ],
  [
    'vm.state.powered-off',
    { cause: 'guest' },
    'Die virtuelle Maschine web-1 ist aus: durch den Gast',
  ],
  [
    'host.agent.status-changed',
    { oldStatus: 'unknown', newStatus: 'ready', cause: 'the agent is connected' },
    'Host web-1: Bereit (vorher: unbekannt): der Agent ist verbunden',
  ],
  [
    'vm.task-failed',
    { operation: 'Turn on', reason: 'qemu: no', state: 'off' },
    'Einschalten von web-1 ist fehlgeschlagen: qemu: no',
  ],
  [
    'host.disk.changed',
    { operation: 'compact', file: '/srv/a.qcow2' },
    'Die Platte /srv/a.qcow2 von web-1: Platte verkleinern ist fertig',
  ],
  [
    'security.permission.changed',
    { what: 'role reader for user ann on vm on vm', how: 'granted' },
    'Berechtigung geändert: Rolle reader, Benutzer ann: VM on vm',
  ],
  [
    'folder.quota.changed',
    { quota: '1 vm, 8 processors, 4 GiB of memory, 1 TiB of disks' },
    'Das Kontingent des Ordners web-1 ist jetzt: 1 VM, 8 Prozessoren, 4 GiB Speicher, 1 TiB Platten',
  ],
  [
    'vm.threshold.disk',
    { side: 'above', limitBytes: 1024, usedBytes: 1536 },
    'Die Dateien von web-1 belegen 1,5 KiB, oberhalb ihrer Grenze von 1 KiB',
  ],
  ['vm.renamed', { oldName: 'none' }, 'Die virtuelle Maschine none heißt jetzt web-1'],
  [
    'vm.setting.changed',
    { path: 'settings.autoStart', oldValue: null, newValue: true },
    'Die Einstellung settings.autoStart von web-1 wurde von (kein Wert) auf ja geändert',
  ],
];
test('values that are words of the catalogue are said in the language, and names as they are', () => {
  const german = others.find(({ code }) => code === 'de');
  assert.ok(german);
  const words = createWords(german);
  for (const [name, attributes, said] of cases)
    assert.equal(words.event(eventOf(name, attributes)), said);
});

test('a person is called as they are, and a program in the language', () => {
  const german = others.find(({ code }) => code === 'de');
  assert.ok(german);
  const words = createWords(german);
  assert.equal(words.actor({ kind: 'system', name: 'coordinator' }), 'Koordinator');
  assert.equal(words.actor({ kind: 'user', name: 'coordinator' }), 'coordinator');
});
