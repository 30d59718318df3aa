import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '#lib';
import { parseArchive } from './archive.ts';

test("apt's own archives are used, without those of others", () => {
  const text = [
    'http://mirror.example/debian/ bookworm main Debian bookworm',
    'http://mirror.example/debian/ bookworm contrib Debian bookworm',
    'http://deb.debian.org/debian-security/ bookworm-security main Debian bookworm-security',
    'https://deb.example.com/node/ nodistro main Example nodistro',
  ].join('\n');
  assert.deepEqual(parseArchive(text), {
    codename: 'bookworm',
    sources: [
      'deb http://mirror.example/debian/ bookworm main',
      'deb http://deb.debian.org/debian-security/ bookworm-security main',
      '',
    ].join('\n'),
  });
});

test('a machine without a Debian archive is told so', () => {
  const text = 'http://archive.ubuntu.com/ubuntu/ noble main Ubuntu noble\n';
  assert.throws(
    () => parseArchive(text),
    (error) => isFault(error, 'unsupported'),
  );
});
