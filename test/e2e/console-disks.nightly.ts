/**
 * Virtual disks in the console: made of each type, looked at, the files inside them and images; and vms that move with theirs, on real hosts;
 * one file because all of it shares these hosts, which take longest to come.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Locator, Route } from 'playwright-core';
import { gzipSync } from 'node:zlib';
import { placeName } from '#api';
import { miB } from '#lib';
import { buildImage } from '#images';
import {
  findBarriersInEachLight,
  noBrowser,
  openBrowser,
  sitAtBrowser,
  signInByLink,
  type Person,
} from './browser.ts';
import { newGantry, type Gantry } from './gantry.ts';
import { joinHosts } from './joined-hosts.ts';
import { bootMs, look } from './screen-room.ts';

/** A folder that the host reaches disks in, gone with the answer. */
async function openShelf(gantry: Gantry): Promise<AsyncDisposable & { readonly path: string }> {
  const client = gantry.client();
  const [host] = (await client.call('host.list', {})).items;
  assert.ok(host);
  const path = await mkdtemp(join(tmpdir(), 'gantry-disks-'));
  await chmod(path, 0o755);
  const { searchPath } = host.settings;
  const allow = async (folders: string[]): Promise<void> => {
    const body = { settings: { searchPath: folders } };
    await client.call('host.update', { params: { host: host.id }, body });
  };
  await allow([...searchPath, path]);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await allow(searchPath);
      await rm(path, { recursive: true });
    },
  };
}

/** Built once for all tests: a host by itself would take most of a minute for them. */
async function bringImages(gantry: Gantry): Promise<void> {
  const cacheDir = process.env['GANTRY_TEST_CACHE'] ?? '/var/tmp/gantry-cache';
  for (const kind of ['files', 'starter'] as const) {
    const built = dirname((await buildImage({ kind, cacheDir })).path);
    await cp(built, join(gantry.data, 'agent/images', basename(built)), { recursive: true });
  }
}

describe('virtual disks in the console', { skip: noBrowser }, () => {
  let gantry: Gantry;
  let browser: Browser;
  let person: Person;

  before(async () => {
    gantry = await newGantry();
    const out = await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
    await bringImages(gantry);
    await gantry.must('image', 'build', 'starter');
    const client = gantry.client();
    for (const [name, start] of [
      ['idle', false],
      ['runs', true],
    ] as const) {
      const definition = { hardware: { floppy: {} } };
      const body = { name, disk: { kind: 'none' }, start, definition } as const;
      await client.wait(await client.call('vm.create', { body }));
    }
    browser = await openBrowser();
    person = await sitAtBrowser(browser);
    await signInByLink(person.page, out);
    await person.page.getByRole('heading', { level: 1, name: 'Status' }).waitFor();
  });
  after(async () => {
    await browser?.close();
    await gantry[Symbol.asyncDispose]();
  });

  test('WEB-31 the navigation offers a disk of each type, and a look at any disk file that the host can reach', async () => {
    const { page } = person;
    await using shelf = await openShelf(gantry);
    await page.goto(`${gantry.client().server}/status`);
    const navigation = page.getByRole('navigation', { name: 'Navigation' });
    const dialog = page.getByRole('dialog');
    const begin = async (name: string): Promise<void> => {
      await navigation.getByRole('link', { name: 'Virtual disks', exact: true }).click();
      await navigation.getByRole('link', { name, exact: true }).click();
      await dialog.waitFor();
    };
    const types = [
      ['Create dynamic disk', 'a.vhdx', 'Create disk', 'vhdx dynamic'],
      ['Create fixed disk', 'b.vhdx', 'Create disk', 'vhdx fixed'],
      ['Create differencing disk', 'c.vhdx', 'Create differencing disk', 'vhdx differencing'],
      ['Create floppy image', 'd.img', 'Create floppy image', 'raw'],
    ] as const;
    const table = page.getByRole('grid', { name: 'Virtual disks' });
    for (const [entry, name, verb, told] of types) {
      await begin(entry);
      if (name === 'c.vhdx')
        await dialog.getByLabel('Parent').selectOption(join(shelf.path, 'a.vhdx'));
      await dialog.getByLabel('Folder').fill(shelf.path);
      await dialog.getByLabel('Name of the file').fill(name);
      if (verb === 'Create disk') {
        await dialog.getByLabel('Format').selectOption('vhdx');
        await dialog.getByLabel('Size in MiB').fill('64');
      }
      if (name === 'c.vhdx') await look(page, 'create-differencing');
      await dialog.getByRole('button', { name: verb, exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
      await table.getByRole('row').filter({ hasText: name }).getByText(told).waitFor();
    }
    await gantry.must(
      'vm',
      'attach-disk',
      'idle',
      '--file',
      join(shelf.path, 'b.vhdx'),
      '--format',
      'vhdx',
    );
    await look(page, 'disks-page');
    const inspect = async (name: string): Promise<void> => {
      await begin('Inspect disk');
      await dialog.getByLabel('File').fill(join(shelf.path, name));
      await dialog.getByRole('button', { name: 'Inspect', exact: true }).click();
      await dialog.getByRole('heading', { name: `Inspect: ${name}` }).waitFor();
    };
    const fact = (name: string): Locator =>
      dialog.locator('.pf-v6-c-description-list__group').filter({ hasText: name });
    await inspect('c.vhdx');
    await fact('Format').getByText('vhdx differencing').waitFor();
    await fact('Size').first().getByText('64 MiB').waitFor();
    await fact('Space taken')
      .getByText(/ [KM]iB/)
      .waitFor();
    await fact('Parents').getByText(join(shelf.path, 'a.vhdx')).waitFor();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await inspect('b.vhdx');
    await fact('Used by').getByText('idle').waitFor();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    const { items } = await gantry.client().call('vm.list', { query: { filter: 'name = idle' } });
    const disk = items[0]?.definition.hardware.disks.find(({ format }) => format === 'vhdx');
    assert.ok(disk);
    await gantry.must('vm', 'detach-disk', 'idle', placeName(disk));
  });

  test('TPL-27 TPL-29 partitions, folders and files inside an image are looked at; disks and floppies are made of files, changed and converted, those in use only looked at', async () => {
    const { page } = person;
    const client = gantry.client();
    await using shelf = await openShelf(gantry);
    const own = join(shelf.path, 'own.txt');
    await writeFile(own, 'from this computer\n');
    const navigation = page.getByRole('navigation', { name: 'Navigation' });
    const dialog = page.getByRole('dialog');
    const opened = { timeout: bootMs };

    await page.goto(`${client.server}/images`);
    await page.getByRole('main').getByRole('link', { name: 'starter', exact: true }).click();
    await page.getByRole('link', { name: 'Files inside' }).click();
    const systems = page.getByRole('grid', { name: 'Partitions and file systems' });
    const first = systems.getByRole('row').filter({ hasText: 'FAT16' });
    await first.getByText('GANTRY').waitFor(opened);
    await look(page, 'file-systems');
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await page.getByText('It is only looked at: an image stays as it is').waitFor();
    await first.getByRole('link').click();
    const root = page.getByRole('grid', { name: '/', exact: true });
    const kernel = root.getByRole('row').filter({ hasText: 'vmlinuz' }).first();
    await kernel.getByText(/ MiB$/).waitFor(opened);
    await kernel
      .getByText(/\b(19|20)\d\d\b/)
      .first()
      .waitFor();
    const put = page.getByRole('button', { name: 'Put files in' });
    assert.equal(await put.getAttribute('aria-disabled'), 'true');
    await look(page, 'files');
    await page.getByRole('link', { name: 'EFI/', exact: true }).click();
    await page.getByRole('link', { name: 'BOOT/', exact: true }).click(opened);
    await page.getByRole('grid', { name: '/EFI/BOOT' }).getByText('BOOTX64.EFI').waitFor(opened);
    await page.setViewportSize({ width: 390, height: 800 });
    await look(page, 'files-narrow');
    await page.setViewportSize({ width: 1280, height: 800 });
    assert.deepEqual(await findBarriersInEachLight(page), []);

    await navigation.getByRole('link', { name: 'Virtual disks', exact: true }).click();
    await navigation.getByRole('link', { name: 'Create floppy image' }).click();
    await dialog.getByLabel('Folder').fill(shelf.path);
    await dialog.getByLabel('Name of the file').fill('own.img');
    await dialog.getByLabel('Files to put in').setInputFiles(own);
    await look(page, 'create-floppy');
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await dialog.getByRole('button', { name: 'Create floppy image' }).click();
    await dialog.waitFor({ state: 'detached', ...opened });
    const table = page.getByRole('grid', { name: 'Virtual disks' });
    const choose = async (name: string, verb: string): Promise<void> => {
      await table.getByRole('button', { name: `Actions for ${name}`, exact: true }).click();
      await page.getByRole('menuitem', { name: verb, exact: true }).click();
    };
    await choose('own.img', 'Files inside');
    await page.getByRole('link', { name: 'Whole disk' }).click(opened);
    await page.getByRole('grid').getByText('own.txt').waitFor(opened);
    await writeFile(own, 'another one\n');
    const second = join(shelf.path, 'second.txt');
    await writeFile(second, 'second\n');
    await page.getByRole('button', { name: 'Put files in' }).click();
    await dialog.getByLabel(/Files of this computer/).setInputFiles([second, own]);
    await dialog.getByRole('button', { name: 'Put files in' }).click();
    await dialog.waitFor({ state: 'detached', ...opened });
    await page.getByRole('grid').getByText('second.txt').waitFor(opened);
    const downloads = page.waitForEvent('download', opened);
    await page.getByRole('link', { name: 'Save own.txt' }).click();
    const download = await downloads;
    assert.equal(download.suggestedFilename(), 'own.txt');
    assert.equal(await readFile((await download.path()) ?? '', 'utf8'), 'another one\n');

    const [host] = (await client.call('host.list', {})).items;
    assert.ok(host);
    const image = join(shelf.path, 'own.img');
    const out = join(shelf.path, 'out.txt');
    await gantry.must('host', 'replace', host.name, image, '/etc/hostname', '/own.txt');
    await gantry.must('host', 'extract', host.name, image, '/own.txt', '--to', out);
    assert.equal(await readFile(out, 'utf8'), await readFile('/etc/hostname', 'utf8'));

    await page.goto(`${client.server}/disks`);
    await choose('own.img', 'Convert to a new file');
    await dialog.getByLabel('Name of the file').fill('own.vmdk');
    await dialog.getByLabel('Format').selectOption('vmdk');
    await dialog.getByRole('button', { name: 'Convert to a new file' }).click();
    await table.getByRole('row').filter({ hasText: 'own.vmdk' }).waitFor();
    const listed = await gantry.must(
      'host',
      'disk-files',
      host.name,
      join(shelf.path, 'own.vmdk'),
      '/',
    );
    assert.match(listed, /own\.txt[^]*second\.txt/);

    await choose('own.vmdk', 'Create differencing disk');
    await dialog.getByLabel('Name of the file').fill('child.vmdk');
    await dialog.getByRole('button', { name: 'Create differencing disk' }).click();
    await table.getByRole('row').filter({ hasText: 'child.vmdk' }).waitFor();
    await choose('own.vmdk', 'Files inside');
    await page.getByText(/It is only looked at: .*other disks are made from it/).waitFor(opened);
    await chmod(image, 0o666);
    await gantry.must('vm', 'insert', 'runs', 'floppy', image);
    await page.goto(`${client.server}/disks`);
    await choose('own.img', 'Files inside');
    await page.getByText(/It is only looked at: .*a vm uses it/).waitFor(opened);
    const refused = await gantry.run(['host', 'replace', host.name, image, own, '/own.txt']);
    assert.match(refused.err, /a vm uses it: runs/);
    await gantry.must('vm', 'eject', 'runs', 'floppy');
  });

  test('a file of this computer is uploaded with progress, stopped, gone on with and unpacked; a disk is downloaded, and one in use is refused', async () => {
    const { page } = person;
    const client = gantry.client();
    await using shelf = await openShelf(gantry);
    const content = randomBytes(12 * miB);
    const own = join(shelf.path, 'own.raw.gz');
    await writeFile(own, gzipSync(content, { level: 0 }));
    await page.goto(`${client.server}/disks`);
    await page.getByRole('button', { name: 'Upload a file' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('File of this computer').setInputFiles(own);
    await dialog.getByLabel('Unpack it on its way (gzip)').waitFor();
    assert.equal(await dialog.getByLabel('Name there').inputValue(), 'own.raw');
    await dialog.getByLabel('Folder on the host').fill(shelf.path);
    const offsets: string[] = [];
    const held = Promise.withResolvers<Route>();
    await page.route(/uploads\/[^/]+\?offset=/, async (route) => {
      offsets.push(new URL(route.request().url()).searchParams.get('offset') ?? '');
      if (offsets.length === 2) held.resolve(route);
      else await route.continue();
    });
    await dialog.getByRole('button', { name: 'Upload', exact: true }).click();
    const part = await held.promise;
    await dialog.getByText(/^4 MiB of 12 MiB, /).waitFor();
    await dialog.getByRole('progressbar', { name: 'Progress of the upload' }).waitFor();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await look(page, 'upload');
    await dialog.getByRole('button', { name: 'Stop' }).click();
    await part.abort().catch(() => undefined);
    await dialog.getByText(/It stopped\./).waitFor();
    await dialog.getByRole('region', { name: 'On their way' }).getByText('own.raw').waitFor();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await page.setViewportSize({ width: 390, height: 844 });
    await look(page, 'upload-narrow');
    await page.setViewportSize({ width: 1280, height: 800 });
    await dialog.getByRole('button', { name: 'Go on' }).click();
    await dialog.getByText(/own\.raw is on /).waitFor();
    assert.deepEqual(offsets.slice(0, 3), ['0', '4194304', '4194304']);
    assert.ok((await readFile(join(shelf.path, 'own.raw'))).equals(content));
    await dialog.getByLabel('Name there').fill('given-up.raw');
    await page.unroute(/uploads\/[^/]+\?offset=/);
    await page.route(/uploads\/[^/]+\?offset=/, () => undefined);
    await dialog.getByRole('button', { name: 'Upload', exact: true }).click();
    await dialog.getByRole('button', { name: 'Stop' }).click();
    await dialog.getByRole('button', { name: 'Give up given-up.raw' }).click();
    await dialog.getByRole('region', { name: 'On their way' }).waitFor({ state: 'detached' });
    await page.unroute(/uploads\/[^/]+\?offset=/);
    await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
    const table = page.getByRole('grid', { name: 'Virtual disks' });
    const download = async (name: string): Promise<void> => {
      await table.getByRole('button', { name: `Actions for ${name}`, exact: true }).click();
      await page.getByRole('menuitem', { name: 'Download', exact: true }).click();
    };
    const came = page.waitForEvent('download');
    await download('own.raw');
    const file = await came;
    assert.equal(file.suggestedFilename(), 'own.raw');
    assert.ok((await readFile((await file.path()) ?? '')).equals(content));
    const path = join(shelf.path, 'own.raw');
    await gantry.must('vm', 'attach-disk', 'idle', '--file', path, '--format', 'raw');
    await gantry.must('vm', 'start', 'idle');
    await download('own.raw');
    await page.getByText(/a vm that runs writes to it: idle/).waitFor();
    await look(page, 'download-refused');
    await gantry.must('vm', 'turn-off', 'idle', '--yes');
    const { items } = await client.call('vm.list', { query: { filter: 'name = idle' } });
    const disk = items[0]?.definition.hardware.disks.find(({ file: one }) => one === path);
    assert.ok(disk);
    await page.goto(`${client.server}/vms/${items[0]?.id}?tab=configuration&section=hard-disks`);
    await page.getByRole('button', { name: `Actions for ${placeName(disk)}` }).click();
    const again = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: 'Download', exact: true }).click();
    assert.ok((await readFile((await (await again).path()) ?? '')).equals(content));
    await gantry.must('vm', 'detach-disk', 'idle', placeName(disk));
  });

  test('an image of this computer comes to the drive of a vm, and to that of a new one, from where it is chosen', async () => {
    const { page } = person;
    const api = gantry.client();
    const here = await mkdtemp(join(tmpdir(), 'sent-'));
    const own = join(here, 'utilities.iso');
    await writeFile(own, randomBytes(miB));
    await writeFile(join(here, 'installer.iso.gz'), gzipSync(randomBytes(miB)));
    const optical = 'hardware.opticalDrives=[{"bus":"sata","position":1,"medium":null}]';
    await gantry.must('vm', 'create', 'reads', '--memory', '64M', '--set', optical);
    const { id } = await api.call('vm.show', { params: { vm: 'reads' } });
    await page.goto(`${api.server}/vms/${id}?tab=configuration&section=cd`);
    await page.getByRole('button', { name: 'Upload…' }).press('Enter');
    const coming = page.getByRole('region', { name: /^Upload a file to / });
    await coming.locator('input[type=file]:focus').waitFor();
    await coming.getByLabel('File of this computer').setInputFiles(own);
    await coming.locator('input[value="utilities.iso"]').waitFor();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await coming.getByLabel('Name there').press('Enter');
    await coming.getByText(/utilities\.iso is on /).waitFor();
    await look(page, 'medium-uploaded');
    const drive = page.getByRole('region', { name: 'CD sata0:1' });
    await drive.getByRole('combobox').filter({ hasText: 'utilities.iso' }).waitFor();
    await drive.getByRole('button', { name: 'Insert' }).click();
    await drive.getByRole('heading').getByText('utilities.iso').waitFor();
    const { hardware } = (await api.call('vm.show', { params: { vm: id } })).definition;
    const [{ medium } = {}] = hardware.opticalDrives;
    assert.ok(medium?.kind === 'file');
    assert.ok((await readFile(medium.file)).equals(await readFile(own)));
    await coming.getByRole('button', { name: 'Close' }).press('Enter');
    await coming.waitFor({ state: 'detached' });
    await page.locator('button:focus').getByText('Upload…').waitFor();
    await gantry.must('vm', 'delete', 'reads', '--yes');

    await page.goto(`${api.server}/vms?create=true`);
    const dialog = page.getByRole('dialog');
    await dialog.locator('#source-none').check();
    for (let step = 0; step < 3; step += 1)
      await dialog.getByRole('button', { name: 'Next' }).click();
    await dialog.locator('#vm-name').fill('with-setup');
    await dialog.getByRole('button', { name: 'Advanced: every setting' }).click();
    await dialog.getByRole('button', { name: 'CD and DVD drives', exact: true }).click();
    const setting = (name: string): Locator =>
      page.locator(`#setting-hardware-opticalDrives-0-medium${name}`);
    await setting('').selectOption('file');
    await dialog.getByRole('button', { name: 'Upload…' }).press('Enter');
    await coming.getByLabel('File of this computer').setInputFiles(join(here, 'installer.iso.gz'));
    await coming.getByLabel('Unpack it on its way (gzip)').waitFor();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await page.setViewportSize({ width: 390, height: 844 });
    await look(page, 'wizard-upload-narrow');
    await page.setViewportSize({ width: 1280, height: 800 });
    await coming.getByRole('button', { name: 'Upload', exact: true }).click();
    await coming.getByText(/installer\.iso is on /).waitFor();
    await look(page, 'wizard-upload');
    await dialog.getByRole('button', { name: 'Create', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Create: with-setup').waitFor();
    const made = await api.call('vm.show', { params: { vm: 'with-setup' } });
    const [first] = made.definition.hardware.opticalDrives;
    assert.match(first?.medium?.kind === 'file' ? first.medium.file : '', /\/installer\.iso$/);
    await gantry.must('vm', 'turn-off', 'with-setup', '--yes');
    await gantry.must('vm', 'delete', 'with-setup', '--yes');
    await rm(here, { recursive: true });
  });

  test('TPL-05 wherever a CD or a floppy is chosen, known images of the library and of the folders of the host are listed', async () => {
    const { page } = person;
    const client = gantry.client();
    await using shelf = await openShelf(gantry);
    const [host] = (await client.call('host.list', {})).items;
    assert.ok(host);
    const at = (name: string): string => join(shelf.path, name);
    await writeFile(at('tools.iso'), Buffer.alloc(miB));
    await writeFile(at('boot.img'), Buffer.alloc(1_474_560));
    await gantry.must('image', 'add', 'tools', at('tools.iso'), '--kind', 'cd');
    await gantry.must('image', 'add', 'starting', at('boot.img'), '--kind', 'floppy');
    await gantry.must('host', 'upload', host.name, at('tools.iso'), at('setup.iso'));
    await gantry.must('host', 'upload', host.name, at('boot.img'), at('drivers.img'));
    const expected = { cd: ['tools', 'setup.iso'], floppy: ['starting', 'drivers.img'] } as const;
    const { id } = await client.call('vm.show', { params: { vm: 'idle' } });
    const listed = async (list: Locator, name: string): Promise<void> => {
      await list.locator('option').filter({ hasText: name }).waitFor({ state: 'attached' });
    };
    const open = async (drive: 'cd' | 'floppy'): Promise<void> =>
      void (await page.goto(`${client.server}/vms/${id}?tab=configuration&section=${drive}`));
    const setting = (drive: 'cd' | 'floppy', name: string): Locator => {
      const of = drive === 'cd' ? 'opticalDrives-0' : 'floppy';
      return page.locator(`#setting-hardware-${of}-medium${name}`);
    };
    for (const drive of ['cd', 'floppy'] as const) {
      const [image, file] = expected[drive];
      await open(drive);
      const running = page.locator('.drive').getByRole('combobox');
      await listed(running, image);
      await listed(running, file);
      await setting(drive, '').selectOption('image');
      await listed(setting(drive, '-image'), image);
      await setting(drive, '').selectOption('file');
      await listed(setting(drive, '-file'), file);
      await setting(drive, '-file').selectOption(at(file));
      await setting(drive, '-file-typed').waitFor({ state: 'detached' });
      assert.deepEqual(await findBarriersInEachLight(page), []);
      await look(page, `medium-${drive}`);
    }

    await page.goto(`${client.server}/vms?create=true`);
    const dialog = page.getByRole('dialog');
    await dialog.locator('#source-none').check();
    for (let step = 0; step < 3; step += 1)
      await dialog.getByRole('button', { name: 'Next' }).click();
    await dialog.locator('#vm-name').fill('with-media');
    await dialog.getByRole('button', { name: 'Advanced: every setting' }).click();
    await dialog.getByRole('button', { name: 'CD and DVD drives', exact: true }).click();
    await dialog.getByRole('button', { name: 'Floppy drive', exact: true }).click();
    await dialog.locator('#setting-hardware-floppy').click();
    for (const drive of ['cd', 'floppy'] as const) {
      const [image, file] = expected[drive];
      await setting(drive, '').selectOption('image');
      await listed(setting(drive, '-image'), image);
      await setting(drive, '').selectOption('file');
      await listed(setting(drive, '-file'), file);
      await setting(drive, '-file').selectOption(at(file));
    }
    assert.deepEqual(await findBarriersInEachLight(page), []);
    // Its file is not the new vm's to write.
    await dialog.locator('#setting-hardware-floppy-readOnly').check();
    await look(page, 'wizard-media');
    await dialog.getByRole('button', { name: 'Create', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Create: with-media').waitFor();
    const { hardware } = (await client.call('vm.show', { params: { vm: 'with-media' } }))
      .definition;
    assert.deepEqual(
      [hardware.opticalDrives[0]?.medium, hardware.floppy?.medium],
      [at('setup.iso'), at('drivers.img')].map((file) => ({ kind: 'file', file })),
    );
    await gantry.must('vm', 'turn-off', 'with-media', '--yes');
    await gantry.must('vm', 'delete', 'with-media', '--yes');
  });

  test('a vm moves to another host in a dialog, which says before which hosts cannot take it, and what keeps it where it is', async () => {
    const { page } = person;
    const client = gantry.client();
    await using shelf = await openShelf(gantry);
    await using _hosts = await joinHosts(gantry, { other: 'qemu', unreal: 'simulated' });
    const floppy = join(shelf.path, 'kept.img');
    await writeFile(floppy, Buffer.alloc(1440 * 1024));
    await chmod(floppy, 0o666);
    await gantry.must('vm', 'insert', 'idle', 'floppy', floppy);
    const { id, host } = await client.call('vm.show', { params: { vm: 'idle' } });
    await page.goto(`${client.server}/vms/${id}`);
    await page.getByRole('button', { name: 'Actions for idle' }).press('Enter');
    await page.getByRole('menuitem', { name: 'Move', exact: true }).press('Enter');
    const dialog = page.getByRole('dialog');
    const field = dialog.getByLabel('To host');
    const send = dialog.getByRole('button', { name: 'Move', exact: true });
    const unreal = field.locator('option', { hasText: 'unreal' });
    await unreal.waitFor({ state: 'attached' });
    assert.match(String(await unreal.textContent()), /it is simulated, and keeps no content/);
    assert.deepEqual([await unreal.isDisabled(), await send.isDisabled()], [true, true]);
    await field.selectOption('other');
    await dialog.getByRole('alert').getByText(floppy).first().waitFor();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await look(page, 'move');
    await gantry.must('vm', 'eject', 'idle', 'floppy');
    await field.selectOption(`${host}, where it is`);
    await field.selectOption('other');
    await dialog.getByRole('alert').waitFor({ state: 'detached' });
    await send.click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Move: idle').waitFor();
    const after = await client.call('vm.show', { params: { vm: 'idle' } });
    assert.deepEqual([after.id, after.host], [id, 'other']);
    await gantry.must('vm', 'delete', 'idle', '--yes');
  });

  test('files of a snapshot are looked at and saved while its vm runs, and one is put back while it is off', async () => {
    const { page } = person;
    const client = gantry.client();
    const dialog = page.getByRole('dialog');
    const opened = { timeout: bootMs };
    await gantry.must('vm', 'create', 'kept', '--image', 'starter');
    await gantry.must('vm', 'snapshot', 'take', 'kept', 'monday');
    await gantry.must('vm', 'start', 'kept');
    const { id } = await client.call('vm.show', { params: { vm: 'kept' } });
    await page.goto(`${client.server}/vms/${id}?tab=snapshots`);
    await page.getByRole('button', { name: 'Actions for monday', exact: true }).press('Enter');
    await page.getByRole('menuitem', { name: 'Files inside', exact: true }).press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Files inside monday' }).waitFor();
    await page.getByText(/^As they were at .*, in the snapshot monday of kept\./).waitFor();
    const systems = page.getByRole('grid', { name: 'Partitions and file systems' });
    await systems.getByRole('row').filter({ hasText: 'FAT16' }).getByRole('link').click(opened);
    const root = page.getByRole('grid', { name: '/', exact: true });
    await root.getByText('EFI/').waitFor(opened);
    const address = new URL(page.url());
    address.searchParams.set('path', '/EFI/BOOT');
    await page.goto(address.href);
    const back = page.getByRole('button', { name: 'Put back BOOTX64.EFI' });
    await back.waitFor(opened);
    assert.equal(await back.getAttribute('aria-disabled'), 'true');
    await back.hover();
    await page.getByRole('tooltip').getByText('kept is not off').waitFor();
    // The reason lies over what is beside the button.
    await page.mouse.move(0, 0);
    await page.getByRole('tooltip').waitFor({ state: 'detached' });
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await look(page, 'snapshot-files');
    const downloads = page.waitForEvent('download', opened);
    await page.getByRole('link', { name: 'Save BOOTX64.EFI' }).click();
    const saved = await readFile((await (await downloads).path()) ?? '');
    assert.equal(saved.subarray(0, 2).toString(), 'MZ');
    await gantry.must('vm', 'turn-off', 'kept', '--yes');
    await back.and(page.locator(':not([aria-disabled=true])')).click();
    await dialog.getByText('What they hold now is lost').waitFor();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await look(page, 'put-back');
    await dialog.getByRole('button', { name: 'Put back', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Put back /EFI/BOOT/BOOTX64.EFI: kept').waitFor(opened);
    const filter = 'action = vm.snapshot.restore-file';
    const [ended] = (await client.call('operation.list', { query: { filter } })).items;
    assert.deepEqual([ended?.state, ended?.result], ['done', { sizeBytes: saved.length }]);
  });

  test('API-01 no page caused an error, asked for what its policy refuses, or called what the API does not publish', () => {
    assert.deepEqual(person.complaints, []);
  });
});
