/** Archives that the tools of the field have made, and some that nobody should have. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { giB, isFault, kiB, miB, type FaultCode } from '#lib';
import { unpackArchive, type Unpacked } from './unpack-archive.ts';

const tools = {
  zip: ['python3', '-m', 'zipfile', '-c', 'ARCHIVE', 'vm'],
  tar: ['tar', '-cf', 'ARCHIVE', 'vm'],
  'posix.tar': ['tar', '--format=posix', '-cf', 'ARCHIVE', './vm'],
  'tar.gz': ['tar', '-czf', 'ARCHIVE', 'vm'],
  'tar.xz': ['tar', '-cJf', 'ARCHIVE', 'vm'],
  'tar.zst': ['tar', '--zstd', '-cf', 'ARCHIVE', 'vm'],
} as const;

/** Forms of sparse files, with the words that tar is told for each. */
const sparseForms = [
  ['s.gnu', '--format=gnu'],
  ['s.00', '--format=posix', '--sparse-version=0.0'],
  ['s.01', '--format=posix', '--sparse-version=0.1'],
  ['s.10', '--format=posix', '--sparse-version=1.0'],
] as const;

/** An archive, what its map says, and what it says then: behind the end, over another run, backwards, too much data, no number. */
const impossibleMaps: readonly (readonly [string, string, string])[] = [
  ['s.gnu', '00042250000\0', '00077777777\0'],
  ['s.gnu', '00042250000\0', '00003640001\0'],
  ['s.gnu', '00000010000\0', '00000020000\0'],
  ['s.gnu', '00050000000\0', '00010000000\0'],
  ['s.gnu', '00042250000\0', '000x2250000\0'],
  ['s.00', 'offset=8998912', 'offset=0098912'],
  ['s.00', 'numblocks=3\n', 'numbytes=55\n'],
  ['s.00', 'numbytes=4096', 'numbytes=8192'],
  ['s.01', ',8998912,', ',0998912,'],
  ['s.01', ',8998912,', ',-998912,'],
  ['s.01', 'size=10485760', 'size=00485760'],
  ['s.10', '3\n999424\n4096\n', '9\n999424\n4096\n'],
  ['s.10', '3\n999424\n4096\n', '3\n999424\n4097\n'],
  ['s.10', '3\n999424\n4096\n', '3 999424 4096\n'],
  ['s.10', 'major=1', 'major=2'],
];

/** A file with these pieces of data, else holes. */
function makeHoles(
  path: string,
  sizeBytes: number,
  pieces: readonly (readonly [number, Buffer])[],
): void {
  const file = openSync(path, 'w');
  for (const [offset, bytes] of pieces) writeSync(file, bytes, 0, bytes.length, offset);
  closeSync(file);
  truncateSync(path, sizeBytes);
}

function readAt(path: string, offset: number, length: number): string {
  const file = openSync(path, 'r');
  const bytes = Buffer.alloc(length);
  readSync(file, bytes, 0, length, offset);
  closeSync(file);
  return bytes.toString();
}

/** Of the first header: so that it is refused for what it says. */
function fixSum(archive: Buffer): void {
  archive.fill(0x20, 148, 156);
  const sum = archive.subarray(0, 512).reduce((all, byte) => all + byte, 0);
  archive.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}

/** What a program in Python makes with `z` a zip archive, or `t` a tar archive. */
const hostile: readonly (readonly [string, string, FaultCode, RegExp])[] = [
  ['out', "z.writestr('a/../../outside', 'x')", 'invalid', /leads out of its folder/],
  ['root', "z.writestr('/etc/out', 'x')", 'invalid', /leads out/],
  ['drive', "z.writestr('C:\\\\out', 'x')", 'invalid', /leads out/],
  ['back', "z.writestr('..\\\\outside', 'x')", 'invalid', /leads out/],
  ['twice', "z.writestr('a', 'x'); z.writestr('a', 'y')", 'invalid', /twice/],
  ['both', "z.writestr('a', 'x'); z.writestr('a/b', 'y')", 'invalid', /twice/],
  ['mark', "z.writestr('.gantry-unpacked.json', 'x')", 'invalid', /no file can have/],
  [
    'link',
    "i = zipfile.ZipInfo('a'); i.create_system = 3; i.external_attr = 0o120777 << 16; z.writestr(i, '/etc/shadow')",
    'unsupported',
    /is a link/,
  ],
  ['many', "[z.writestr(str(n), '') for n in range(10001)]", 'too-large', /more than 10000/],
  ['deep', "z.writestr('a/' * 20 + 'b', 'x')", 'invalid', /no file can have/],
  ['bomb', "z.writestr('a', bytes(10 << 20), 8)", 'too-large', /unpacks to more than 9 MiB/],
  ['tar-out', "add('../outside')", 'invalid', /leads out/],
  ['tar-root', "add('/out')", 'invalid', /leads out/],
  ['tar-link', "add('a', tarfile.SYMTYPE)", 'unsupported', /is a link/],
  ['tar-hard', "add('a', tarfile.LNKTYPE)", 'unsupported', /is a hard link/],
  ['tar-device', "add('a', tarfile.BLKTYPE)", 'unsupported', /is a device/],
  ['tar-pipe', "add('a', tarfile.FIFOTYPE)", 'unsupported', /is a pipe/],
  ['tar-twice', "add('a'); add('./a')", 'invalid', /twice/],
  ['tar-bomb', "add('a', size=10 << 20)", 'too-large', /unpacks to more than 9 MiB/],
];

/** Archives by their paths, all by one start of Python. */
function makeArchives(archives: Readonly<Record<string, string>>): void {
  const parts = Object.entries(archives).map(([path, text]) =>
    text.includes('add(')
      ? `t = tarfile.open(${JSON.stringify(path)}, 'w:gz'); ${text}; t.close()`
      : `z = zipfile.ZipFile(${JSON.stringify(path)}, 'w', zipfile.ZIP_DEFLATED); ${text}; z.close()`,
  );
  const program = `
import io, tarfile, warnings, zipfile
warnings.simplefilter('ignore')
def add(name, type=tarfile.REGTYPE, size=0):
    i = tarfile.TarInfo(name); i.type = type; i.size = size; i.linkname = 'b'
    t.addfile(i, io.BytesIO(bytes(size)))
${parts.join('\n')}`;
  execFileSync('python3', ['-c', program]);
}

describe('archives', () => {
  let folder = '';
  const at = (...names: string[]): string => join(folder, ...names);
  const content = Buffer.concat([randomBytes(miB), Buffer.alloc(2 * miB), randomBytes(miB)]);
  const { signal } = new AbortController();
  const unpack = (name: string, more: object = {}): Promise<Unpacked> =>
    unpackArchive({
      archive: at(name),
      folder: at('unpacked'),
      signal,
      onProgress: () => undefined,
      maxContentBytes: 9 * miB,
      ...more,
    });
  const fails = (work: Promise<unknown>, code: FaultCode, why: RegExp): Promise<void> =>
    assert.rejects(work, (error: unknown) => {
      assert.ok(isFault(error, code) && why.test(error.message), String(error));
      return true;
    });

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'ua-'));
    mkdirSync(at('vm', 'in a folder', 'ä'.repeat(70)), { recursive: true });
    writeFileSync(at('vm', 'web.vmx'), 'config');
    writeFileSync(at('vm', 'in a folder', 'ä'.repeat(70), 'disk.vmdk'), content);
    writeFileSync(at('vm', 'setup.iso'), content);
    writeFileSync(at('vm', 'empty.log'), '');
  });
  after(() => rm(folder, { recursive: true }));

  test('what each tool has packed is unpacked as it was, with holes for zeros, disks for nobody else, and the archive as it was', async () => {
    for (const [suffix, words] of Object.entries(tools)) {
      const name = `a.${suffix}`;
      const [command, ...rest] = words;
      execFileSync(
        command,
        rest.map((word) => (word === 'ARCHIVE' ? at(name) : word)),
        {
          cwd: folder,
        },
      );
      const before = readFileSync(at(name));
      const { files, contentBytes } = await unpack(name);
      assert.deepEqual([...files].sort(), [
        'vm/empty.log',
        `vm/in a folder/${'ä'.repeat(70)}/disk.vmdk`,
        'vm/setup.iso',
        'vm/web.vmx',
      ]);
      assert.equal(contentBytes, 2 * content.length + 6, suffix);
      for (const file of files)
        assert.ok(readFileSync(at('unpacked', file)).equals(readFileSync(at(file))), name);
      const disk = statSync(at('unpacked', 'vm', 'in a folder', 'ä'.repeat(70), 'disk.vmdk'));
      assert.deepEqual([disk.blocks * 512 <= 2.5 * miB, disk.mode & 0o777], [true, 0o600], suffix);
      assert.equal(statSync(at('unpacked', 'vm', 'setup.iso')).mode & 0o777, 0o644);
      assert.ok(readFileSync(at(name)).equals(before));
    }
  });

  test('sparse files of each form of GNU tar are unpacked with their content and their holes', async () => {
    mkdirSync(at('sparse'));
    const pieces = Array.from(
      { length: 60 },
      (_, index) => [index * 64 * kiB, randomBytes(4 * kiB)] as const,
    );
    makeHoles(at('sparse', 'many.img'), 4 * miB, pieces);
    makeHoles(at('sparse', 'none.img'), miB, []);
    makeHoles(at('sparse', 'far.img'), 12 * giB, [[11 * giB, Buffer.from('far away')]]);
    writeFileSync(at('sparse', 'dense.bin'), content);
    for (const [name, ...words] of sparseForms) {
      execFileSync('tar', ['--sparse', ...words, '-cf', at(name), 'sparse'], { cwd: folder });
      assert.ok(statSync(at(name)).size < 6 * miB, `${name} has holes`);
      const { contentBytes } = await unpack(name, { maxContentBytes: 13 * giB });
      assert.equal(contentBytes, 12 * giB + 5 * miB + content.length);
      for (const file of ['many.img', 'none.img', 'dense.bin'])
        assert.ok(
          readFileSync(at('unpacked', 'sparse', file)).equals(readFileSync(at('sparse', file))),
          `${name}: ${file}`,
        );
      const far = statSync(at('unpacked', 'sparse', 'far.img'));
      assert.deepEqual([far.size, far.blocks], [12 * giB, 8], name);
      assert.equal(readAt(at('unpacked', 'sparse', 'far.img'), 11 * giB, 8), 'far away');
      assert.equal(statSync(at('unpacked', 'sparse', 'none.img')).blocks, 0, name);
      await fails(unpack(name, { maxContentBytes: 9 * giB }), 'too-large', /more than 9 GiB/);
    }
  });

  test('a map of holes that cannot be is refused, whichever form it has', async () => {
    makeHoles(at('one.img'), 10_485_760, [
      [999_424, Buffer.from('hello')],
      [8_998_912, Buffer.from('world')],
    ]);
    for (const [name, ...words] of sparseForms)
      execFileSync('tar', ['--sparse', ...words, '-cf', at(name), 'one.img'], { cwd: folder });
    const maxContentBytes = 20 * miB;
    for (const [name] of sparseForms) await unpack(name, { maxContentBytes });
    for (const [name, from, to] of impossibleMaps) {
      const bytes = readFileSync(at(name));
      const place = bytes.indexOf(from, 0, 'latin1');
      assert.ok(place > 0 && from.length === to.length, `${name} has ${from}`);
      bytes.write(to, place, 'latin1');
      if (name === 's.gnu') fixSum(bytes);
      writeFileSync(at('bad'), bytes);
      await fails(unpack('bad', { maxContentBytes }), 'invalid', /bad cannot be unpacked/);
    }
  });

  test('names that lead out, links, devices, what is there twice, too many and too much are refused', async () => {
    makeArchives(Object.fromEntries(hostile.map(([name, text]) => [at(name), text])));
    for (const [name, , code, why] of hostile) await fails(unpack(name), code, why);
    for (const one of [folder, join(folder, '..')])
      assert.ok(!readdirSync(one).includes('outside'), one);
  });

  test('what is torn, has something else in it, or lies across others is none', async () => {
    writeFileSync(at('text'), 'no archive');
    await fails(unpack('text'), 'invalid', /is no archive that can be unpacked/);
    for (const name of ['a.zip', 'a.tar', 'a.tar.gz', 'a.tar.xz', 'a.tar.zst']) {
      writeFileSync(at('torn'), readFileSync(at(name)));
      truncateSync(at('torn'), 2 * miB);
      await fails(unpack('torn'), 'invalid', /torn cannot be unpacked/);
      const bytes = readFileSync(at(name));
      if (!name.endsWith('zip') && !name.endsWith('gz')) continue;
      bytes[miB] = (bytes[miB] ?? 0) ^ 1;
      writeFileSync(at('torn'), bytes);
      await fails(unpack('torn'), 'invalid', /torn cannot be unpacked/);
    }
    // The second of two entries begins where the first does.
    makeArchives({ [at('two')]: "z.writestr('a', 'x' * 50); z.writestr('b', 'y')" });
    const two = readFileSync(at('two'));
    const second = two.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1'));
    two.writeUInt32LE(0, second + 42);
    writeFileSync(at('two'), two);
    await fails(unpack('two'), 'invalid', /lies across others/);
  });
});
