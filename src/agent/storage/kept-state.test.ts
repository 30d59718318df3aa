import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { packContent } from '../kept-content.ts';
import { readKept, writeKept } from './kept-state.ts';

void test('UEFI variables and TPM lie where a start looks for them, for nobody else to read, and are read byte for byte', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kept-'));
  try {
    const machine = { file: join(folder, 'web.json') };
    assert.deepEqual(await readKept(machine, ['uefi-variables', 'tpm']), []);
    const [variables, tpm] = [Buffer.alloc(540_672, 0xff), randomBytes(6092)];
    const contents = [
      { part: 'uefi-variables', content: await packContent(variables) },
      { part: 'tpm', content: await packContent(tpm) },
    ] as const;
    // Twice: an earlier attempt may have been cut off after any of it.
    for (let times = 0; times < 2; times += 1) await writeKept(machine, contents);
    assert.deepEqual(await readdir(folder), ['web.firmware', 'web.tpm']);
    assert.deepEqual(await readdir(join(folder, 'web.tpm')), ['tpm2-00.permall']);
    const files = [
      ['web.firmware', variables],
      ['web.tpm/tpm2-00.permall', tpm],
    ] as const;
    for (const [name, bytes] of files) {
      assert.deepEqual(await readFile(join(folder, name)), bytes);
      assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600);
    }
    assert.equal((await stat(join(folder, 'web.tpm'))).mode & 0o777, 0o700);
    assert.deepEqual(await readKept(machine, ['uefi-variables', 'tpm']), contents);
    assert.deepEqual(await readKept(machine, ['tpm']), [contents[1]]);
    // A link that a vm could have put there is not followed.
    await rm(join(folder, 'web.firmware'));
    await symlink('/etc/hostname', join(folder, 'web.firmware'));
    await assert.rejects(readKept(machine, ['uefi-variables']), { code: 'ELOOP' });
  } finally {
    await rm(folder, { recursive: true });
  }
});
