/** `disk serve` as a user runs it: a process of its own, with QEMU's tools as its clients. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checksumDisk, hostStore, makeDisk, openDisk, parentFor, type Disk } from '#disk';
import { kiB, miB } from '#lib';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const store = hostStore();

interface Ran {
  readonly code: number | null;
  readonly text: string;
}

function start(program: string, words: readonly string[], folder: string): ChildProcess {
  const env = { ...process.env, GANTRY_DATA: join(folder, 'no-installation') };
  return spawn(program, words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], env });
}

async function run(program: string, words: readonly string[], folder: string): Promise<Ran> {
  const child = start(program, words, folder);
  let text = '';
  child.stdout?.on('data', (data: Buffer) => (text += data.toString()));
  child.stderr?.on('data', (data: Buffer) => (text += data.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, text };
}

async function tool(folder: string, program: string, ...words: string[]): Promise<string> {
  const { code, text } = await run(program, words, folder);
  assert.equal(code, 0, `${program} ${words.join(' ')}: ${text}`);
  return text;
}

/** Serves a disk while the work is done; what it said in JSON when it was ready. */
async function whileServed(
  folder: string,
  words: readonly string[],
  work: (uri: string) => Promise<void>,
): Promise<void> {
  const child = start(process.execPath, [main, 'disk', 'serve', ...words, '-o', 'json'], folder);
  const ended = once(child, 'exit');
  let text = '';
  const ready = Promise.withResolvers<string>();
  child.stdout?.on('data', (data: Buffer) => {
    text += data.toString();
    const [, uri] = /"uri": "([^"]+)"/.exec(text) ?? [];
    if (uri !== undefined) ready.resolve(uri);
  });
  child.stderr?.on('data', (data: Buffer) => (text += data.toString()));
  void ended.then(() => ready.reject(new Error(`it ended: ${text}`)));
  try {
    await work(await ready.promise);
  } finally {
    child.kill('SIGINT');
    await ended;
  }
}

async function checksum(path: string): Promise<string> {
  await using disk = await openDisk({ path, store });
  return await checksumDisk(disk);
}

void test('a differencing VHD is read, written and mapped by other programs through disk serve', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gs-'));
  try {
    const [base, child, socket] = ['base.vhd', 'child.vhd', 's'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    const fill = (value: number, offset: number) => (disk: Disk) =>
      disk.write(Buffer.alloc(64 * kiB, value), offset);
    const made = { format: 'vhd', durability: 'memory' } as const;
    await makeDisk({ ...made, path: base, sizeBytes: 64 * miB }, store, fill(1, 4 * miB));
    await using below = await openDisk({ path: base, store });
    await makeDisk(
      { ...made, path: child, sizeBytes: 64 * miB, parent: await parentFor(child, below) },
      store,
      fill(2, 8 * miB),
    );
    const before = await checksum(base);
    await whileServed(folder, [child, '--socket', socket, '--writable'], async (uri) => {
      assert.equal((await stat(socket)).mode & 0o777, 0o600);
      const map: unknown = JSON.parse(await tool(folder, 'qemu-img', 'map', '--output=json', uri));
      assert.ok(Array.isArray(map));
      const data = map.flatMap((one: { data: boolean; start: number; length: number }) =>
        one.data ? [[one.start, one.length]] : [],
      );
      assert.deepEqual(
        data.map(([at]) => at),
        [4 * miB, 8 * miB],
      );
      await tool(
        folder,
        'qemu-io',
        '-f',
        'raw',
        '-c',
        'read -P 1 4M 64k',
        '-c',
        'read -P 2 8M 64k',
        uri,
      );
      const changes = ['write -P 3 4M 4k', 'write -f -P 4 40M 1M', 'write -z 8M 64k', 'flush'];
      await tool(folder, 'qemu-io', '-f', 'raw', ...changes.flatMap((one) => ['-c', one]), uri);
      const reads = [
        'read -P 3 4M 4k',
        'read -P 1 4100k 60k',
        'read -P 4 40M 1M',
        'read -P 0 8M 64k',
      ];
      const read = await tool(
        folder,
        'qemu-io',
        '-f',
        'raw',
        ...reads.flatMap((one) => ['-c', one]),
        uri,
      );
      assert.ok(!read.includes('verification failed'), read);
      const other = await run(process.execPath, [main, 'disk', 'compact', child, '-y'], folder);
      assert.match(other.text, /is using it/);
      await tool(folder, 'qemu-img', 'convert', '-f', 'raw', '-O', 'raw', uri, 'copy.raw');
    });
    assert.equal(await checksum(child), await checksum(join(folder, 'copy.raw')));
    assert.equal(await checksum(base), before, 'the parent is as it was');
    await assert.rejects(stat(socket), 'the socket is gone with its server');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

void test('without --writable nobody writes, a free port is told, and other machines are not served', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gs-'));
  try {
    const path = join(folder, 'd.vmdk');
    await makeDisk({ path, format: 'vmdk', sizeBytes: miB, durability: 'memory' }, store);
    await whileServed(folder, [path, '--listen', '127.0.0.1:0'], async (uri) => {
      assert.match(uri, /^nbd:\/\/127\.0\.0\.1:\d+$/);
      const refused = await run('qemu-io', ['-f', 'raw', '-c', 'write 0 4k', uri], folder);
      assert.match(refused.text, /Permission denied/);
    });
    const words = [main, 'disk', 'serve', path, '--listen', '0.0.0.0:0'];
    const { code, text } = await run(process.execPath, words, folder);
    assert.equal(code, 2, text);
    assert.match(text, /address of this machine/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
