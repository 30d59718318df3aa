import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { listImportSources } from './import-sources.ts';

test('configurations of other products and archives are found in the folders and one level below, by their names', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'gi-'));
  t.after(() => rm(folder, { recursive: true }));
  const at = (name: string): string => join(folder, name);
  await mkdir(at('old/deep/deeper'), { recursive: true });
  const files = [
    'old/web.vmx',
    'old/web.vmdk',
    'MAIL.VMC',
    'packed.tar.zst',
    '.hidden.vmx',
    'notes.txt',
    'old/deep/deeper/far.vmx',
  ];
  for (const name of files) await writeFile(at(name), 'four');
  await mkdir(at('folder.vmx'));
  await symlink(at('old/web.vmx'), at('linked.vmx'));
  const { signal } = new AbortController();
  const found = await listImportSources([folder, at('nowhere')], signal);
  assert.deepEqual(found, {
    sources: [
      { path: at('MAIL.VMC'), kind: 'configuration', sizeBytes: 4 },
      { path: at('old/web.vmx'), kind: 'configuration', sizeBytes: 4 },
      { path: at('packed.tar.zst'), kind: 'archive', sizeBytes: 4 },
    ],
    complete: true,
  });
});
