import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFault } from '#lib';
import { fetchPackages, parseStanzas, resolvePackages } from './packages.ts';

const sha256 = 'c'.repeat(64);

test('a stanza gives name, version, hash, size and what it depends on', () => {
  const text = [
    'Package: one',
    'Version: 1:2.3-4',
    'Depends: libc6 (>= 2.34), debconf (>= 0.5) | debconf-2.0, other:any',
    'Description: a thing',
    ' with Package: in its text',
    'Size: 1234',
    `SHA256: ${sha256}`,
    '',
    'Package: installed-only',
    'Version: 1',
    '',
  ].join('\n');
  const depends = ['libc6', 'debconf', 'other'];
  assert.deepEqual(parseStanzas(text), [
    { name: 'one', version: '1:2.3-4', sha256, sizeBytes: 1234, depends },
  ]);
});

test('a package that apt does not have is a fault with the next step', async () => {
  await assert.rejects(resolvePackages(['gantry-has-no-such-package']), (error) => {
    assert.ok(isFault(error, 'not-found'));
    assert.match(error.message, /gantry-has-no-such-package/);
    assert.match(error.hint ?? '', /apt-get update/);
    return true;
  });
});

test('a file in the cache that is not the package is not taken, nor what a mirror sends instead', async () => {
  const cacheDir = await mkdtemp(join(tmpdir(), 'gpk-'));
  try {
    const [real] = await resolvePackages(['hostname']);
    assert.ok(real !== undefined);
    // What apt downloads is right; what was asked for is not that.
    const wanted = { ...real, sha256 };
    await mkdir(join(cacheDir, 'packages'));
    await writeFile(join(cacheDir, 'packages', `${sha256}.deb`), Buffer.alloc(real.sizeBytes));
    await assert.rejects(fetchPackages([wanted], cacheDir), (error) => isFault(error, 'corrupt'));
    const path = (await fetchPackages([real], cacheDir)).get('hostname');
    assert.equal(path, join(cacheDir, 'packages', `${real.sha256}.deb`));
    const left = await readdir(join(cacheDir, 'packages'));
    assert.ok(
      left.every((name) => name.endsWith('.deb')),
      left.join(' '),
    );
  } finally {
    await rm(cacheDir, { recursive: true, force: true });
  }
});
