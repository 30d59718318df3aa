/** Disks and other files between hosts and other machines: real programs, real files, connections that break. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Client, type Download } from '#api';
import { isFault, miB } from '#lib';
import { withoutQemu } from '../../src/agent/testing/qemu-agent.ts';
import { downloadFile, type DownloadWork } from '../../src/cli/transfer/download.ts';
import { newGantry, type Gantry } from '../e2e/gantry.ts';

const sumOf = (path: string): string =>
  createHash('sha256').update(readFileSync(path)).digest('hex');
const { signal } = new AbortController();

describe('files between hosts and other machines', { skip: withoutQemu }, () => {
  let gantry: Gantry;
  let client: Client;
  let host = '';
  /** The host's folder for vms. */
  let vms = '';
  /** A folder of this machine. */
  let own = '';

  before(async () => {
    gantry = await newGantry();
    await gantry.must('up', '--no-vm', '--no-install', '--yes', '--listen', gantry.listen);
    client = gantry.client();
    const { items } = await client.call('host.list', {});
    host = items[0]?.id ?? '';
    vms = join(gantry.data, 'agent', 'vms');
    own = await mkdtemp(join(tmpdir(), 'ft-'));
  });
  after(async () => {
    await gantry?.[Symbol.asyncDispose]();
    await rm(own, { recursive: true, force: true });
  });

  const open = (file: string) => (from: { offset: number; tag: string }) =>
    client.download('host.file.content', { params: { host }, query: { file } }, from, signal);
  const work = (file: string, more: Partial<DownloadWork> = {}): DownloadWork => ({
    open: open(file),
    onProgress: () => undefined,
    onBreak: () => undefined,
    signal,
    ...more,
  });
  const at = (name: string): string => join(own, name);

  test('a file of a host comes whole, goes on where it broke, and begins anew where it has changed', async () => {
    const file = join(vms, 'data.raw');
    const content = randomBytes(3 * miB);
    content.fill(0, miB, 2 * miB);
    writeFileSync(file, content);
    await gantry.must('host', 'download', host, file, '--to', at('whole.raw'));
    assert.ok(readFileSync(at('whole.raw')).equals(content));
    const again = await gantry.run(['host', 'download', host, file, '--to', at('whole.raw')]);
    assert.deepEqual([again.code === 0, /is there already/.test(again.err)], [false, true]);

    const offsets: number[] = [];
    const breaking = async (from: { offset: number; tag: string }): Promise<Download> => {
      const found = await open(file)(from);
      offsets.push(found.offset);
      return offsets.length > 2 ? found : { ...found, content: cutOff(found.content, 700_000) };
    };
    const broken: unknown[] = [];
    const parts = { open: breaking, onBreak: (why: unknown) => broken.push(why) };
    await downloadFile(at('parts.raw'), work(file, parts));
    assert.ok(readFileSync(at('parts.raw')).equals(content));
    assert.equal(broken.length, 2);
    assert.deepEqual([offsets[0], (offsets[1] ?? 0) >= 700_000], [0, true], String(offsets));

    // What a program that was killed has left is gone on with, unless the content is another by now.
    const { tag } = await open(file)({ offset: 0, tag: '' });
    writeFileSync(at(`later.raw.${tag}.part`), content.subarray(0, 1000));
    offsets.length = 0;
    await downloadFile(at('later.raw'), work(file, { open: noting(offsets, open(file)) }));
    assert.deepEqual([offsets, sumOf(at('later.raw')) === sumOf(file)], [[1000], true]);
    writeFileSync(at(`changed.raw.${tag}.part`), content.subarray(0, 1000));
    writeFileSync(file, content.subarray(0, 2 * miB));
    offsets.length = 0;
    await downloadFile(at('changed.raw'), work(file, { open: noting(offsets, open(file)) }));
    assert.deepEqual([offsets, sumOf(at('changed.raw')) === sumOf(file)], [[0], true]);
    // The other way it is put back as it was, on the host's side only if somebody asks for that.
    const back = ['host', 'upload', host, at('whole.raw'), file];
    assert.match((await gantry.run(back)).err, /is there already/);
    await gantry.must(...back, '--replace');
    assert.ok(readFileSync(file).equals(content));
    const left = (await readdir(own)).filter((name) => name.endsWith('.part'));
    assert.deepEqual(left, []);
  });

  test('a part of a file is answered as RFC 9110 says, and the head of an answer has no bytes', async () => {
    const file = join(vms, 'text.raw');
    writeFileSync(file, '0123456789');
    const ask = (headers: Record<string, string>, method = 'GET'): Promise<Response> =>
      fetch(client.url('host.file.content', { host }, { file }), {
        method,
        headers: { authorization: `Bearer ${token(gantry)}`, ...headers },
      });
    const whole = await ask({});
    const tag = whole.headers.get('etag') ?? '';
    assert.deepEqual(
      [whole.status, await whole.text(), whole.headers.get('accept-ranges')],
      [200, '0123456789', 'bytes'],
    );
    assert.match(whole.headers.get('content-disposition') ?? '', /text\.raw$/);
    const part = await ask({ range: 'bytes=3-5', 'if-range': tag });
    assert.deepEqual(
      [part.status, await part.text(), part.headers.get('content-range')],
      [206, '345', 'bytes 3-5/10'],
    );
    const other = await ask({ range: 'bytes=3-5', 'if-range': '"0"' });
    assert.deepEqual([other.status, await other.text()], [200, '0123456789']);
    const beyond = await ask({ range: 'bytes=10-' });
    assert.deepEqual([beyond.status, beyond.headers.get('content-range')], [416, 'bytes */10']);
    const head = await ask({}, 'HEAD');
    assert.deepEqual(
      [head.status, head.headers.get('content-length'), head.headers.get('etag')],
      [200, '10', tag],
    );
    const empty = join(vms, 'empty.raw');
    writeFileSync(empty, '');
    assert.equal(await downloadFile(at('empty.raw'), work(empty)), 0);
  });

  test('a disk of a vm is fetched while nothing writes to it; what lies elsewhere, and what a vm keeps beside its disks, is not', async () => {
    const size = String(64 * miB);
    await gantry.must(
      'vm',
      'create',
      'web',
      '--disk',
      size,
      '--memory',
      '64M',
      '--network',
      'none',
    );
    const vm = await client.call('vm.show', { params: { vm: 'web' } });
    const [disk] = vm.definition.hardware.disks;
    const path = join(vm.path, disk?.file ?? '');
    const place = `${disk?.bus}${disk?.controller}:${disk?.position}`;
    await gantry.must('vm', 'download-disk', 'web', place, '--to', at('web.qcow2'));
    assert.equal(sumOf(at('web.qcow2')), sumOf(path));

    await gantry.must('vm', 'start', 'web');
    const running = await gantry.run(['vm', 'download-disk', 'web', place, '--to', at('no')]);
    assert.equal(running.code === 0, false);
    assert.match(running.err, /a vm that runs writes to it: web/);
    assert.match(running.err, /hint: .*gantry vm clone/);
    await assert.rejects(open(path)({ offset: 0, tag: '' }), { code: 'refused' });
    await gantry.must('vm', 'turn-off', 'web', '--yes');
    await gantry.must('vm', 'snapshot', 'take', 'web', 'one');
    const layered = await gantry.run(['vm', 'download-disk', 'web', place, '--to', at('no')]);
    assert.match(layered.err, /several files/);

    const refused = async (file: string, code: string): Promise<void> =>
      assert.rejects(
        open(file)({ offset: 0, tag: '' }),
        (error) => isFault(error) && error.code === code,
        file,
      );
    await refused('/etc/hostname', 'forbidden');
    await refused(join(vms, '..', '..', 'coordinator'), 'forbidden');
    await refused(join(vms, 'none.raw'), 'not-found');
    await refused(join(vms, 'web'), 'invalid');
    await refused(join(vms, 'web', 'web.json'), 'invalid');
  });

  test('a file is sent from the command line, unpacked on its way, compared with what it is known to have, and told as an event', async () => {
    const content = randomBytes(3 * miB);
    content.fill(0, miB, 2 * miB);
    writeFileSync(at('disk.raw.gz'), gzipSync(content));
    const dry = await gantry.must('host', 'upload', host, at('disk.raw.gz'), '--dry-run');
    assert.match(dry, /would send .*disk\.raw\n/);
    await gantry.must('host', 'upload', host, at('disk.raw.gz'));
    const file = join(vms, 'disk.raw');
    assert.ok(readFileSync(file).equals(content));
    assert.match(await gantry.must('host', 'disks', host), /disk\.raw +raw +3/);
    const taken = await gantry.run(['host', 'upload', host, at('disk.raw.gz')]);
    assert.match(taken.err, /is there already/);
    const known = ['--sha256', '0'.repeat(64)];
    const wrong = await gantry.run(['host', 'upload', host, at('disk.raw.gz'), 'b.raw', ...known]);
    assert.match(wrong.err, /is not what was to come/);
    await gantry.must('host', 'upload', host, at('disk.raw.gz'), 'b.gz', '--packed');
    assert.equal(sumOf(join(vms, 'b.gz')), sumOf(at('disk.raw.gz')));
    assert.deepEqual(
      (await readdir(vms)).filter((name) => name.startsWith('.')),
      [],
    );
    const filter = 'name = host.disk.changed';
    const { items } = await client.call('event.list', { query: { filter } });
    const told = items.filter(({ attributes }) => attributes['operation'] === 'upload');
    assert.deepEqual(
      told.map(({ attributes, actor }) => `${String(attributes['file'])} ${actor.kind}`).sort(),
      // data.raw was replaced before.
      [`${join(vms, 'b.gz')} user`, `${join(vms, 'data.raw')} user`, `${file} user`],
    );
  });

  test('what changes while it is fetched is never had whole', async () => {
    const file = join(vms, 'moving.raw');
    writeFileSync(file, '');
    await truncate(file, 64 * miB);
    const found = await open(file)({ offset: 0, tag: '' });
    let bytes = 0;
    const read = async (): Promise<void> => {
      for await (const part of found.content) {
        if (bytes === 0) writeFileSync(file, 'x', { flag: 'a' });
        bytes += part.length;
      }
    };
    await read().catch(() => undefined);
    assert.ok(bytes < 64 * miB, `${bytes} bytes came`);
  });
});

async function* cutOff(
  content: AsyncIterable<Uint8Array>,
  bytes: number,
): AsyncGenerator<Uint8Array> {
  let passed = 0;
  for await (const part of content) {
    yield part;
    passed += part.length;
    if (passed >= bytes) throw new TypeError('terminated');
  }
}

function noting(offsets: number[], open: DownloadWork['open']): DownloadWork['open'] {
  return async (from) => {
    const found = await open(from);
    offsets.push(found.offset);
    return found;
  };
}

function token({ data }: Gantry): string {
  return readFileSync(join(data, 'coordinator/access/local-token'), 'utf8').trim();
}
