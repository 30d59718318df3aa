import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFault } from '#lib';
import { createIso, listFatFiles } from '#images';
import { HostImages } from './images.ts';

async function withImages(
  work: (images: HostImages, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gi-'));
  try {
    await work(
      new HostImages({ folder, folders: () => [folder], qemuImg: () => 'qemu-img' }),
      folder,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('an image is built once, and every account may read it', () =>
  withImages(async (images) => {
    const steps: string[] = [];
    const { signal } = new AbortController();
    const build = () =>
      images.build({ recipe: 'starter-floppy' }, (step) => steps.push(step), signal);
    const built = await build();
    assert.ok(steps.length > 0);
    assert.deepEqual([built.format, built.imageKind, built.fileBytes], ['raw', 'floppy', 1474560]);
    assert.equal((await stat(built.path)).mode & 0o777, 0o644);
    steps.length = 0;
    assert.deepEqual(await build(), built);
    assert.deepEqual(steps, []);
  }));

test('a build that is cancelled ends with that reason', () =>
  withImages(async (images) => {
    const controller = new AbortController();
    const building = images.build(
      { recipe: 'starter' },
      () => controller.abort(),
      controller.signal,
    );
    await assert.rejects(building, (error) => isFault(error, 'cancelled'));
  }));

test('GA-31 drivers for Windows are taken from the CD in the search path, and from no file outside of it', () =>
  withImages(async (images, folder) => {
    const { signal } = new AbortController();
    const build = (drivers?: string) =>
      images.build(
        { recipe: 'drivers-floppy', ...(drivers === undefined ? {} : { drivers }) },
        () => undefined,
        signal,
      );
    const path = join(folder, 'virtio-win-0.1.1.iso');
    const data = Buffer.from('%d% = i, PCI\\VEN_1AF4&DEV_1001');
    const names = ['viostor.sys', 'viostor.inf', 'viostor.cat'];
    const files = names.map((name) => ({ path: `viostor/xp/x86/${name}`, data }));
    await createIso({ path, label: 'virtio-win', files });
    const found = await build();
    assert.deepEqual([found.format, found.imageKind], ['raw', 'floppy']);
    assert.ok((await listFatFiles(found.path)).includes('XP/X86/viostor.sys'));
    assert.deepEqual(await build(path), found);
    await assert.rejects(build('/etc/passwd'), (error) => isFault(error, 'forbidden'));
    await assert.rejects(build(join(folder, 'gone.iso')), (error) => isFault(error, 'not-found'));
  }));

test('a registered image is what its content says, whatever its file is called, and what is none is refused by its name', () =>
  withImages(async (images, folder) => {
    const { signal } = new AbortController();
    const file = (name: string): string => join(folder, name);
    const inspect = async (
      name: string,
      format: 'qcow2' | 'raw' | null = null,
      imageKind: 'disk' | 'cd' | 'floppy' | null = null,
    ) => {
      const found = await images.inspect({ file: file(name), format, imageKind }, signal);
      return [found.imageKind, found.format, found.sizeBytes] as const;
    };
    for (const [name, format] of [
      ['disk.iso', 'qcow2'],
      ['theirs.iso', 'vpc'],
    ] as const)
      execFileSync('qemu-img', ['create', '-q', '-f', format, file(name), '8M']);
    await writeFile(file('floppy.iso'), '');
    await truncate(file('floppy.iso'), 1_474_560);
    await writeFile(file('zeros.iso'), Buffer.alloc(65_536));
    assert.deepEqual(await inspect('disk.iso'), ['disk', 'qcow2', 8_388_608]);
    assert.deepEqual(await inspect('floppy.iso'), ['floppy', 'raw', 1_474_560]);
    assert.deepEqual(await inspect('floppy.iso', 'raw', 'disk'), ['disk', 'raw', 1_474_560]);
    assert.deepEqual(await inspect('zeros.iso', null, 'cd'), ['cd', 'raw', 65_536]);
    for (const [name, format, kind] of [
      ['theirs.iso', null, null],
      ['zeros.iso', null, null],
      ['disk.iso', 'raw', 'cd'],
      ['disk.iso', null, 'cd'],
      ['floppy.iso', null, 'cd'],
      ['zeros.iso', 'qcow2', 'disk'],
    ] as const)
      await assert.rejects(
        inspect(name, format, kind),
        (error) => isFault(error, 'refused') && / it is .+/.test(error.message),
        `${name} as ${format} ${kind}`,
      );
    await assert.rejects(
      inspect('theirs.iso'),
      (error) =>
        isFault(error) &&
        error.message.includes('VHD of Virtual PC') &&
        /disk inspect/.test(error.hint ?? ''),
    );
  }));
