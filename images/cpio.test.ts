import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import { test } from 'node:test';
import { writeCpio } from './cpio.ts';
import { runTool } from './run.ts';

const entries = [
  { kind: 'file', path: 'etc/passwd', mode: 0o600, data: Buffer.from('root\n') },
  { kind: 'link', path: 'bin/sh', target: 'busybox' },
  { kind: 'device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
  { kind: 'directory', path: 'tmp', mode: 0o1777 },
] as const;

test('busybox lists an archive with owner, modes and link as given', async (context) => {
  const isThere = await access('/bin/busybox').then(
    () => true,
    () => false,
  );
  if (!isThere) {
    context.skip('busybox is not on this machine');
    return;
  }
  const listing = await runTool(['/bin/busybox', 'cpio', '-tv'], { input: writeCpio(entries) });
  const lines = listing
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => line.replaceAll(/\s+/g, ' ').replace(' 2025-01-01 00:00:00', ''));
  assert.deepEqual(lines, [
    'drwxr-xr-x 0/0 0 bin',
    'lrwxrwxrwx 0/0 0 bin/sh -> busybox',
    'drwxr-xr-x 0/0 0 dev',
    'crw------- 0/0 0 dev/console',
    'drwxr-xr-x 0/0 0 etc',
    '-rw------- 0/0 5 etc/passwd',
    'drwxrwxrwt 0/0 0 tmp',
  ]);
});

test('a device has its numbers in the last fields before the name', () => {
  const archive = writeCpio([entries[2]]);
  const header = archive.indexOf('dev/console\0') - 110;
  assert.equal(archive.toString('latin1', header + 78, header + 94), '0000000500000001');
});

test('the order of the entries does not change a byte', () => {
  assert.ok(writeCpio(entries).equals(writeCpio(entries.toReversed())));
});

test('the size is a multiple of 512, and records are padded to four bytes', () => {
  const archive = writeCpio([
    { kind: 'file', path: 'abc', mode: 0o644, data: Buffer.from('12345') },
  ]);
  assert.equal(archive.length % 512, 0);
  assert.equal(archive.toString('latin1', 0, 6), '070701');
  // 110 bytes of header, "abc\0" and two of padding, five of data and three of padding.
  assert.equal(archive.toString('latin1', 116, 121), '12345');
  assert.equal(archive.toString('latin1', 124, 130), '070701');
});

test('a path given twice is a bug', () => {
  assert.throws(() => writeCpio([entries[0], entries[0]]), /given twice/);
});
