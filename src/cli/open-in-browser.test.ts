import assert from 'node:assert/strict';
import { watch } from 'node:fs';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openInBrowser } from './open-in-browser.ts';

const url = 'https://manager.example.org/ui/?a=1&b=$(id)';

test('a page is given to the browser of choice, as one word', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'gb-'));
  t.after(() => rm(folder, { recursive: true }));
  const browser = join(folder, 'browser');
  const [half, told] = [join(folder, 'half'), join(folder, 'told')];
  const script = `#!/bin/sh\nprintf '%s|' "$@" > ${half}\nmv ${half} ${told}\n`;
  await writeFile(`${browser}.new`, script, { mode: 0o755 });
  await rename(`${browser}.new`, browser);
  const watcher = watch(folder);
  t.after(() => watcher.close());
  const { promise, resolve } = Promise.withResolvers<string>();
  const look = (): Promise<void> => readFile(told, 'utf8').then(resolve, () => undefined);
  watcher.on('change', () => void look());
  assert.equal(await openInBrowser(url, { BROWSER: browser }), undefined);
  await look();
  assert.equal(await promise, `${url}|`);
});

test('where there is no browser, or no screen, that is said', async () => {
  assert.match((await openInBrowser(url, { BROWSER: '/nowhere/browser' })) ?? '', /cannot open it/);
  const reason = await openInBrowser(url, {});
  if (process.platform === 'linux') assert.match(reason ?? '', /no screen/);
});
