/** What Windows guests are given: made of a CD in the layout of virtio-win.iso, read back from what was made. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { giB, isFault } from '#lib';
import { listFatFiles, readFatFile } from '../fat.ts';
import { buildImage } from '../image.ts';
import { listIsoFiles, readIsoFile, readIsoFiles } from '../iso.ts';
import { contentOf, makeVirtioWin, storageIds, virtioWinPaths } from '../testing/virtio-win.ts';
import { additionsVersion } from '../version.ts';
import { findDriverIso } from './driver-iso.ts';
import { filesOf } from './driver-floppy.ts';
import { hardwareIds } from './txtsetup.ts';

describe('drivers for Windows', () => {
  let folder: string;
  let driversPath: string;
  let cacheDir: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gwi-'));
    cacheDir = join(folder, 'cache');
    driversPath = join(folder, 'virtio-win.iso');
    await makeVirtioWin(driversPath);
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test('GA-31 the additions CD for Windows has its drivers as setup and pnputil look for them, the agent and an installer', async () => {
    const { path, format } = await buildImage({ kind: 'additions-windows', cacheDir, driversPath });
    assert.equal(format, 'iso');
    const names = new Set(await listIsoFiles(path));
    const wanted = virtioWinPaths().filter(
      (name) => !/^(qxl|data|amd64)\/|\.(pdb|doc)$|-gt-/.test(name),
    );
    for (const name of wanted) assert.ok(names.has(name), name);
    // Setup looks below the architecture for drivers of disks.
    for (const name of ['amd64/2k22/vioscsi.inf', 'amd64/w10/viostor.sys', 'i386/w7/viostor.cat'])
      assert.ok(names.has(name), name);
    for (const name of names)
      assert.ok(!/^(qxl|data)\/|\.pdb$|\.doc$|^(amd64|i386)\/(xp|2k3)\//.test(name), name);
    // Linux guests find all of theirs beside (GA-01).
    for (const name of ['install.sh', 'drivers.sh', 'gantry-guest', 'additions.json'])
      assert.ok(names.has(name), name);
    const read = await readIsoFiles(path, { wants: () => true, maxBytes: giB, maxFiles: 9999 });
    for (const name of wanted) assert.ok(read.get(name)?.equals(contentOf(name)), name);
    const inf = read.get('amd64/w10/viostor.inf');
    assert.ok(inf?.equals(contentOf('viostor/w10/amd64/viostor.inf')));
    const script = (await readIsoFile(path, 'install.cmd')).toString();
    assert.doesNotMatch(script, /[^\r]\n/, 'lines end as Windows wants them');
    for (const driver of ['viostor', 'vioscsi', 'NetKVM', 'vioserial', 'Balloon'])
      assert.match(script, new RegExp(`\\b${driver}\\b`));
    const readme = (await readIsoFile(path, 'WINDOWS.txt')).toString();
    assert.match(readme, new RegExp(`additions ${additionsVersion} for Windows`));
    assert.match(readme, /here for: 2k22 2k3 w10 w7 xp\./);
  });

  test('GA-31 the driver floppy tells the setup of Windows XP and 2003 what it has, and has it', async () => {
    const { path } = await buildImage({ kind: 'drivers-floppy', cacheDir, driversPath });
    const names = await listFatFiles(path);
    const text = (await readFatFile(path, 'TXTSETUP.OEM')).toString();
    assert.doesNotMatch(text, /[^\r]\n/);
    const sections = parseSections(text);
    const disks = new Map(
      sections.get('Disks')?.map((line) => line.split(/ = /) as [string, string]),
    );
    const options = sections.get('scsi') ?? [];
    assert.deepEqual(
      options.map((line) => /"(.*)"/.exec(line)?.[1]),
      ['Windows XP', 'Windows Server 2003', 'Windows Server 2003 and XP, 64 bit'].map(
        (system) => `Virtio disk controller (${system})`,
      ),
    );
    assert.equal(sections.get('Defaults')?.[0], `scsi = ${options[0]?.split(' ')[0]}`);
    const places = ['xp/x86', '2k3/x86', '2k3/amd64'];
    for (const [index, option] of options.entries()) {
      const id = option.split(' ')[0];
      const hardware = sections.get(`HardwareIds.scsi.${id}`);
      assert.deepEqual(
        hardware,
        storageIds.map((known) => `id = "${known}", "viostor"`),
      );
      const files = sections.get(`Files.scsi.${id}`)?.map((line) => line.split(/ = |, /));
      assert.deepEqual(
        files?.map(([role]) => role),
        ['driver', 'inf', 'catalog'],
      );
      for (const [, disk = '', name = ''] of files ?? []) {
        const [, tag = '', place = ''] = disks.get(disk)?.split(', \\') ?? [];
        assert.ok(names.includes(tag), `${tag} marks the floppy`);
        const file = `${place.replaceAll('\\', '/')}/${name}`;
        const data = await readFatFile(path, file);
        assert.ok(data.equals(contentOf(`viostor/${places[index]}/${name}`)), file);
      }
    }
    // For the system that is installed, as far as there is room.
    assert.ok(
      (await readFatFile(path, 'XP/X86/netkvm.sys')).equals(contentOf('NetKVM/xp/x86/netkvm.sys')),
    );
  });

  test('of a floppy that is too small the drivers of disks are on it first', () => {
    const driver = (name: string, sizeBytes: number) => ({
      driver: name,
      version: 'xp',
      architecture: 'x86' as const,
      files: [
        { name: `${name}.sys`, data: Buffer.alloc(sizeBytes) },
        { name: `${name}.inf`, data: Buffer.from(storageIds[0]) },
      ],
    });
    const paths = filesOf([driver('NetKVM', 1_200_000), driver('viostor', 400_000)])?.map(
      ({ path }) => path,
    );
    const place = 'XP/X86/viostor';
    assert.deepEqual(paths, ['disk1', 'TXTSETUP.OEM', `${place}.sys`, `${place}.inf`]);
  });

  test('hardware is read out of an .inf in either encoding, and not out of what is a comment', () => {
    assert.deepEqual(hardwareIds(contentOf('viostor/xp/x86/viostor.inf')), storageIds);
    assert.deepEqual(hardwareIds(contentOf('viostor/w10/amd64/viostor.inf')), storageIds);
    assert.deepEqual(hardwareIds(Buffer.alloc(0)), []);
  });

  test('another CD of drivers makes another image; the same is not built again', async () => {
    const steps: string[] = [];
    const progress = (step: string): void => void steps.push(step);
    const request = { kind: 'drivers-floppy', cacheDir, driversPath, progress } as const;
    const first = await buildImage(request);
    steps.length = 0;
    assert.deepEqual(await buildImage(request), first);
    assert.deepEqual(steps, []);
    const other = join(folder, 'other.iso');
    await makeVirtioWin(other, (name) => !name.startsWith('NetKVM/'));
    const second = await buildImage({ ...request, driversPath: other });
    assert.notEqual(second.sha256, first.sha256);
  });

  test('what is no CD with drivers is a fault that says what is wanted', async () => {
    const build = (kind: 'additions-windows' | 'drivers-floppy', path?: string) =>
      buildImage({ kind, cacheDir, driversPath: path });
    const none = join(folder, 'none.iso');
    await makeVirtioWin(none, (name) => name.startsWith('qxl/'));
    await assert.rejects(build('additions-windows', none), (error) => isFault(error, 'invalid'));
    const modern = join(folder, 'modern.iso');
    await makeVirtioWin(modern, (name) => !/\/(xp|2k3)\//.test(name));
    await assert.rejects(build('drivers-floppy', modern), (error) => {
      assert.ok(isFault(error, 'unsupported'));
      assert.match(error.hint ?? '', /additions-windows/);
      return true;
    });
    const text = join(folder, 'text.iso');
    await writeFile(text, Buffer.alloc(100_000, 'no CD '));
    await assert.rejects(build('drivers-floppy', text), (error) => isFault(error, 'corrupt'));
    for (const path of [undefined, join(folder, 'absent.iso')])
      await assert.rejects(build('drivers-floppy', path), (error) => isFault(error, 'not-found'));
    const few = { wants: () => true, maxBytes: 1000, maxFiles: 9999 };
    await assert.rejects(readIsoFiles(driversPath, few), (error) => isFault(error, 'too-large'));
  });

  test('the newest CD of drivers is found where it lies', async () => {
    const [empty, isos] = [join(folder, 'empty'), join(folder, 'isos')];
    await mkdir(empty);
    await mkdir(isos);
    for (const name of [
      'virtio-win-0.1.96.iso',
      'virtio-win-0.1.271.iso',
      'virtio-win.txt',
      'x.iso',
    ])
      await writeFile(join(isos, name), '');
    await utimes(join(isos, 'virtio-win-0.1.96.iso'), new Date(), new Date());
    assert.equal(await findDriverIso([empty, isos]), join(isos, 'virtio-win-0.1.271.iso'));
  });
});

function parseSections(text: string): ReadonlyMap<string, readonly string[]> {
  const sections = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of text.split('\r\n')) {
    const name = /^\[(.*)\]$/.exec(line)?.[1];
    if (name !== undefined) sections.set(name, (lines = []));
    else if (line !== '') lines.push(line);
  }
  return sections;
}
