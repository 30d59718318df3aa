/** Archives that we write, read by the tools of the field. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { giB, isFault } from '#lib';
import { beginsWith, packFiles } from './pack-files.ts';
import { memberHeader } from './write-tar.ts';

const signal = new AbortController().signal;

test('files become an archive that tar reads, whole or not at all, and never over what is there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pack-'));
  try {
    const long = `${'ü'.repeat(70)}.vmdk`;
    const contents = { 'a.ovf': 'first', empty: '', [long]: 'x'.repeat(70_000) };
    const put = (): string[] =>
      Object.entries(contents).map(([name, text]) => {
        writeFileSync(join(folder, name), text);
        return join(folder, name);
      });
    const archive = join(folder, 'a.ova');
    const parts: number[] = [];
    const onProgress = (part: number): void => void parts.push(part);
    await packFiles(archive, { folder, files: put(), signal, onProgress });
    assert.equal(parts.at(-1), 1);
    assert.equal(existsSync(join(folder, 'a.ovf')), false, 'it is in the archive');
    const out = mkdtempSync(join(folder, 'out-'));
    const listed = execFileSync('tar', ['-xvf', archive, '--quoting-style=literal', '-C', out]);
    assert.equal(listed.toString(), `${Object.keys(contents).join('\n')}\n`);
    for (const [name, text] of Object.entries(contents))
      assert.equal(readFileSync(join(out, name), 'utf8'), text);
    assert.equal(await beginsWith(archive, 'a.ovf', Buffer.from('first')), true);
    assert.equal(await beginsWith(archive, 'a.ovf', Buffer.from('other')), false);
    assert.equal(await beginsWith(archive, 'b.ovf', Buffer.from('first')), false);
    const bytes = readFileSync(archive);
    await assert.rejects(
      packFiles(archive, { folder, files: put(), signal, onProgress }),
      (error) => isFault(error, 'exists'),
    );
    assert.deepEqual(readFileSync(archive), bytes);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a member of more than eight gigabytes keeps its size', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pack-'));
  try {
    const archive = join(folder, 'big.tar');
    await using handle = await open(archive, 'w');
    await handle.write(memberHeader('big.vmdk', 9 * giB, Date.UTC(2020, 0, 1)));
    await handle.truncate(9 * giB + 3 * 512);
    const listed = execFileSync('tar', ['-tvf', archive, '--utc']).toString();
    assert.match(listed, new RegExp(` ${9 * giB} 2020-01-01 00:00 big\\.vmdk`));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
