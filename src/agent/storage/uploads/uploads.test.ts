/** Uploads on real files, with programs that end at any moment: another instance on the same records is the next program. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  packingHeadBytes,
  packingOf,
  packings,
  unpackedName,
  uploadBeginSchema,
  uploadIdleMs,
  type HostUpload,
  type Packing,
} from '#api';
import { isFault, miB, type FaultCode } from '#lib';
import { newMachineFile, type MachineFile } from '../../machine/record.ts';
import { bareDefinition } from '../../testing/qemu-agent.ts';
import { partPath } from './upload.ts';
import { Uploads } from './uploads.ts';

const content = randomBytes(3 * miB);
content.fill(0, miB, 2 * miB);
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const { signal } = new AbortController();

describe('uploads', () => {
  let folder = '';
  let outside = '';
  let uploads: Uploads;
  let keepFreeBytes = 0;
  const machines: MachineFile[] = [];

  const open = (more: { maxContentBytes?: number } = {}): Uploads =>
    new Uploads({
      ...more,
      folders: { listed: () => [folder], parents: () => [folder] },
      baseFolder: () => folder,
      recordFolder: join(outside, 'uploads'),
      space: { keepFreeBytes: () => keepFreeBytes, periodMs: 5 },
    });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'up-'));
    outside = mkdtempSync(join(tmpdir(), 'uo-'));
    machines.length = 0;
    keepFreeBytes = 0;
    uploads = open();
  });
  afterEach(async () => {
    for (const { id } of await uploads.list()) await uploads.stop(id);
    await rm(folder, { recursive: true });
    await rm(outside, { recursive: true });
  });

  const at = (name: string): string => join(folder, name);
  const begin = (
    file: string,
    bytes = content,
    more: {
      packing?: Packing;
      fingerprint?: string;
      owner?: string;
      work?: 'check';
      sizeBytes?: null;
      replaces?: true;
    } = {},
  ): Promise<HostUpload> => {
    const { owner = 'ann', work = 'do', ...rest } = more;
    const asked = uploadBeginSchema.parse({ file, sizeBytes: bytes.length, ...rest });
    return uploads.begin({ ...asked, id: crypto.randomUUID(), owner, work }, machines);
  };
  async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
    for (let from = 0; from < bytes.length; from += 50_000)
      yield bytes.subarray(from, from + 50_000);
  }
  const take = (
    { id }: HostUpload,
    bytes: Buffer,
    offset = 0,
    end = bytes.length,
    come = end,
  ): Promise<HostUpload> => {
    const part = bytes.subarray(offset, come);
    const opened = async () => pieces(part);
    return uploads.take(id, { offset, sizeBytes: end - offset, open: opened }, signal);
  };
  const finish = (
    { id, file }: HostUpload,
    sum?: string,
    replaces = false,
  ): ReturnType<Uploads['finish']> => uploads.finish(id, { file, sha256: sum, replaces }, signal);
  const fails = (work: Promise<unknown>, code: FaultCode, why = /./): Promise<void> =>
    assert.rejects(work, (error: unknown) => {
      assert.ok(isFault(error, code) && why.test(error.message), String(error));
      return true;
    });
  const find = async ({ id }: HostUpload): Promise<HostUpload | undefined> =>
    (await uploads.list()).find((one) => one.id === id);

  test('a file is replaced when all has come, also where nobody knew how much that would be, and by the next program too', async () => {
    writeFileSync(at('a.raw'), 'old');
    await fails(begin('a.raw'), 'exists');
    await fails(begin('none.raw', content, { replaces: true }), 'not-found');
    const upload = await begin('a.raw', content, { sizeBytes: null, replaces: true });
    assert.equal(upload.sizeBytes, null);
    await take(upload, content, 0, miB);
    uploads = open();
    await take(upload, content, miB);
    assert.equal(readFileSync(at('a.raw'), 'utf8'), 'old');
    await fails(finish(upload), 'invalid', /was begun to replace a file/);
    const made = { sizeBytes: content.length, sha256: sha256(content) };
    assert.deepEqual(await finish(upload, made.sha256, true), made);
    assert.ok(readFileSync(at('a.raw')).equals(content));
    const done = await find(upload);
    assert.deepEqual(
      [done?.state, done?.sizeBytes, done?.receivedBytes],
      ['done', content.length, content.length],
    );
    // Asked once more, as by a program that was cut off, it answers the same and changes nothing.
    uploads = open();
    assert.deepEqual(await finish(upload, undefined, true), made);
    assert.deepEqual(readdirSync(folder), ['a.raw']);
  });

  test('of what nobody knows the length of no more is taken than a file may have', async () => {
    uploads = open({ maxContentBytes: miB });
    const upload = await begin('a.raw', content, { sizeBytes: null });
    await fails(take(upload, content, 0, miB + 1), 'invalid', /at most 1048576 bytes/);
    await take(upload, content, 0, miB);
    await finish(upload);
    assert.equal(statSync(at('a.raw')).size, miB);
  });

  test('a file appears under its name when it is whole, and not before; what was zeros is a hole', async () => {
    const upload = await begin('a.raw');
    assert.equal(upload.file, at('a.raw'));
    await take(upload, content, 0, miB + 7);
    await fails(finish(upload), 'refused', /have come/);
    const last = await take(upload, content, miB + 7);
    assert.equal(last.receivedBytes, content.length);
    assert.equal(existsSync(at('a.raw')), false);
    const made = { sizeBytes: content.length, sha256: sha256(content) };
    assert.deepEqual(await finish(upload, sha256(content)), made);
    assert.ok(readFileSync(at('a.raw')).equals(content));
    const { blocks, mode } = statSync(at('a.raw'));
    assert.deepEqual([blocks * 512 < content.length, mode & 0o777], [true, 0o600]);
    assert.deepEqual(readdirSync(folder), ['a.raw']);
    // Who lost the answer asks again, the next program too.
    assert.deepEqual(await finish(upload), made);
    uploads = open();
    assert.deepEqual(await finish(upload), made);
    await fails(begin('a.raw'), 'exists');
  });

  test('a disk is for nobody else, as those that are made here; an image for a drive can be read by any vm', async () => {
    const modes: string[] = [];
    for (const [name, sizeBytes] of [
      ['disk.qcow2', miB],
      ['disk.img', 1440 * 1024 + 1],
      ['floppy.img', 1440 * 1024],
      ['setup.iso', miB],
    ] as const) {
      const bytes = content.subarray(0, sizeBytes);
      const upload = await begin(name, bytes);
      await take(upload, bytes);
      await finish(upload);
      modes.push((statSync(at(name)).mode & 0o777).toString(8));
    }
    assert.deepEqual(modes, ['600', '600', '644', '644']);
  });

  test('what broke goes on behind what was kept, also in the next program, and a part that begins elsewhere is refused', async () => {
    const upload = await begin('a.raw', content, { fingerprint: 'one' });
    await fails(take(upload, content, 0, 2 * miB, 700_000), 'unavailable');
    assert.equal((await find(upload))?.receivedBytes, 700_000);
    await fails(take(upload, content, 0, miB), 'stale', /goes on at 700000/);
    await fails(take(upload, content, miB, 2 * miB), 'stale');
    await fails(take(upload, Buffer.alloc(9 * miB), 700_000), 'invalid', /behind the end/);
    uploads = open();
    const again = await begin('a.raw', content, { fingerprint: 'one' });
    assert.deepEqual([again.id, again.receivedBytes], [upload.id, 700_000]);
    // What the killed program had written and not kept is no part of it.
    writeFileSync(partPath(again), Buffer.alloc(miB, 7), { flag: 'a' });
    await take(again, content, 700_000);
    assert.equal((await finish(again, sha256(content))).sha256, sha256(content));
    assert.ok(readFileSync(at('a.raw')).equals(content));
  });

  test('FMT-44 gzip, xz, zstd and zip are unpacked as they come, also where a part breaks', async (t) => {
    const programs = {
      gzip: ['gzip', '-c'],
      xz: ['xz', '-c'],
      zstd: ['zstd', '-c'],
      zip: ['zip', '-q'],
    };
    for (const [name, [program = '', option = '']] of Object.entries(programs)) {
      if (spawnSync(program, ['--version']).error !== undefined) {
        t.diagnostic(`${program} is not installed`);
        continue;
      }
      const packed = execFileSync(program, [option], { input: content, maxBuffer: 64 * miB });
      const packing = packings.find((one) => one === name) ?? 'none';
      assert.equal(packingOf(packed.subarray(0, packingHeadBytes)), packing);
      const target = unpackedName(`${name}.raw.${name}`, packing);
      const upload = await begin(target, packed, { packing });
      await fails(take(upload, packed, 0, packed.length, 300_000), 'unavailable');
      assert.equal((await find(upload))?.receivedBytes, 300_000);
      await take(upload, packed, 300_000, miB);
      await take(upload, packed, miB);
      const made = { sizeBytes: content.length, sha256: sha256(packed) };
      assert.deepEqual(await finish(upload, sha256(packed)), made);
      assert.ok(readFileSync(upload.file).equals(content), name);
    }
    assert.equal(packingOf(content), 'none');
  });

  test('FMT-44 what is unpacked is bounded by its length and by the space of the volume, and goes on in the next program', async () => {
    const packed = gzipSync(content);
    const upload = await begin('a.raw', packed, { packing: 'gzip' });
    await take(upload, packed, 0, 500_000);
    assert.equal((await find(upload))?.receivedBytes, 500_000);
    uploads = open();
    assert.equal((await find(upload))?.receivedBytes, 500_000);
    await take(upload, packed, 500_000, 900_000);
    uploads = open();
    await take(upload, packed, 900_000);
    uploads = open(); // all has come, and is unpacked once more to be finished
    assert.equal((await finish(upload, sha256(packed))).sizeBytes, content.length);
    assert.ok(readFileSync(at('a.raw')).equals(content));

    const lost = await begin('l.raw', packed, { packing: 'gzip' });
    await take(lost, packed, 0, 500_000);
    await rm(partPath(lost).replace(/upload$/, 'packed'));
    uploads = open();
    await fails(take(lost, packed, 500_000), 'stale', /goes on at 0/);
    await take(lost, packed);
    await finish(lost, sha256(packed));
    await rm(at('l.raw'));

    const broken = Buffer.from(packed);
    broken.fill(1, packed.length >> 1);
    const bad = await begin('b.raw', broken, { packing: 'gzip' });
    const sent = take(bad, broken).then(() => finish(bad));
    await fails(sent, 'invalid', /cannot be unpacked as gzip/);
    const cut = await begin('c.raw', packed.subarray(0, 900_000), { packing: 'gzip' });
    await take(cut, packed.subarray(0, 900_000));
    await fails(finish(cut), 'invalid');
    await fails(take(cut, packed), 'not-found');

    uploads = open({ maxContentBytes: 16 * miB });
    const bomb = gzipSync(Buffer.alloc(17 * miB));
    const long = await begin('d.raw', bomb, { packing: 'gzip' });
    const all = take(long, bomb).then(() => finish(long));
    await fails(all, 'invalid', /more than 16/);
    uploads = open();
    const wide = await begin('e.raw', packed, { packing: 'gzip' });
    async function* low(): AsyncGenerator<Buffer> {
      yield packed.subarray(0, miB);
      keepFreeBytes = 2 ** 60;
      await new Promise(() => undefined);
    }
    const part = { offset: 0, sizeBytes: packed.length, open: async () => low() };
    await fails(uploads.take(wide.id, part, signal), 'exhausted', /low on space/);
    await uploads.stop(wide.id);
    assert.deepEqual(readdirSync(folder), ['a.raw']);
  });

  test('a checksum that is another one keeps nothing', async () => {
    const upload = await begin('a.raw');
    await take(upload, content);
    await fails(finish(upload, sha256(Buffer.from('another'))), 'invalid', /not what was to come/);
    assert.deepEqual([readdirSync(folder), await find(upload)], [[], undefined]);
  });

  test('a program that ended between name and record finds its own file, and no other file is overwritten', async () => {
    const upload = await begin('a.raw');
    await take(upload, content);
    writeFileSync(at('a.raw'), 'of another');
    await fails(finish(upload), 'exists');
    assert.equal(readFileSync(at('a.raw'), 'utf8'), 'of another');
    await rm(at('a.raw'));
    linkSync(partPath(upload), at('a.raw'));
    uploads = open();
    assert.equal((await finish(upload)).sizeBytes, content.length);
    assert.deepEqual(readdirSync(folder), ['a.raw']);
    assert.equal(statSync(at('a.raw')).nlink, 1);
  });

  test('the newest part wins over one that hangs, and whoever gives it up leaves nothing', async () => {
    const upload = await begin('a.raw');
    async function* hanging(): AsyncGenerator<Buffer> {
      yield content.subarray(0, 1000);
      await new Promise(() => undefined);
    }
    const part = { offset: 0, sizeBytes: miB, open: async () => hanging() };
    const first = uploads.take(upload.id, part, signal);
    first.catch(() => undefined);
    while ((await find(upload))?.receivedBytes !== 1000) await new Promise(setImmediate);
    await take(upload, content, 1000, miB);
    await fails(first, 'cancelled');
    const second = uploads.take(
      upload.id,
      { ...part, offset: miB, open: async () => hanging() },
      signal,
    );
    second.catch(() => undefined);
    while ((await find(upload))?.receivedBytes !== miB + 1000) await new Promise(setImmediate);
    await uploads.stop(upload.id);
    await fails(second, 'cancelled');
    await fails(take(upload, content, miB), 'not-found');
    assert.deepEqual(readdirSync(folder), []);
    assert.deepEqual(readdirSync(join(outside, 'uploads')), []);
  });

  test('names lie in the folders for vms and in no vm’s own; of one name there is one upload', async () => {
    for (const bad of ['', '.hidden', '../a', 'b/c.raw', '/x/../a', 'a\nb', 'ä'.repeat(101), '/x/'])
      assert.equal(uploadBeginSchema.safeParse({ file: bad, sizeBytes: 1 }).success, false, bad);
    symlinkSync(outside, at('way-out'));
    await fails(begin(join(outside, 'a.raw')), 'forbidden');
    await fails(begin(at('way-out/a.raw')), 'forbidden');
    await fails(begin(at('none/a.raw')), 'not-found');
    mkdirSync(at('web'));
    const place = { folder: at('web'), file: at('web/web.json') };
    machines.push(newMachineFile(bareDefinition(), 1, place, 0));
    await fails(begin(at('web/a.raw')), 'forbidden', /folder of a vm/);

    const mine = await begin('a.raw', content, { fingerprint: 'one' });
    await fails(begin('a.raw', content, { fingerprint: 'two' }), 'refused', /another content/);
    await fails(begin('a.raw', content, { fingerprint: 'one', owner: 'bob' }), 'refused');
    const checked = await begin('b.raw', content, { work: 'check' });
    assert.equal(await find(checked), undefined);
    assert.equal((await begin('a.raw', content, { fingerprint: 'one' })).id, mine.id);
  });

  test('what does not fit beside other uploads is refused before it begins, and ends when space runs low meanwhile', async () => {
    const many = 2 ** 49;
    const asked = uploadBeginSchema.parse({ file: 'a.raw', sizeBytes: many });
    const huge = { ...asked, id: crypto.randomUUID(), owner: 'ann', work: 'do' } as const;
    await fails(uploads.begin(huge, machines), 'exhausted', /do not fit/);
    const upload = await begin('b.raw');
    async function* low(): AsyncGenerator<Buffer> {
      yield content.subarray(0, 1000);
      keepFreeBytes = 2 ** 60;
      await new Promise(() => undefined);
    }
    const part = { offset: 0, sizeBytes: miB, open: async () => low() };
    await fails(uploads.take(upload.id, part, signal), 'exhausted', /low on space/);
    keepFreeBytes = 0;
    await take(upload, content, 1000);
    assert.equal((await finish(upload)).sha256, sha256(content));
  });

  test('an upload of which nobody has sent a part for a day is swept with what came of it', async (t) => {
    const upload = await begin('a.raw');
    await take(upload, content, 0, miB);
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + uploadIdleMs - 60_000 });
    uploads = open();
    assert.equal((await find(upload))?.receivedBytes, miB);
    t.mock.timers.tick(120_000);
    uploads = open();
    assert.deepEqual([await find(upload), readdirSync(folder)], [undefined, []]);
    t.mock.timers.reset();
  });
});
