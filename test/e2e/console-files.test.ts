/** What the console does with the files of real machines: clones, templates, machines removed and added, disks of a host. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { giB, miB } from '#lib';
import {
  assertSaved,
  findBarriers,
  findBarriersInEachLight,
  noBrowser,
  type Person,
} from './browser.ts';
import type { Gantry } from './gantry.ts';
import { onIde, putDisk, putVmx } from '../scenarios/foreign-shelf.ts';
import { look, ScreenRoom } from './screen-room.ts';

describe('files of real machines in the console', { skip: noBrowser }, () => {
  let room: ScreenRoom;
  let gantry: Gantry;
  let person: Person;

  before(async () => {
    room = await ScreenRoom.open([]);
    ({ gantry, person } = room);
  });
  after(async () => {
    await room?.[Symbol.asyncDispose]();
  });

  /** Who makes one in the dialog is told before what the guest of the original leaves in it. */
  test('TPL-13 vms are cloned directly, full or linked, in a dialog of the console, by the CLI and by the API', async () => {
    const { page } = person;
    const api = gantry.client();
    await gantry.must('vm', 'create', 'mouse', '--disk', '16M', '--memory', '64M');
    await gantry.must('vm', 'hold', 'mouse');
    await gantry.must('vm', 'turn-off', 'mouse', '--yes');
    const { id } = await gantry.client().call('vm.show', { params: { vm: 'mouse' } });
    await page.goto(`${gantry.client().server}/vms/${id}`);
    await page.getByRole('button', { name: 'Actions for mouse' }).press('Enter');
    await page.getByRole('menuitem', { name: 'Clone', exact: true }).press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('mouse');
    await dialog.getByRole('alert').getByText('mouse').first().waitFor();
    await dialog.getByLabel('Name').fill('copy');
    const warning = dialog.getByText('nobody said that the guest of mouse was generalised');
    await warning.waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await dialog.getByLabel(/^The guest was generalised/).check();
    await warning.waitFor({ state: 'detached' });
    await dialog.getByLabel(/^Linked/).check();
    await dialog.getByRole('button', { name: 'Clone', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Clone: mouse').waitFor();
    const { definition } = await gantry.client().call('vm.show', { params: { vm: 'copy' } });
    const { definition: source } = await gantry.client().call('vm.show', { params: { vm: id } });
    assert.notEqual(definition.hardware.adapters[0]?.mac, source.hardware.adapters[0]?.mac);

    await page.getByRole('button', { name: 'Actions for mouse' }).press('Enter');
    await page.getByRole('menuitem', { name: 'Clone', exact: true }).press('Enter');
    await dialog.getByLabel('Name').fill('copy-full');
    await dialog.getByLabel(/^Full/).check();
    await dialog.getByRole('button', { name: 'Clone', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await gantry.must('vm', 'clone', 'mouse', 'cli-full');
    await gantry.must('vm', 'clone', 'mouse', 'cli-linked', '--linked');
    for (const body of [{ name: 'api-full' }, { name: 'api-linked', linked: true }]) {
      const begun = await api.call('vm.clone', { params: { vm: id }, body });
      assert.equal((await api.wait(begun)).state, 'done');
    }
    const { files } = await api.call('vm.files', { params: { vm: id } });
    const sharers = files.flatMap(({ sharedWith = [] }) => sharedWith);
    assert.deepEqual([...new Set(sharers)].sort(), ['api-linked', 'cli-linked', 'copy']);
    for (const name of ['copy-full', 'cli-full', 'api-full']) {
      const own = await api.call('vm.files', { params: { vm: name } });
      const disks = own.files.filter(({ role }) => role === 'disk' || role === 'snapshot');
      assert.deepEqual(
        disks.map(({ parent, sharedWith = [] }) => [parent, sharedWith]),
        [[null, []]],
        'all of it is its own',
      );
    }
    for (const name of ['copy-full', 'cli-full', 'api-full', 'cli-linked', 'api-linked'])
      await gantry.must('vm', 'delete', name, '--yes');
  });

  test('a template is made in the console, which asks before and offers no start, and is an ordinary vm again', async () => {
    const { page } = person;
    await gantry.must('vm', 'create', 'golden', '--disk', '16M', '--memory', '64M');
    const { id } = await gantry.client().call('vm.show', { params: { vm: 'golden' } });
    await page.goto(`${gantry.client().server}/vms/${id}`);
    const choose = async (name: string): Promise<void> => {
      await page.getByRole('button', { name: 'Actions for golden' }).press('Enter');
      await page.getByRole('menuitem', { name, exact: true }).press('Enter');
    };
    await choose('Make template');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('it can no longer be started or changed, only cloned').waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await dialog.getByRole('button', { name: 'Make template' }).click();
    await page.locator('.pf-v6-c-label', { hasText: 'Template' }).first().waitFor();
    await look(page, 'template');
    await page.getByRole('button', { name: 'Actions for golden' }).press('Enter');
    const start = page.getByRole('menuitem', { name: 'Turn on', exact: true });
    await start.waitFor();
    assert.equal(await start.getAttribute('aria-disabled'), 'true');
    await page.keyboard.press('Escape');
    await choose('Make ordinary vm');
    await page
      .locator('.pf-v6-c-label', { hasText: 'Template' })
      .first()
      .waitFor({ state: 'detached' });
    await gantry.must('vm', 'delete', 'golden', '--yes');
  });

  test('a disk of a vm that runs is made larger and moved from the list of its disks, and why it becomes no smaller is said before', async () => {
    const { page } = person;
    const api = gantry.client();
    await gantry.must('vm', 'create', 'grows', '--disk', '64M', '--memory', '64M', '--start');
    const { id, path } = await api.call('vm.show', { params: { vm: 'grows' } });
    await page.goto(`${api.server}/vms/${id}?tab=configuration&section=hard-disks`);
    const disks = page.getByRole('grid', { name: 'Disks' }).getByRole('row');
    await disks.getByRole('button', { name: /^Actions for / }).press('Enter');
    await page.getByRole('menuitem', { name: 'Enlarge disk', exact: true }).press('Enter');
    const dialog = page.getByRole('dialog');
    const size = dialog.locator('#grow-size:focus');
    await size.waitFor();
    assert.equal(await size.inputValue(), '0.0625');
    const enlarge = dialog.getByRole('button', { name: 'Enlarge disk' });
    assert.ok(await enlarge.isDisabled());
    await dialog.getByText('The guest sees the space at once, while it runs').waitFor();
    await size.fill('0.03125');
    await dialog.getByText('Disks of virtual machines only become larger.').waitFor();
    assert.ok(await enlarge.isDisabled());
    await size.fill('65537');
    await dialog.getByText('A disk has at most 64 TiB.').waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await size.fill('0.125');
    await dialog.getByText('128 MiB', { exact: true }).waitFor();
    await look(page, 'grow-disk');
    await size.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await disks.filter({ hasText: '128 MiB' }).waitFor();
    const { state, definition } = await api.call('vm.show', { params: { vm: id } });
    assert.deepEqual([state, definition.hardware.disks[0]?.sizeBytes], ['running', 128 * miB]);

    const limit = async (): Promise<void> => {
      await disks.getByRole('button', { name: /^Actions for / }).press('Enter');
      await page.getByRole('menuitem', { name: 'Limit disk', exact: true }).press('Enter');
    };
    await limit();
    const save = dialog.getByRole('button', { name: 'Save', exact: true });
    await dialog.locator('#setting-limits-readBytes').click();
    const rate = dialog.locator('#setting-limits-readBytes-perSecond');
    const burst = dialog.locator('#setting-limits-readBytes-burstPerSecond');
    await rate.fill('5');
    await burst.fill('2.5');
    await dialog.getByText('is below the limit above which a burst goes').waitFor();
    assert.ok(await save.isDisabled());
    assert.deepEqual(await findBarriers(page), []);
    await look(page, 'limit-disk');
    const unit = dialog.getByLabel('Unit: In a burst at most per second', { exact: true });
    await unit.selectOption('GiB/s');
    await save.click();
    await dialog.waitFor({ state: 'detached' });
    const limited = async (): Promise<unknown> => {
      const filter = 'action = vm.disk.change';
      const { items } = await api.call('operation.list', { query: { filter } });
      await Promise.all(items.map((one) => api.wait(one)));
      const { definition, status } = await api.call('vm.show', { params: { vm: id } });
      return [definition.hardware.disks[0]?.limits, status.pending];
    };
    const readBytes = { perSecond: 5 * miB, burstPerSecond: 2.5 * giB };
    assert.deepEqual(await limited(), [{ readBytes }, []]);
    await limit();
    assert.deepEqual([await rate.inputValue(), await burst.inputValue()], ['5', '2560']);
    await dialog.getByRole('button', { name: 'Remove: Bytes read', exact: true }).click();
    await save.click();
    await dialog.waitFor({ state: 'detached' });
    assert.deepEqual(await limited(), [undefined, []]);

    const shelf = join(dirname(path), 'shelf');
    await disks.getByRole('button', { name: /^Actions for / }).press('Enter');
    await page.getByRole('menuitem', { name: 'Move disk', exact: true }).press('Enter');
    const folder = dialog.locator('#move-folder:focus');
    await folder.fill(path);
    await dialog.getByText('It is copied while the guest works').waitFor();
    const move = dialog.getByRole('button', { name: 'Move disk' });
    assert.ok(await move.isDisabled(), 'it is there');
    await folder.fill(`${shelf}/`);
    await dialog.getByText(join(shelf, 'grows.qcow2'), { exact: true }).waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await look(page, 'move-disk');
    await move.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await disks.filter({ hasText: `${shelf}/grows.qcow2` }).waitFor();
    assert.equal((await api.call('vm.show', { params: { vm: id } })).state, 'running');
    await gantry.must('vm', 'turn-off', 'grows', '--yes');
    await gantry.must('vm', 'delete', 'grows', '--yes');
  });

  test('WEB-27 WEB-28 a saved vm offers restoring and discarding in the place of turning on; deleting is a command of its own that lists the files', async () => {
    const { page } = person;
    const small = ['--memory', '64M', '--network', 'none'] as const;
    await gantry.must('vm', 'create', 'idle', ...small);
    await gantry.must('vm', 'create', 'spare', ...small, '--start');
    await gantry.must('vm', 'save', 'spare');
    await page.goto(`${gantry.client().server}/vms`);
    await page.getByRole('button', { name: 'Actions for spare' }).click();
    const allowed = page.getByRole('menuitem').and(page.locator(':not([aria-disabled=true])'));
    await allowed.filter({ hasText: 'Export definition' }).waitFor();
    const offered = await allowed.allInnerTexts();
    assert.deepEqual(offered.slice(0, 2), ['Restore saved state', 'Discard saved state']);
    assert.ok(!offered.includes('Turn on'), offered.join());
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Actions for idle' }).click();
    await page.getByRole('menuitem', { name: 'Remove', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('no file is changed').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Actions for idle' }).click();
    await page.getByRole('menuitem', { name: 'Delete', exact: true }).click();
    await dialog.getByText('These files are deleted:').waitFor();
    const { files } = await gantry.client().call('vm.files', { params: { vm: 'idle' } });
    const deleted = files.filter((file) => file.deleted);
    assert.ok(deleted.length > 0);
    for (const { path } of deleted) await dialog.getByText(path).waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
  });

  test('WEB-29 the navigation leads to creating a vm, to adding one by its configuration file, and to the list of those whose pages configure them', async () => {
    const { page } = person;
    await page.goto(`${gantry.client().server}/vms`);
    await page.getByRole('button', { name: 'Actions for idle' }).click();
    await page.getByRole('menuitem', { name: 'Remove', exact: true }).click();
    const dialog = page.getByRole('dialog');
    const told = await dialog.getByText(/gantry vm add \S+ --host \S+/).innerText();
    const file = / add (\S+) /.exec(told)?.[1] ?? '';
    await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByText('Remove: idle').waitFor();
    await page.goto(`${gantry.client().server}/status`);
    const navigation = page.getByRole('navigation', { name: 'Navigation' });
    await navigation.getByRole('link', { name: 'Virtual machines', exact: true }).click();
    await navigation.getByRole('link', { name: 'Create virtual machine' }).click();
    await dialog.getByRole('heading', { name: 'Create virtual machine' }).waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await navigation.getByRole('link', { name: 'Add virtual machine' }).click();
    await dialog.getByLabel(/^Configuration file/).fill(file);
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'idle', exact: true }).click();
    await page.getByRole('tab', { name: 'Configuration' }).waitFor();
  });

  test('a vm of another product is imported from the host or out of an archive of this computer; what is in the way is said before, and dealt with there', async () => {
    const { page } = person;
    const api = gantry.client();
    const at = (name: string): string => join(room.shelf.path, name);
    await putDisk(at('old/a.vmdk'), 'ab');
    const vmx = putVmx(at('old/old.vmx'), {
      ...onIde('a.vmdk'),
      displayName: 'old',
      'ethernet0.present': 'TRUE',
      'ethernet0.networkName': 'VM Network',
      'ethernet1.present': 'TRUE',
      'ethernet1.networkName': 'Backup',
    });
    await writeFile(at('old/old.vmss'), 'state');
    await page.goto(`${api.server}/vms`);
    await page.getByRole('main').getByRole('button', { name: 'Import virtual machine' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Its network adapters are plugged into').waitFor();
    await dialog.getByLabel('Found on the host').selectOption(vmx);
    assert.equal(await dialog.getByLabel('Path on the host').inputValue(), vmx);
    const savedState = dialog.getByText(
      /saved state \S+old\.vmss, 5 B: a saved state fits no other/,
    );
    await savedState.waitFor();
    await dialog.getByText('In the way').waitFor();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await look(page, 'import-blocked');
    await dialog.getByRole('button', { name: 'Choices' }).press('Enter');
    await dialog.getByLabel('Its saved state').selectOption('discard');
    await dialog.getByText('In the way').waitFor({ state: 'detached' });
    await dialog.getByRole('button', { name: /^Left out/ }).press('Enter');
    await savedState.waitFor();
    await dialog.getByLabel('Name', { exact: true }).fill('taken-over');
    await dialog.getByRole('button', { name: /^Carried over/ }).press('Enter');
    await dialog.getByText('memory 64 MiB').waitFor();
    await dialog.getByLabel('Adapter 0, there in VM Network, is plugged into').waitFor();
    await dialog.getByLabel('Adapter 1, there in Backup, is plugged into').selectOption('none');
    await page.setViewportSize({ width: 390, height: 844 });
    assert.deepEqual(await findBarriers(page), []);
    await look(page, 'import-narrow');
    await page.setViewportSize({ width: 1280, height: 800 });
    await dialog.getByRole('button', { name: 'Import', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'taken-over', exact: true }).waitFor();
    const taken = await api.call('vm.show', { params: { vm: 'taken-over' } });
    assert.deepEqual(
      taken.definition.hardware.adapters.map(({ attachment }) => attachment.kind),
      ['user', 'none'],
    );

    await rm(at('old/old.vmss'));
    const here = await mkdtemp(join(tmpdir(), 'sent-'));
    const archive = join(here, 'old.tar.gz');
    execFileSync('tar', ['-czf', archive, 'old'], { cwd: room.shelf.path });
    await page.goto(`${api.server}/vms?import=true`);
    await dialog.getByLabel('On this computer: an archive').check();
    const file = dialog.getByLabel('Archive of this computer');
    await file.setInputFiles(vmx);
    await dialog.getByText(/old\.vmx is not named as an archive/).waitFor();
    const button = dialog.getByRole('button', { name: 'Import', exact: true });
    assert.ok(await button.isDisabled());
    await file.setInputFiles(archive);
    await dialog.getByLabel('Name', { exact: true }).fill('sent-over');
    await dialog.getByRole('button', { name: 'Choices' }).press('Enter');
    await dialog.getByLabel('The vm there').selectOption('copied');
    assert.deepEqual(await findBarriers(page), []);
    await look(page, 'import-upload');
    await button.click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'sent-over', exact: true }).waitFor();
    await page.getByText('Import: sent-over').waitFor();
    const { items } = await api.call('host.list', { query: {} });
    const params = { host: items[0]?.id ?? '' };
    assert.deepEqual((await api.call('host.upload.list', { params })).items, []);
    for (const name of ['taken-over', 'sent-over']) {
      const { path, definition } = await api.call('vm.show', { params: { vm: name } });
      const [disk] = definition.hardware.disks;
      await gantry.must('disk', 'compare', at('old/a.vmdk'), join(path, disk?.file ?? ''));
      await gantry.must('vm', 'delete', name, '--yes');
    }
    for (const folder of [here, at('old')]) await rm(folder, { recursive: true });
  });

  test('a vm is exported for another product in a dialog, which says before what that cannot run, and is saved on this computer as one file', async () => {
    const { page } = person;
    const api = gantry.client();
    const { id, path } = await api.call('vm.show', { params: { vm: 'mouse' } });
    await page.goto(`${api.server}/vms/${id}`);
    await page.getByRole('button', { name: 'Actions for mouse' }).press('Enter');
    await page
      .getByRole('menuitem', { name: 'Export for another product', exact: true })
      .press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/^OVF has no place virtio0:0, so the disk would be ignored/).waitFor();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await look(page, 'export-blocked');
    await dialog.getByLabel('For', { exact: true }).selectOption('virtual-pc-2004');
    await dialog.getByText(/^Virtual PC 2004 demands exactly one CD drive/).waitFor();
    await dialog.getByLabel('For', { exact: true }).selectOption('ovf');
    await dialog.getByLabel(/^Put disks on free IDE positions/).check();
    await dialog.getByText(/^OVF has no place/).waitFor({ state: 'detached' });
    await dialog.getByRole('button', { name: /^Left out/ }).press('Enter');
    await dialog.getByText(/^UUID: each vm that is made of the package/).waitFor();
    await dialog.getByLabel(/^Save it on this computer/).check();
    await page.setViewportSize({ width: 390, height: 844 });
    await look(page, 'export-narrow');
    await page.setViewportSize({ width: 1280, height: 800 });
    const coming = page.waitForEvent('download');
    await dialog.getByRole('button', { name: 'Export', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    const saved = await (await coming).path();
    const members = execFileSync('tar', ['-tf', saved]).toString().trim().split('\n');
    assert.deepEqual(members, ['mouse.ovf', 'mouse.mf', 'mouse-ide0-0.vmdk']);
    const archive = join(dirname(path), 'mouse.ova');
    await gantry.must('vm', 'import', archive, '--name', 'back');
    await gantry.must('vm', 'delete', 'back', '--yes');
    await rm(archive);
  });

  test('WEB-68 the disks of a host are made where it can reach, with free space shown first, and are looked at, changed and deleted', async () => {
    const { page } = person;
    const client = gantry.client();
    const [host] = (await client.call('host.list', {})).items;
    assert.ok(host);
    const shelf = await mkdtemp(join(tmpdir(), 'gantry-disks-'));
    const { searchPath } = host.settings;
    const params = { host: host.id };
    await client.call('host.update', {
      params,
      body: { settings: { searchPath: [...searchPath, shelf] } },
    });
    await page.goto(`${client.server}/hosts/${host.id}?tab=virtualDisks`);
    const table = page.getByRole('grid', { name: 'Virtual disks' });
    await table.getByRole('row').filter({ hasText: 'mouse' }).first().waitFor();
    const dialog = page.getByRole('dialog');
    const choose = async (name: string, verb: string): Promise<void> => {
      await page.getByRole('button', { name: `Actions for ${name}`, exact: true }).click();
      await page.getByRole('menuitem', { name: verb, exact: true }).click();
    };
    const send = (verb: string): Promise<void> =>
      dialog.getByRole('button', { name: verb, exact: true }).click();
    await page.getByRole('button', { name: 'Create disk' }).click();
    await dialog
      .getByText(/ free of /)
      .first()
      .waitFor();
    await dialog.getByLabel('Folder').fill(shelf);
    await dialog.getByLabel('Name of the file').fill('base.vhdx');
    await dialog.getByLabel('Format').selectOption('vhdx');
    await dialog.getByLabel('Size in MiB').fill('512');
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await look(page, 'create-disk');
    await send('Create disk');
    const base = table.getByRole('row').filter({ hasText: 'base.vhdx' });
    await base.getByText('vhdx dynamic').waitFor();
    await base.getByText('512 MiB').waitFor();
    await base.getByText('Not in use').waitFor();
    await choose('base.vhdx', 'Create differencing disk');
    await dialog.getByLabel('Name of the file').fill('child.vhdx');
    await send('Create differencing disk');
    const child = table.getByRole('row').filter({ hasText: 'child.vhdx' });
    await child.getByText('vhdx differencing').waitFor();
    await choose('base.vhdx', 'Delete');
    await send('Delete');
    await dialog.getByText(/other disks are made from it/).waitFor();
    await send('Cancel');
    await child.getByRole('button', { name: 'child.vhdx', exact: true }).click();
    await dialog.getByText(join(shelf, 'base.vhdx')).first().waitFor();
    await send('Checksum');
    const checksum = await gantry.must('disk', 'checksum', join(shelf, 'child.vhdx'), '-o', 'json');
    const sum = /[0-9a-f]{64}/.exec(checksum)?.[0] ?? 'none';
    await dialog.getByText(sum, { exact: false }).waitFor();
    await send('Check whole');
    await dialog.getByText(/Corruptions: 0/).waitFor();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await look(page, 'disk');
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await choose('child.vhdx', 'Flatten');
    await send('Flatten');
    await child.getByText('vhdx dynamic').waitFor();
    for (const name of ['base.vhdx', 'child.vhdx']) {
      await choose(name, 'Delete');
      await send('Delete');
      await table.getByText(name).waitFor({ state: 'detached' });
    }
    await gantry.must('vm', 'create', 'kid', '--disk', '64M');
    await page.reload();
    await choose('kid.qcow2', 'Create differencing disk');
    const box = dialog.getByLabel('kid has the new disk in its place');
    assert.equal(await box.isChecked(), true);
    await dialog.getByLabel('Name of the file').fill('monday.qcow2');
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await look(page, 'create-child');
    await send('Create differencing disk');
    await table.getByRole('row').filter({ hasText: 'monday.qcow2' }).getByText('kid').waitFor();
    const kid = await client.call('vm.show', { params: { vm: 'kid' } });
    assert.equal(kid.definition.hardware.disks[0]?.file, 'monday.qcow2');
    await choose('monday.qcow2', 'Delete');
    await send('Delete');
    await dialog.getByText(/cannot delete .*monday.qcow2: a vm uses it: kid/).waitFor();
    await send('Cancel');
    // A row that the lower edge cuts would count as a target that is too small.
    await page.setViewportSize({ width: 1280, height: 1000 });
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await look(page, 'disks');
    await page.setViewportSize({ width: 1280, height: 800 });
    await client.call('host.update', { params, body: { settings: { searchPath } } });
    await rm(shelf, { recursive: true });
  });

  test('disks and adapters of a host and certificates are saved as files, as long lists are', async () => {
    const { page } = person;
    const client = gantry.client();
    const [host] = (await client.call('host.list', {})).items;
    assert.ok(host);
    const params = { host: host.id };
    await page.goto(`${client.server}/hosts/${host.id}?tab=virtualDisks`);
    const { disks } = await client.call('host.disks', { params });
    await assertSaved(page, disks, disks[0]?.path ?? '');
    await page.goto(`${client.server}/hosts/${host.id}?tab=adapters`);
    const { items: adapters } = await client.call('host.adapters', { params });
    await assertSaved(page, adapters, adapters[0]?.name ?? '');
    await look(page, 'saved-adapters');
    await page.goto(`${client.server}/site`);
    const { items: certificates } = await client.call('certificate.list', {});
    await assertSaved(page, certificates, certificates[0]?.fingerprint ?? '', 'Certificates');
    await look(page, 'saved-certificates');
    assert.deepEqual(await findBarriersInEachLight(page), []);
  });

  test('API-01 no page caused an error, asked for what its policy refuses, or called what the API does not publish', () => {
    assert.deepEqual(person.complaints, []);
  });
});
