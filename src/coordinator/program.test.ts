/** The coordinator as users run it: a process of its own, its options, its file, its end. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { Client, installationSettingsSchema } from '#api';
import { isFault } from '#lib';
import { parseOptions } from './options.ts';

const program = fileURLToPath(new URL('main.ts', import.meta.url));
let folder: string;
const children = new Set<ChildProcess>();
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gp-'));
});
after(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

interface Run {
  readonly child: ChildProcess;
  readonly text: () => string;
  readonly ended: Promise<number | null>;
}

function run(name: string, ...more: readonly string[]): Run {
  const at = (part: string): string => join(folder, name, part);
  const child = spawn(
    process.execPath,
    [program, '--data', at('data'), '--config', at('config'), '--runtime', at('run'), ...more],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  children.add(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  const ended = once(child, 'close').then(([code]) => {
    children.delete(child);
    return code as number | null;
  });
  return { child, text: () => text, ended };
}

interface ServingFile {
  readonly pid: number;
  readonly url: string;
  readonly startedAt: string;
}

async function serving(name: string, started: Run): Promise<ServingFile> {
  const file = join(folder, name, 'run', 'coordinator.json');
  let ended = false;
  void started.ended.then(() => {
    ended = true;
  });
  for (let look = 0; look < 400; look += 1) {
    if (existsSync(file)) return JSON.parse(await readFile(file, 'utf8')) as ServingFile;
    assert.equal(ended, false, started.text());
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`it does not serve: ${started.text()}`);
}

describe('options', () => {
  const needed = ['--data', '/d', '--config', '/c', '--runtime', '/r'];
  test('an address and a port, also IPv6 and names', () => {
    const listen = (text: string): unknown => {
      const options = parseOptions([...needed, '--listen', text]);
      return options === 'help' ? options : [options.host, options.port];
    };
    assert.deepEqual(listen('127.0.0.1:0'), ['127.0.0.1', 0]);
    assert.deepEqual(listen('[::1]:7443'), ['::1', 7443]);
    assert.deepEqual(listen('localhost:80'), ['localhost', 80]);
    for (const wrong of ['7443', '127.0.0.1', '127.0.0.1:99999', 'a b:1', '[::1]', ':1'])
      assert.throws(
        () => listen(wrong),
        (error) => isFault(error, 'invalid') && error.message.includes('listen'),
      );
  });

  test('what is missing or unknown is named', () => {
    assert.throws(() => parseOptions(['--data', '/d', '--config', '/c']), /runtime/);
    assert.throws(() => parseOptions([...needed, '--colour', 'red']), /options/);
    assert.throws(() => parseOptions([...needed, '--log', 'loud']), /log/);
    assert.equal(parseOptions(['--help']), 'help');
  });

  test("libvirt's clients of other machines are answered where that is asked for, and over TLS only", () => {
    const libvirt = (...more: string[]): unknown => {
      const options = parseOptions([...needed, ...more]);
      return options === 'help' ? options : options.libvirt;
    };
    assert.equal(libvirt(), undefined);
    const asked = ['--libvirt-listen', '0.0.0.0:16514'];
    assert.deepEqual(libvirt(...asked), { host: '0.0.0.0', port: 16_514 });
    assert.deepEqual(libvirt('--libvirt-listen', '[::1]'), { host: '::1', port: 16_514 });
    assert.throws(() => parseOptions([...needed, '--listen', '127.0.0.1']), /address and a port/);
  });
});

test('it says where it serves, in a file that is gone when it has stopped', async () => {
  const started = run('one', '--listen', '127.0.0.1:0');
  const { pid, url, startedAt } = await serving('one', started);
  assert.equal(pid, started.child.pid);
  assert.match(url, /^https:\/\/127\.0\.0\.1:\d+$/);
  assert.ok(Math.abs(Date.parse(startedAt) - Date.now()) < 60_000);
  // Told so twice, it ends in order all the same.
  started.child.stdout?.once('data', () => started.child.kill('SIGTERM'));
  started.child.kill('SIGTERM');
  assert.equal(await started.ended, 0, started.text());
  assert.equal(existsSync(join(folder, 'one', 'run', 'coordinator.json')), false);
});

test('an address in use is named, with the remedy, and nothing is left behind', async (t) => {
  const blocker = createServer().listen(0, '127.0.0.1');
  t.after(() => blocker.close());
  await once(blocker, 'listening');
  const { port } = blocker.address() as AddressInfo;
  const started = run('two', '--listen', `127.0.0.1:${port}`);
  assert.equal(await started.ended, 1);
  assert.match(started.text(), new RegExp(`127\\.0\\.0\\.1:${port}: the address is in use`));
  assert.match(started.text(), /hint: .*--listen/);
  assert.equal(existsSync(join(folder, 'two', 'run', 'coordinator.json')), false);
});

test('two coordinators on the same data: the second is refused and the first goes on', async () => {
  const first = run('three', '--listen', '127.0.0.1:0');
  await serving('three', first);
  const second = run('three', '--listen', '127.0.0.1:0');
  assert.equal(await second.ended, 1);
  assert.match(second.text(), /coordinator: /);
  assert.equal(first.child.exitCode, null);
  first.child.kill('SIGTERM');
  assert.equal(await first.ended, 0);
});

test('a store that is damaged is told, and is not made anew', async () => {
  const data = join(folder, 'four', 'data');
  await mkdir(data, { recursive: true });
  await writeFile(join(data, 'store.db'), 'this is no database'.repeat(1000));
  const started = run('four', '--listen', '127.0.0.1:0');
  assert.equal(await started.ended, 1);
  assert.match(started.text(), /coordinator: .*(store|database)/);
  assert.match(await readFile(join(data, 'store.db'), 'utf8'), /^this is no database/);
});

test('a store that was emptied is not begun anew beside the authority of an installation', async () => {
  const first = run('emptied', '--listen', '127.0.0.1:0');
  await serving('emptied', first);
  first.child.kill('SIGTERM');
  await first.ended;
  const file = join(folder, 'emptied', 'data', 'store.db');
  await writeFile(file, '');
  const again = run('emptied', '--listen', '127.0.0.1:0');
  assert.notEqual(await again.ended, 0);
  assert.match(again.text(), /store\.db is empty, but there was an installation here/);
  assert.match(again.text(), /put the store back from a copy/);
  assert.equal((await readFile(file)).length, 0);
});

test('SEC-59 EVT-51 TLS is off by explicit setting only, which it is loud about; its start and its end are events', async () => {
  const started = run('five', '--listen', '127.0.0.1:0');
  const { url } = await serving('five', started);
  assert.match(url, /^https:/);
  const plain = (): Promise<Response> =>
    fetch(`${url.replace('https:', 'http:')}/api/v1/healthy`, {
      headers: { connection: 'close' },
    });
  assert.equal((await plain()).status, 400);
  const place = join(folder, 'five', 'data');
  const token = (await readFile(join(place, 'access', 'local-token'), 'utf8')).trim();
  setDefaultCACertificates([
    ...getCACertificates('default'),
    await readFile(join(place, 'authority', 'authority.pem'), 'utf8'),
  ]);
  const client = new Client({ server: url, token });
  await client.call('installation.update', { body: { plainHttp: 'served' } });
  assert.deepEqual(await (await plain()).json(), { ok: true, tls: false });
  started.child.kill('SIGTERM');
  assert.equal(await started.ended, 0);
  assert.doesNotMatch(started.text(), /TLS IS OFF/);
  const again = run('five', '--listen', '127.0.0.1:0');
  const restarted = new Client({ server: (await serving('five', again)).url, token });
  const { items } = await restarted.call('event.list', {
    query: { sort: 'seq', filter: 'name = coordinator.st*' },
  });
  assert.deepEqual(
    items.map(({ name, category }) => [name, category]),
    [
      ['coordinator.started', 'Coordinator'],
      ['coordinator.stopped', 'Coordinator'],
      ['coordinator.started', 'Coordinator'],
    ],
  );
  again.child.kill('SIGTERM');
  assert.equal(await again.ended, 0);
  assert.match(again.text(), /TLS IS OFF/);
});

test('SEC-60 set-up speaks TLS alone unless it is told otherwise, and the guide says to keep it so wherever passwords are used', async () => {
  assert.equal(installationSettingsSchema.parse({}).plainHttp, 'refused');
  const guide = new URL('../../docs/manual/operators/security.md', import.meta.url);
  assert.match(
    await readFile(guide, 'utf8'),
    /Leave it so wherever anybody signs in with a password/,
  );
  const refused = run('seven', '--help');
  assert.equal(await refused.ended, 0);
  assert.doesNotMatch(refused.text(), /without TLS|no-tls/, 'no option switches it off');
});

test('after a kill it starts again, and the old file does not mislead', async () => {
  const first = run('six', '--listen', '127.0.0.1:0');
  await serving('six', first);
  first.child.kill('SIGKILL');
  await first.ended;
  const second = run('six', '--listen', '127.0.0.1:0');
  let file = await serving('six', second);
  for (let look = 0; look < 200 && file.pid !== second.child.pid; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    file = await serving('six', second);
  }
  assert.equal(file.pid, second.child.pid);
  second.child.kill('SIGTERM');
  assert.equal(await second.ended, 0);
});
