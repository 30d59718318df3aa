import assert from 'node:assert/strict';
import { readFile, rm, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { detectFormat, formatNamed, openDisk, openNodeFile } from '#disk';
import { assertSame, contentOf, make, mustRun, store, withFolder, writePattern } from './tools.ts';

const sizeBytes = 37 * 1024 * 1024 + 512;

for (const variant of ['dynamic', 'fixed', 'dynamic-chs', 'fixed-chs']) {
  void test(`qemu-img reads what we write to a ${variant} vhd, at its exact size`, () =>
    withFolder(async (folder) => {
      const path = join(folder, 'a.vhd');
      const size = formatNamed('vhd').roundSize?.(sizeBytes, variant) ?? 0;
      const raw = await make({ path: join(folder, 'a.raw'), format: 'raw', sizeBytes: size });
      const vhd = await make({ path, format: 'vhd', sizeBytes, options: { variant } });
      assert.equal(vhd.sizeBytes, size);
      for (const disk of [raw, vhd]) {
        await writePattern(disk, 3);
        await disk.close();
      }
      await assertSame('vpc', path, join(folder, 'a.raw'));
      const info: unknown = JSON.parse(
        await mustRun('qemu-img', 'info', '--output=json', '-f', 'vpc', path),
      );
      assert.ok(typeof info === 'object' && info !== null && 'virtual-size' in info);
      assert.equal(info['virtual-size'], size);
    }));
}

for (const options of ['subformat=dynamic', 'subformat=fixed', 'subformat=dynamic,force_size=on']) {
  void test(`we read what qemu-img writes to a vhd with ${options}`, () =>
    withFolder(async (folder) => {
      const source = await make({ path: join(folder, 'a.raw'), format: 'raw', sizeBytes });
      await writePattern(source, 4);
      await source.close();
      const path = join(folder, 'a.vhd');
      await mustRun('qemu-img', 'convert', '-O', 'vpc', '-o', options, join(folder, 'a.raw'), path);
      await mustRun('qemu-img', 'convert', '-f', 'vpc', '-O', 'raw', path, join(folder, 'b.raw'));
      const disk = await openDisk({ path, store });
      assert.equal(disk.format, 'vhd');
      assert.ok((await contentOf(disk)).equals(await readFile(join(folder, 'b.raw'))));
      await disk.close();
      // and we may go on writing where the other tool stopped
      const again = await openDisk({ path, store, access: 'write' });
      await writePattern(again, 5);
      const content = await contentOf(again);
      await again.close();
      await mustRun('qemu-img', 'convert', '-f', 'vpc', '-O', 'raw', path, join(folder, 'b.raw'));
      assert.ok(content.equals(await readFile(join(folder, 'b.raw'))));
    }));
}

void test('DISK-09 a new dynamic vhd of 1 GB takes no more than 3 MB', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.vhd');
    await (await make({ path, format: 'vhd', sizeBytes: 1024 ** 3 })).close();
    assert.ok((await stat(path)).size < 3 * 1024 * 1024);
    assert.match(
      await mustRun('qemu-img', 'info', '-f', 'vpc', path),
      /1 GiB \(1073741824 bytes\)/,
    );
  }));

void test('DISK-06 a fixed vhd is its size plus the footer, whatever is written', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.vhd');
    const options = { variant: 'fixed', preallocation: 'full' } as const;
    const disk = await make({ path, format: 'vhd', sizeBytes, options });
    assert.equal((await stat(path)).size, sizeBytes + 512);
    assert.ok((await stat(path)).blocks * 512 >= sizeBytes, 'the space is taken');
    await writePattern(disk, 1);
    await disk.close();
    assert.equal((await stat(path)).size, sizeBytes + 512);
  }));

/** Reads a chain of VHDs with nothing but the specification in mind: child first, parent last. */
const pythonReader = `
import struct, sys
def layer(path):
    f = open(path, 'rb'); d = f.read()
    foot = d[:512]
    assert foot[:8] == b'conectix' and d[-512:] == foot
    size, = struct.unpack('>Q', foot[48:56]); at, = struct.unpack('>Q', foot[16:24])
    kind, = struct.unpack('>I', foot[60:64])
    head = d[at:at+1024]
    assert head[:8] == b'cxsparse'
    table, _, n, block = struct.unpack('>QIII', head[16:36])
    bat = struct.unpack('>%dI' % n, d[table:table+4*n])
    return d, size, kind, block, bat, head, foot
paths = sys.argv[2:]
layers = [layer(p) for p in paths]
for child, parent in zip(layers, layers[1:]):
    assert child[2] == 4 and child[5][40:56] == parent[6][68:84]
size = layers[0][1]
out = bytearray(size)
for d, s, kind, block, bat, head, foot in reversed(layers):
    bitmap = -(-block // 512 // 8 // 512) * 512
    for i, e in enumerate(bat):
        if e == 0xffffffff: continue
        bits = d[e*512:e*512+bitmap]
        for j in range(block // 512):
            if bits[j >> 3] & (0x80 >> (j & 7)):
                g = i * block + j * 512
                if g < size:
                    o = e * 512 + bitmap + j * 512
                    out[g:g+512] = d[o:o+512]
open(sys.argv[1], 'wb').write(out)
`;

void test('FMT-11 an independent reader finds our differencing chain as we do', () =>
  withFolder(async (folder) => {
    const names = ['base.vhd', 'middle.vhd', 'top.vhd'];
    const paths = names.map((name) => join(folder, name));
    let above: string | undefined;
    for (const [index, path] of paths.entries()) {
      let parent;
      if (above !== undefined) {
        const disk = await openDisk({ path: above, store });
        const { identity } = disk.layer.describe();
        parent = {
          path: above,
          relativePath: names[index - 1] ?? '',
          format: 'vhd',
          identity,
          modifiedMs: Date.UTC(2026, 0, 3),
        };
        await disk.close();
      }
      const disk = await make({ path, format: 'vhd', sizeBytes, options: { parent } });
      await writePattern(disk, index + 10);
      await disk.close();
      above = path;
    }
    const disk = await openDisk({ path: paths[2] ?? '', store });
    assert.equal([...disk.chain()].length, 3);
    const ours = await contentOf(disk);
    await disk.close();
    const out = join(folder, 'out.raw');
    await mustRun('python3', '-c', pythonReader, out, ...paths.toReversed());
    assert.ok(ours.equals(await readFile(out)));

    // another parent in its place is found
    await rename(paths[1] ?? '', join(folder, 'gone.vhd'));
    await assert.rejects(openDisk({ path: paths[2] ?? '', store }), { code: 'not-found' });
    await (await make({ path: paths[1] ?? '', format: 'vhd', sizeBytes: 512 })).close();
    await assert.rejects(openDisk({ path: paths[2] ?? '', store }), { code: 'stale' });
    await rm(paths[1] ?? '');
    const named = { path: join(folder, 'gone.vhd') };
    const again = await openDisk({ path: paths[2] ?? '', store, parent: named });
    assert.ok(ours.equals(await contentOf(again)));
    await again.close();
  }));

void test('a vhd is recognised by its content, not by its name', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'disk.img');
    await (await make({ path, format: 'vhd', sizeBytes, options: { variant: 'fixed' } })).close();
    const file = await openNodeFile(path, 'read');
    assert.equal((await detectFormat(file))?.name, 'vhd');
    await file.close();
    const asRaw = await openDisk({ path, store, format: 'raw' });
    assert.equal(asRaw.sizeBytes, sizeBytes + 512);
    await asRaw.close();
  }));
