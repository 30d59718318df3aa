/** What hosts find out is told in every language of the console. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { HostFacts, HostSettings } from '#api';
import { diagnoseHost } from '../src/agent/drivers/qemu/host/diagnose.ts';
import { createWords, languages } from '../src/console/i18n/words.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const others = await Promise.all(
  languages.filter(({ code }) => code !== 'en').map(({ read }) => read()),
);

const sources = globSync('src/{agent,coordinator,qemu,disk}/**/*.ts', { cwd: root }).filter(
  (file) => !/\.test\.|testing/.test(file),
);
const given = sources.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');

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
  const remedies = findings.flatMap(({ remedy }) => (remedy === null ? [] : [remedy]));
  assert.ok(remedies.length >= programs.length, remedies.join());
  for (const language of others) {
    const words = createWords(language);
    for (const remedy of remedies)
      assert.notEqual(words.check(remedy), remedy, `${language.code}: ${remedy}`);
  }
});
