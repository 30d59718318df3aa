/** What hosts find out is told in every language of the console. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { isFault } from '#lib';
import {
  findingTexts,
  nameSchema,
  type FindingCode,
  type HostFacts,
  type HostSettings,
} from '#api';
import { diagnoseHost } from '../src/agent/drivers/qemu/host/diagnose.ts';
import { operationKinds } from '../src/coordinator/app/operation-kinds.ts';
import { parseWith } from '../src/coordinator/app/issues.ts';
import { english } from '../src/console/i18n/en.ts';
import { createWords, languages } from '../src/console/i18n/words.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const others = await Promise.all(
  languages.filter(({ code }) => code !== 'en').map(({ read }) => read()),
);

const read = (pattern: string): string =>
  globSync(pattern, { cwd: root })
    .filter((file) => !/\.test\.|testing/.test(file))
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n');
const given = read('src/{agent,coordinator,qemu,disk}/**/*.ts');

/** As the sources build sentences: what is put into them is left out, and parts of one sentence are one. */
const built = (given + read('src/{api,lib,foreign}/**/*.ts'))
  .replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '{}')
  .replaceAll(/['`"]\s*\+\s*['`"]/g, '')
  .replaceAll("\\'", "'");
/** Made of words that stand in tables. What findings say is held to their codes below. */
const derived =
  /^\{name\} is [\w -]+$|^you lack the right |^cannot [\w -]+ \{name\}$|^the host is critically low on |^must be |^there is (?:a \w+ called|no \w+) \{name\}|^look at: gantry \w+ list$/;

const said: ReadonlySet<string> = new Set(
  Object.values(findingTexts).map(({ evidence }) => evidence),
);

test('no language says a sentence of the API that nothing builds', () => {
  for (const { code: language, sentences } of others)
    for (const told of Object.keys(sentences).filter((one) => !derived.test(one) && !said.has(one)))
      assert.ok(built.includes(told.replaceAll(/\{\w+\}/g, '{}')), `${language}: ${told}`);
});

test('what is wrong with a form is said in every language, each of its fields by its name', () => {
  const schema = z.strictObject({
    name: z.string().min(3),
    called: nameSchema,
    count: z.number().int().max(4),
    kind: z.enum(['a', 'b']),
    address: z.ipv4(),
  });
  const wrong = { name: 'x', called: '', count: 9, kind: 'c', address: '1', more: 1 };
  let fault: unknown;
  try {
    parseWith(schema, wrong, 'the body');
  } catch (error) {
    fault = error;
  }
  assert.ok(isFault(fault, 'invalid'));
  for (const language of others) {
    const said = createWords(language).fault(fault);
    for (const field of ['name', 'called', 'count', 'kind', 'address'])
      assert.ok(said.includes(`${field}: `), `${language.code}: ${said}`);
    assert.doesNotMatch(
      said,
      /must|is not|is missing|is empty|wrong|there is|the |and /,
      language.code,
    );
  }
});

test('every operation has a name in every language, and so has every step, and no other', () => {
  const steps = new Set(operationKinds.flatMap(({ steps }) => steps.map(({ name }) => name)));
  for (const language of [english, ...others])
    for (const { action } of operationKinds)
      assert.notEqual(createWords(language).operation(action), action, language.code);
  for (const language of others)
    assert.deepEqual(Object.keys(language.steps).toSorted(), [...steps].toSorted(), language.code);
});

test('every language explains every reason that is given', () => {
  const codes = new Set([...given.matchAll(/\bcode: '([a-z\d-]+)'/g)].map(([, code = '']) => code));
  assert.ok(codes.size > 100, String(codes.size));
  for (const { code: language, reasons, faults } of others)
    assert.deepEqual(
      [...codes].filter((code) => !Object.hasOwn({ ...reasons, ...faults }, code)),
      [],
      language,
    );
});

test('no language explains a reason that nobody gives', () => {
  for (const { code: language, reasons } of others) {
    const codes = Object.keys(reasons);
    assert.ok(codes.length > 60, `${language}: ${codes.length}`);
    for (const code of codes) assert.ok(given.includes(`'${code}'`), `${language}: ${code}`);
  }
});

test('what would help a host to which everything is missing is said in every language', async () => {
  const names =
    'qemu-system-x86_64,qemu-system-aarch64,qemu-img,UEFI firmware,swtpm,setpriv,nft,dnsmasq,bridge,' +
    '/dev/kvm,/dev/net/tun,/dev/vhost-net';
  const programs = names
    .split(',')
    .map((name) => ({ name, found: false, path: null, version: null, use: 'it' }));
  const processor = { vendor: 'V', model: 'M', threads: 1, clockMhz: 1, grade: 'below-minimum' };
  const findings = await diagnoseHost({
    facts: {
      programs,
      processor,
      acceleration: { kvm: 'denied', evidence: 'no' },
    } as unknown as HostFacts,
    settings: { memoryReserveBytes: 2, minimumFreeDiskBytes: 2 } as unknown as HostSettings,
    memory: { freeBytes: 1, totalBytes: 1 },
    volumes: [{ path: '/', freeBytes: 1, totalBytes: 1 }],
    limits: { enforced: false, describe: 'none' },
    isRoot: false,
  });
  const helped = findings.filter(({ remedy }) => remedy !== null);
  assert.ok(helped.length >= programs.length, JSON.stringify(helped));
  for (const language of others) {
    const words = createWords(language);
    for (const finding of helped) {
      const said = words.finding(finding);
      assert.notEqual(said.remedy, finding.remedy, language.code);
      assert.notEqual(said.what, `${words.check(finding.check)}: ${finding.evidence}`);
    }
  }
});

const placesOf = (text: string | null | undefined): readonly string[] =>
  Array.from((text ?? '').matchAll(/\{(\w+)\}/g), ([, name = '']) => name);

test('every finding is said in every language, with what it is about and a remedy where there is one', () => {
  for (const { code: language, findings } of others)
    for (const [code, { evidence, remedy }] of Object.entries(findingTexts)) {
      const own = findings[code as FindingCode];
      const at = `${language}: ${code}`;
      assert.equal(typeof own?.evidence, 'string', at);
      assert.equal(typeof own?.remedy, remedy === null ? 'undefined' : 'string', at);
      const known = [...placesOf(evidence), ...placesOf(remedy)];
      for (const place of [...placesOf(own?.evidence), ...placesOf(own?.remedy)])
        assert.ok(known.includes(place), `${at}: ${place}`);
    }
});

test('no finding sends somebody at the console to the command line', () => {
  for (const { code: language, findings } of [english, ...others])
    for (const [code, { evidence, remedy }] of Object.entries(findingTexts)) {
      const own = findings[code as FindingCode];
      for (const said of [own?.evidence ?? evidence, own?.remedy ?? remedy ?? ''])
        assert.doesNotMatch(
          said,
          /gantry |--|settings\.|[a-z][A-Z]\w+ to /,
          `${language}: ${code}`,
        );
    }
});

test('what would help against a reason is said in every language by the same codes, each of one that is given, and never names a command', () => {
  const codes = Object.keys(english.remedies).sort();
  for (const { code: language, remedies } of [english, ...others]) {
    assert.deepEqual(Object.keys(remedies).sort(), codes, language);
    for (const [code, said] of Object.entries(remedies)) {
      assert.ok(given.includes(`'${code}'`), `${language}: ${code}`);
      assert.doesNotMatch(said, /gantry |--|settings\./, `${language}: ${code}`);
    }
  }
});
