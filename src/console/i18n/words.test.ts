import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { englishSettings } from '../vm/words/settings-en.ts';
import { nameSetting } from '../vm/words/setting-words.ts';
import {
  allVerbs,
  judgeAction,
  tellFinding,
  vmActions,
  vmStates,
  type AllowedAction,
  type Judged,
  type VmAction,
} from '#api';
import { english, type Language } from './en.ts';
import { createOwnText } from './own-tables.ts';
import { consoleFiles, consoleRoot, readOwnWords } from './testing/own-words.ts';
import { createWords, findLanguage, languages } from './words.ts';

test('a language is found by its code or a dialect of it, and English stands in for others', () => {
  assert.equal(findLanguage('de-AT').code, 'de');
  assert.equal(findLanguage('en-GB').code, 'en');
  assert.equal(findLanguage('fr').code, 'en');
});

test('every language fills the same places in its texts', async () => {
  const places = (text: string): readonly string[] => (text.match(/\{\w+\}/g) ?? []).sort();
  const texts = Object.fromEntries(
    await Promise.all(languages.map(async ({ code, read }) => [code, (await read()).texts])),
  ) as Readonly<Record<string, Readonly<Record<string, string>>>>;
  const own = (await readOwnWords()).map(({ en, de }) => ({ en, de }));
  for (const { en: english = {}, ...others } of [texts, ...own])
    for (const [code, theirs] of Object.entries(others))
      for (const [key, text] of Object.entries(english))
        assert.deepEqual(places(theirs[key] ?? ''), places(text), `${code}: ${key}`);
});

test('words of pages stand in tables of different names, in files where they are looked for', async () => {
  const names = (await readOwnWords()).map(({ of }) => of);
  assert.deepEqual(names, [...new Set(names)]);
  const using = consoleFiles('**/*.{ts,tsx}').filter(
    (file) =>
      !/words\.ts$|^i18n\//.test(file) &&
      /(use|create)OwnText/.test(readFileSync(consoleRoot + file, 'utf8')),
  );
  assert.deepEqual(using, []);
  assert.ok(names.length > 15, names.join());
});

test('a third language is one file: the words of every page, of settings and of states come from it, and English stands in for what it lacks', async () => {
  const tables = await readOwnWords();
  const mark = (text: string): string => `«${text}»`;
  const marked = <T extends Readonly<Record<string, string>>>(table: T): T =>
    Object.fromEntries(Object.entries(table).map(([key, text]) => [key, mark(text)])) as T;
  const lacking = tables[0];
  assert.ok(lacking);
  const third: Language = {
    ...english,
    code: 'eo',
    name: 'Esperanto',
    texts: marked(english.texts),
    states: marked(english.states),
    own: Object.fromEntries(
      tables.filter((one) => one !== lacking).map(({ of, en }) => [of, marked(en)]),
    ),
    settings: { names: marked(englishSettings.names), hints: {}, values: {} },
  };
  for (const one of tables)
    for (const [key, text] of Object.entries(one.en))
      assert.equal(
        createOwnText(one, third)(key),
        one === lacking ? text : mark(text),
        `${one.of}: ${key}`,
      );
  const words = createWords(third);
  assert.equal(words.text('status'), mark(english.texts.status));
  assert.equal(words.state('off'), mark(english.states.off));
  assert.equal(
    nameSetting(words, 'description'),
    mark(nameSetting(createWords(english), 'description')),
  );
  assert.equal(words.number(1.5), '1,5');
});

test('durations have their two largest units, sizes the largest', async () => {
  const words = createWords(await findLanguage('en').read());
  assert.equal(words.duration(7), '7 s');
  assert.equal(words.duration(867), '14 min 27 s');
  assert.equal(words.duration(7200), '2 h 0 min');
  assert.equal(words.duration(null), 'n/a');
  assert.equal(words.bytes(512 * 1024 * 1024), '512 MiB');
  assert.equal(createWords(await findLanguage('de').read()).bytes(1.5 * 1024 ** 3), '1,5 GiB');
});

test('WEB-17 a running time is said in words of the language, and is n/a where there is none', async () => {
  const english = createWords(await findLanguage('en').read());
  assert.equal(english.runningTime(867), '14 minutes, 27 seconds');
  assert.equal(english.runningTime(7), '7 seconds');
  assert.equal(english.runningTime(86_400 + 3600), '1 day, 1 hour');
  assert.equal(english.runningTime(0.4), '0 seconds');
  assert.equal(english.runningTime(null), 'n/a');
  const german = createWords(await findLanguage('de').read());
  assert.equal(german.runningTime(61), '1 Minute, 1 Sekunde');
});

test('places without a value stay as they are', async () => {
  const words = createWords(await findLanguage('en').read());
  assert.equal(words.text('signedInAs', { name: 'ada' }), 'Signed in as ada');
  assert.equal(words.text('signedInAs'), 'Signed in as {name}');
});

test('why an action is not possible in a state, and what would help, is said in every language', async () => {
  const vm: Judged = {
    name: 'web-1',
    state: 'off',
    held: false,
    additions: 'none',
    undo: 'none',
    missing: {},
    hostReachable: true,
  };
  const cases: readonly Judged[] = [
    ...vmStates.map((state) => ({ ...vm, state })),
    { ...vm, state: 'paused', held: true },
    { ...vm, state: 'running', additions: 'not-answering' },
    { ...vm, hostReachable: false },
    { ...vm, state: 'running', consolesOff: 'vm' },
    { ...vm, state: 'running', consolesOff: 'host' },
  ];
  for (const { code, read } of languages.filter(({ code }) => code !== 'en')) {
    const words = createWords(await read());
    for (const judged of cases)
      for (const action of Object.keys(vmActions) as VmAction[]) {
        const judgement = judgeAction(action, judged);
        if (judgement.answer === 'take') continue;
        const hint = judgement.answer === 'refuse' ? judgement.hint : undefined;
        const told: AllowedAction = {
          action,
          allowed: false,
          reason: judgement.why,
          ...(hint === undefined ? {} : { hint }),
        };
        const said = words.whyNot(told) ?? '';
        for (const english of [judgement.why, hint])
          assert.ok(english === undefined || !said.includes(english), `${code}: ${said}`);
      }
  }
});

test('every kind of work on a vm has a name in every language', async () => {
  const folder = new URL('../../coordinator/app/', import.meta.url);
  const kinds = globSync('**/*.ts', { cwd: fileURLToPath(folder), exclude: ['**/*.test.ts'] })
    .map((file) => readFileSync(new URL(file, folder), 'utf8'))
    .flatMap((source) =>
      Array.from(source.matchAll(/\baction: '(vm\.[\w.-]+)'/g), ([, kind]) => kind ?? ''),
    );
  assert.ok(kinds.length > 20, kinds.join());
  for (const { code, read } of languages) {
    const words = createWords(await read());
    for (const kind of kinds) assert.notEqual(words.operation(kind), kind, `${code}: ${kind}`);
  }
});

test('a right that is lacking is said in every language', async () => {
  for (const { code, read } of languages.filter(({ code }) => code !== 'en')) {
    const words = createWords(await read());
    for (const verb of allVerbs) {
      const english = `you lack the right ${verb}`;
      assert.notEqual(words.told(english), english, code);
      assert.match(words.told(english), new RegExp(` ${verb}$`));
    }
  }
});

test('a reason is told with what its code means and what would help', async () => {
  const reason = { code: 'no-link', text: 'eth1 has no link', remedy: 'look at it' };
  const said = await Promise.all(
    ['en', 'de'].map(async (code) => createWords(await findLanguage(code).read()).reason(reason)),
  );
  assert.deepEqual(said, [
    'eth1 has no link – look at it',
    'Kein Kabel: eth1 has no link – look at it',
  ]);
  const words = createWords(await findLanguage('de').read());
  const text = 'the adapter eth1 has no link';
  assert.equal(
    words.reason({ code: 'no-link', text, remedy: 'look at its cable' }),
    'am Adapter eth1 ist kein Kabel – nach seinem Kabel sehen',
  );
});

test('what would help against a reason is said as what is done at the console, and as it came where the code has other remedies', async () => {
  const asked = {
    text: 'a CD is in sata0:0',
    remedy: 'put it away: gantry vm eject web sata0:0',
  };
  const say = async (code: string, reason: string): Promise<string> =>
    createWords(await findLanguage(code).read()).reason({ code: reason, ...asked });
  assert.equal(await say('en', 'medium-stays'), 'a CD is in sata0:0 – eject it first');
  assert.match(await say('de', 'medium-stays'), / – es zuerst auswerfen$/);
  assert.match(await say('de', 'medium-missing'), / – put it away: gantry vm eject web sata0:0$/);
  const { remedy: _none, ...without } = asked;
  const words = createWords(english);
  assert.equal(words.reason({ code: 'medium-stays', ...without }), without.text);
});

test('the check of a path is named in the language, with the path', async () => {
  const words = createWords(await findLanguage('de').read());
  assert.equal(words.check('volume of /srv/vms'), 'Datenträger von /srv/vms');
  assert.equal(words.check('/dev/kvm'), '/dev/kvm');
});

test('a finding is said by its code with its values, and as it came where the code is unknown or there is none', async () => {
  const [plain, words] = [createWords(english), createWords(await findLanguage('de').read())];
  const full = {
    check: 'volumes',
    ...tellFinding('volume-filling', {
      path: '/srv',
      host: 'h1',
      freeBytes: 1.5 * 1024 ** 3,
      totalBytes: 1024 ** 4,
      pauseBytes: 1024 ** 3,
    }),
  };
  assert.deepEqual(words.finding(full), {
    what: 'Datenträger: der Datenträger /srv des Hosts h1 hat noch 1,5 GiB von 1 TiB: dort wachsen Platten',
    remedy: 'dort Platz schaffen: unter 1 GiB werden VMs angehalten',
  });
  assert.equal(plain.finding(full).what, `volumes: ${full.evidence}`);
  const away = {
    check: 'hosts',
    ...tellFinding('host-away', { host: 'h1', status: 'unreachable' }),
  };
  assert.equal(words.finding(away).what, 'Hosts: Host h1: Nicht erreichbar');
  assert.doesNotMatch(plain.finding(away).remedy ?? '', /gantry/);
  const endsAt = '2026-03-01T12:00:00.000Z';
  const expired = {
    check: 'certificates',
    ...tellFinding('certificate-expired', { certificate: 'server', endsAt }),
  };
  assert.equal(
    words.finding(expired).what,
    `Zertifikate: das Zertifikat des Servers ist abgelaufen: ${words.time(endsAt)}`,
  );
  const told = { check: 'memory', evidence: '{freeBytes} left', remedy: 'use {less}' };
  for (const code of [{}, { code: 'of-another-time' }, { code: 'toString', values: { less: 1 } }])
    assert.deepEqual(words.finding({ ...told, ...code }), {
      what: 'Speicher: {freeBytes} left',
      remedy: 'use {less}',
    });
});
