/** What other programs have packed, and what nobody has. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { crc32, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { Packing } from '#api';
import { isFault, kiB, miB } from '#lib';
import { Unpacking } from './unpack.ts';

type Packed = Exclude<Packing, 'none'>;

const folder = mkdtempSync(join(tmpdir(), 'un-'));
after(() => rm(folder, { recursive: true }));

/** Text that packs, with zeros in it. */
const content = Buffer.alloc(3 * miB);
for (let at = 0; at < miB; at += 16) content.write(`line ${at % 9973}\n`, at);

async function unpack(packing: Packed, packed: Buffer, partBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  const unpacking = new Unpacking(packing, async (bytes) => void parts.push(Buffer.from(bytes)));
  try {
    for (let at = 0; at < packed.length; at += partBytes)
      await unpacking.write(packed.subarray(at, at + partBytes));
    await unpacking.end();
  } finally {
    await unpacking.stop();
  }
  return Buffer.concat(parts);
}

const run = (program: string, ...args: string[]): Buffer =>
  execFileSync(program, args, { input: content, cwd: folder, maxBuffer: 64 * miB });

const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

/** Of zip, with what it is called in the test. */
function zips(): readonly (readonly [string, Buffer])[] {
  writeFileSync(join(folder, 'disk.raw'), content);
  const pack = (name: string, ...args: string[]): readonly [string, Buffer] => {
    execFileSync('zip', ['-q', ...args, name, 'disk.raw'], { cwd: folder });
    return [args.join(' '), readFileSync(join(folder, name))];
  };
  return [
    pack('deflated.zip'),
    pack('stored.zip', '-0'),
    pack('wide.zip', '-fz'),
    // From a stream its sizes stand behind it, and it is a ZIP64.
    ['stream', run('zip', '-q', '-', '-')],
  ];
}

test('what other programs have packed comes out as it was, in whatever pieces it came', async (t) => {
  const packed: (readonly [Packed, string, Buffer])[] = [
    ['gzip', 'one', run('gzip', '-c')],
    [
      'gzip',
      'two',
      Buffer.concat([gzipSync(content.subarray(0, 7)), gzipSync(content.subarray(7))]),
    ],
    [
      'zstd',
      'two',
      Buffer.concat([
        zstdCompressSync(content.subarray(0, 7)),
        zstdCompressSync(content.subarray(7)),
      ]),
    ],
  ];
  if (has('zstd')) packed.push(['zstd', 'one', run('zstd', '-c')]);
  if (has('xz')) packed.push(['xz', 'one', run('xz', '-c')], ['xz', '-9', run('xz', '-9', '-c')]);
  else t.diagnostic('xz is not installed');
  if (has('zip')) for (const [name, bytes] of zips()) packed.push(['zip', name, bytes]);
  else t.diagnostic('zip is not installed');
  for (const [packing, name, bytes] of packed)
    for (const partBytes of [1 * kiB + 1, miB])
      assert.ok((await unpack(packing, bytes, partBytes)).equals(content), `${packing} ${name}`);
});

/** A zip of files by hand: its name, and its data as deflate makes it. */
function zip(...names: readonly string[]): Buffer {
  const parts = names.map((name) => {
    const data = name.endsWith('/') ? Buffer.alloc(0) : deflateRawSync(content);
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(name.endsWith('/') ? 0 : 8, 8);
    head.writeUInt32LE(crc32(content), 14);
    head.writeUInt32LE(data.length, 18);
    head.writeUInt16LE(name.length, 26);
    return Buffer.concat([head, Buffer.from(name), data]);
  });
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  return Buffer.concat([...parts, end]);
}

test('folders in a zip are passed over, and a zip of several files is refused, as is what does not say where it ends', async () => {
  assert.ok((await unpack('zip', zip('a/', 'a/disk.raw'), 777)).equals(content));
  const refused = (packed: Buffer, why: RegExp): Promise<void> =>
    assert.rejects(unpack('zip', packed, 777), (error: unknown) => {
      assert.ok(isFault(error, 'unsupported') && why.test(error.message), String(error));
      return true;
    });
  await refused(zip('a', 'b'), /several files/);
  const encrypted = zip('a');
  encrypted.writeUInt16LE(1, 6);
  await refused(encrypted, /encrypted/);
  const other = zip('a');
  other.writeUInt16LE(14, 8);
  await refused(other, /method 14/);
  const unknown = zip('a');
  unknown.writeUInt16LE(8, 6);
  unknown.writeUInt16LE(0, 8);
  await refused(unknown, /where its file ends/);
});

test('what is cut off, changed, or followed by something else is found, and nothing of it is taken for the whole', async (t) => {
  const whole = new Map<Packed, Buffer>([
    ['gzip', gzipSync(content)],
    ['zstd', zstdCompressSync(content, { params: { 201: 1 } })],
    ['zip', zip('disk.raw')],
  ]);
  if (has('xz')) whole.set('xz', run('xz', '-c'));
  else t.diagnostic('xz is not installed');
  for (const [packing, packed] of whole) {
    const middle = packed.length >> 1;
    const changed = Buffer.from(packed);
    changed[middle] = (changed[middle] ?? 0) ^ 0xff;
    const behind = packing === 'zip' ? [] : [Buffer.concat([packed, Buffer.from('something')])];
    const bad = [
      packed.subarray(0, middle),
      changed,
      Buffer.alloc(0),
      Buffer.from('nothing of the kind'),
      ...behind,
    ];
    for (const [index, bytes] of bad.entries())
      await assert.rejects(
        unpack(packing, bytes, 10_000),
        (error) => isFault(error, 'invalid'),
        `${packing} ${index}`,
      );
  }
});
