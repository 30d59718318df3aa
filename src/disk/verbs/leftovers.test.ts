import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { miB } from '#lib';
import { store, withFolder } from '../testing/folder.ts';
import { makeDisk } from './create.ts';

const create = new URL('create.ts', import.meta.url).href;
const files = new URL('../store.ts', import.meta.url).href;

/** Another program, in the middle of making the disk. */
async function startMaking(t: TestContext, folder: string, path: string): Promise<ChildProcess> {
  const program = join(folder, 'program.mjs');
  writeFileSync(
    program,
    `
    import { makeDisk } from ${JSON.stringify(create)};
    import { hostStore } from ${JSON.stringify(files)};
    const wanted = { path: ${JSON.stringify(path)}, format: 'vhd', sizeBytes: ${8 * miB} };
    await makeDisk(wanted, hostStore(), async (disk) => {
      await disk.write(Buffer.alloc(${miB}, 'half'), 0);
      console.log('half');
      await new Promise((resolve) => process.stdin.once('data', resolve));
    });
  `,
  );
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

const parts = (folder: string): string[] =>
  readdirSync(folder).filter((name) => name.endsWith('.part'));

/** As if it had been left a minute ago. */
function age(path: string): void {
  const then = new Date(Date.now() - 60_000);
  utimesSync(path, then, then);
}

const make = (path: string): Promise<void> =>
  makeDisk({ path, format: 'vhd', sizeBytes: 8 * miB }, store);

void test('what a killed program has left of a file is removed by who makes it next, and nothing else is', (t) =>
  withFolder(async (folder) => {
    const path = join(folder, 'web.vhd');
    const child = await startMaking(t, folder, path);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const [left = '', ...others] = parts(folder);
    assert.match(left, /^\.web\.vhd\.[0-9a-f]{8}\.part$/);
    assert.deepEqual(others, []);
    const kept = [
      '.web.vhd.unfinished.part',
      '.db.vhd.01234567.part',
      '.web.vhd.001.01234567.part',
    ];
    for (const name of [left, ...kept]) {
      writeFileSync(join(folder, name), '', { flag: 'a' });
      age(join(folder, name));
    }
    await make(path);
    assert.deepEqual(parts(folder), kept.toSorted());
  }));

void test('a file that another program is making, however slowly, is left to it', (t) =>
  withFolder(async (folder) => {
    const path = join(folder, 'web.vhd');
    const child = await startMaking(t, folder, path);
    const [under = ''] = parts(folder);
    age(join(folder, under));
    await assert.rejects(
      makeDisk({ path, format: 'vhd', sizeBytes: 8 * miB }, store, () => {
        assert.equal(parts(folder).length, 2);
        throw new Error('given up');
      }),
    );
    assert.deepEqual(parts(folder), [under]);
    child.stdin?.end('go on');
    const [code] = (await once(child, 'exit')) as [number | null];
    assert.equal(code, 0);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes('web')),
      ['web.vhd'],
    );
  }));

void test('what began a moment ago is not taken for left', () =>
  withFolder(async (folder) => {
    writeFileSync(join(folder, '.web.vhd.01234567.part'), '');
    await make(join(folder, 'web.vhd'));
    assert.deepEqual(parts(folder), ['.web.vhd.01234567.part']);
  }));
