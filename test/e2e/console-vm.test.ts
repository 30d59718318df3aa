/** The page of a vm in a real browser against the real coordinator with a simulated fleet. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Locator } from 'playwright-core';
import { miB } from '#lib';
import {
  additionsFunctions,
  diffSettings,
  settingSections,
  titleOfSection,
  vmStateFacts,
  type Vm,
} from '#api';
import {
  findBarriers,
  findBarriersInEachLight,
  followTo,
  noBrowser,
  openBrowser,
  sitAtBrowser,
  type Person,
  signInByLink,
  password,
} from './browser.ts';
import { newGantry, type Gantry } from './gantry.ts';

/** One of each kind of tab: the walk of the nightly tests is through all of them and their sections. */
const tabs = ['summary', 'graphs', 'configuration&section=memory', 'snapshots', 'identity'];

describe("the console's page of a vm", { skip: noBrowser }, () => {
  let gantry: Gantry;
  let browser: Browser;
  let person: Person;
  let server: string;
  let vm: Vm;

  before(async () => {
    gantry = await newGantry();
    const out = await gantry.must('up', '--listen', gantry.listen, '--simulate', '1x12');
    server = gantry.client().server;
    browser = await openBrowser();
    person = await sitAtBrowser(browser);
    const { page } = person;
    await signInByLink(page, out);
    await page.getByRole('button', { name: 'Signed in as admin' }).waitFor();
    const { items } = await gantry
      .client()
      .call('vm.list', { query: { filter: 'state = running', sort: 'name', limit: 1 } });
    assert.ok(items[0]);
    vm = items[0];
  });
  after(async () => {
    await browser?.close();
    await gantry[Symbol.asyncDispose]();
  });

  const open = async (tab: string): Promise<void> => {
    await person.page.goto(`${server}/vms/${vm.id}?tab=${tab}`);
    await person.page.getByRole('heading', { level: 1, name: vm.name }).waitFor();
    await person.page.getByRole('tabpanel').waitFor();
  };
  const definition = async (): Promise<Vm['definition']> =>
    (await gantry.client().call('vm.show', { params: { vm: vm.id } })).definition;
  const review = async (): Promise<void> =>
    await person.page.getByRole('button', { name: 'Review and save' }).click();

  test('a setting is changed with old and new value shown, and what waits for a start is marked', async () => {
    const { page } = person;
    await open('configuration&section=memory');
    await page.locator('#setting-hardware-memory-sizeBytes').fill('777');
    await page.getByRole('tab', { name: 'General' }).click();
    await page.locator('#setting-description').fill('typed on another tab');
    await page.getByText('Unsaved changes: 2').waitFor();
    await review();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('row').filter({ hasText: 'Memory' }).getByText('777 MiB').waitFor();
    await dialog.getByRole('row').filter({ hasText: 'typed on another tab' }).waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    const after = await definition();
    assert.equal(after.hardware.memory.sizeBytes, 777 * miB);
    assert.equal(after.description, 'typed on another tab');
    await page.getByRole('tab', { name: 'Configuration' }).click();
    await page.getByRole('link', { name: 'Memory', exact: true }).click();
    await page.getByText('at next start', { exact: true }).first().waitFor();
    const { status } = await gantry.client().call('vm.show', { params: { vm: vm.id } });
    assert.ok(status.pending.includes('hardware/memory/size_bytes'), status.pending.join());
  });

  test('WEB-40 the general page edits name, notes, run account and what happens to the vm when its host starts and stops', async () => {
    const { page } = person;
    await open('identity');
    const field = (path: string): Locator => page.locator(`#setting-${path}`);
    const { name } = await definition();
    assert.equal(await field('settings-start-onHostStart').inputValue(), 'off');
    await field('name').fill('renamed');
    await field('description').fill('notes of the owner');
    await field('settings-runAs').fill('nobody');
    await field('settings-start-onHostStart').selectOption('always');
    await field('settings-shutdown-onHostStop').selectOption('shutdown');
    await review();
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const after = await definition();
    assert.equal(after.name, 'renamed');
    assert.equal(after.description, 'notes of the owner');
    assert.equal(after.settings.runAs, 'nobody');
    assert.equal(after.settings.start.onHostStart, 'always');
    assert.equal(after.settings.shutdown.onHostStop, 'shutdown');
    await gantry.must('vm', 'set', 'renamed', `name=${name}`);
  });

  test('VM-19 the configuration has the groups of the contract and no other, in the page and in the command line', async () => {
    const { page } = person;
    await open('configuration');
    const groups = page.getByRole('navigation', { name: 'Groups of the configuration' });
    const links = groups.locator('li:not(.devices)').getByRole('link');
    await links.first().waitFor();
    assert.deepEqual(await links.allTextContents(), [
      'Default actions on host start and stop',
      'Access rights',
      'Hardware',
      'Memory',
      'Network',
      'Storage',
      'Floppy',
      'CD',
      'Ports',
      'Processor resources',
      'Installation of guest additions',
      'Scripts attached to events',
    ]);
    const shown: string[] = [];
    for (const link of await links.all()) {
      await link.click();
      await page.locator('.configuration > section form').first().waitFor();
      const section = new URL(page.url()).searchParams.get('section') ?? '';
      shown.push(section);
      const region = page.getByRole('region', { name: (await link.textContent()) ?? '' });
      await region.getByRole('heading', { level: 2 }).first().waitFor();
    }
    assert.deepEqual(shown, settingSections);
    const told = JSON.parse(
      await gantry.must('vm', 'settings', vm.name, '-o', 'json'),
    ) as readonly {
      readonly group: string | null;
    }[];
    assert.deepEqual(
      [...new Set(told.map(({ group }) => group))],
      [null, ...settingSections.map(titleOfSection)],
    );
  });

  test('WEB-43 memory, hard disks, CD drives, floppy drive, SCSI controllers, network adapters, serial ports and parallel port have a page each, and each is saved by itself', async () => {
    const { page } = person;
    const field = (path: string): Locator => page.locator(`#setting-hardware-${path}`);
    const add = (name: string): Promise<void> =>
      page.getByRole('button', { name: `Add: ${name}`, exact: true }).click();
    await gantry.must('vm', 'attach-adapter', vm.name, '--model', 'virtio');
    await open('configuration');
    const pages: Readonly<Record<string, readonly [path: string, () => Promise<unknown>]>> = {
      Memory: ['memory', () => field('memory-sizeBytes').fill('640')],
      'Hard disks': ['disks', () => field('disks-0-serial').fill('PAGE-1')],
      'SCSI controllers': [
        'scsi_controller',
        () => field('scsiController').selectOption('am53c974'),
      ],
      Network: ['adapters', () => field('adapters-0-model').selectOption('e1000')],
      'Serial ports': [
        'serial_ports',
        () => page.locator('select#setting-hardware-serialPorts-0').selectOption('none'),
      ],
      'Parallel port': [
        'parallel_port',
        async () => {
          await field('parallelPort').selectOption('device');
          await field('parallelPort-device').fill(
            'not a device, and not in the way of other pages',
          );
        },
      ],
      CD: ['optical_drives', () => add('CD or DVD drive')],
      Floppy: ['floppy', () => field('floppy').click()],
    };
    const groups = page.getByRole('navigation', { name: 'Groups of the configuration' });
    const visit = (name: string): Promise<void> =>
      groups.getByRole('link', { name, exact: true }).click();
    for (const [name, [, change]] of Object.entries(pages)) {
      await visit(name);
      await change();
    }
    let before = await definition();
    const names = Object.keys(pages).filter((name) => name !== 'Parallel port');
    for (const name of names) {
      await visit(name);
      await page.getByRole('button', { name: 'Save this page only' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.waitFor({ state: 'detached' });
      const after = await definition();
      const saved = new Set(diffSettings(before, after).map(({ path }) => path.split('/')[1]));
      assert.deepEqual([...saved], [pages[name]?.[0]]);
      before = after;
    }
    await visit('Parallel port');
    await field('parallelPort-device').fill('/dev/parport0');
    await review();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Save' }).click();
    // What is behind an open dialog has no roles.
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Discard' }).waitFor({ state: 'detached' });
    const { parallelPort } = (await definition()).hardware;
    assert.deepEqual(parallelPort, { kind: 'device', device: '/dev/parport0' });
  });

  test('what cannot be is said at the field, and is not sent', async () => {
    const { page } = person;
    await open('configuration&section=processor');
    await page.locator('#setting-resources-cpuWeight').fill('0');
    await page.getByText('1 to 10,000').first().waitFor();
    await review();
    await page.getByRole('dialog').getByText('Not valid').waitFor();
    assert.ok(await page.getByRole('dialog').getByRole('button', { name: 'Save' }).isDisabled());
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Discard' }).click();
    await page.getByRole('button', { name: 'Discard' }).waitFor({ state: 'detached' });
    assert.equal((await definition()).resources.cpuWeight, 100);
  });

  test('WEB-47 the processor resources of a running vm are changed on its page, at once', async () => {
    const { page } = person;
    await open('configuration&section=processor');
    await page.locator('#setting-resources-cpuWeight').fill('200');
    await page.locator('#setting-resources-cpuMaximumPercent').fill('80');
    await review();
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const {
      state,
      status,
      definition: now,
    } = await gantry.client().call('vm.show', {
      params: { vm: vm.id },
    });
    assert.deepEqual([now.resources.cpuWeight, now.resources.cpuMaximumPercent], [200, 80]);
    assert.equal(state, 'running');
    assert.ok(!status.pending.some((path) => path.startsWith('resources/')), status.pending.join());
    await gantry.must('vm', 'set', vm.name, 'resources.cpuWeight=100');
  });

  test('two people change the same setting: both values are shown, and one is chosen', async () => {
    const { page } = person;
    await open('identity');
    await page.locator('#setting-description').fill('mine');
    await page.getByRole('tab', { name: 'Configuration' }).click();
    await page.locator('#setting-settings-start-order').fill('5');
    await gantry.must('vm', 'set', vm.name, 'description=theirs');
    await page.getByText('You and somebody else have changed the same settings').waitFor();
    const row = page.getByRole('row').filter({ hasText: 'Description' });
    await row.getByText('mine', { exact: true }).waitFor();
    await row.getByText('theirs', { exact: true }).waitFor();
    assert.deepEqual(await findBarriers(page), []);
    assert.ok(await page.getByRole('button', { name: 'Review and save' }).isDisabled());
    await page.getByRole('button', { name: 'Take theirs' }).click();
    await review();
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const after = await definition();
    assert.equal(after.description, 'theirs');
    assert.equal(after.settings.start.order, 5);
  });

  test('a session that ends leaves what was typed where it is', async () => {
    const { page } = person;
    await open('identity');
    await page.locator('#setting-description').fill('half typed');
    await review();
    await page.evaluate("fetch('/api/v1/session', { method: 'DELETE' }).then(() => undefined)");
    const again = page.getByRole('dialog').filter({ hasText: 'Your session has ended.' });
    await again.locator('#password').fill(password);
    await again.getByRole('button', { name: 'Sign in' }).click();
    await again.waitFor({ state: 'detached' });
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.equal((await definition()).description, 'half typed');
  });

  test('a disk is attached by the form of the request and detached again', async () => {
    const { page } = person;
    const before_ = (await definition()).hardware.disks.length;
    await open('configuration&section=hard-disks');
    await page.getByRole('button', { name: 'Add: Disks' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('#setting-disk-sizeBytes').fill('64');
    assert.deepEqual(await findBarriers(page), []);
    await dialog.getByRole('button', { name: 'Add: Disks' }).click();
    await dialog.waitFor({ state: 'detached' });
    const disks = page.getByRole('grid', { name: 'Disks' }).getByRole('row');
    const choose = async (name: string): Promise<void> => {
      await disks
        .filter({ hasText: '64 MiB' })
        .getByRole('button', { name: /^Actions for / })
        .click();
      await page.getByRole('menuitem', { name, exact: true }).click();
    };
    await choose('Detach');
    await page.getByRole('dialog').getByRole('button', { name: 'Detach' }).click();
    await disks.filter({ hasText: '64 MiB' }).waitFor({ state: 'detached' });
    assert.equal((await definition()).hardware.disks.length, before_);
  });

  test('WEB-50 what needs the vm to be off is read-only with the reason while it runs or is saved', async () => {
    const { page } = person;
    await open('configuration&section=hardware');
    const tag = page.locator('#setting-hardware-bios-chassis-assetTag');
    for (const state of ['Running', 'Paused']) {
      await page.getByText(state, { exact: true }).first().waitFor();
      assert.ok(await tag.isDisabled(), state);
      await page.getByText('Can be changed while the virtual machine is off.').first().waitFor();
      if (state === 'Running') await gantry.must('vm', 'pause', vm.name);
    }
    await gantry.must('vm', 'save', vm.name);
    await page.getByText('These settings cannot be changed now').waitFor();
    assert.ok(await page.locator('#setting-hardware-firmware-type').isDisabled());
    await gantry.must('vm', 'restore', vm.name);
    await page.getByText('These settings cannot be changed now').waitFor({ state: 'detached' });
    await gantry.must('vm', 'resume', vm.name);
  });

  test('WEB-42 people and groups are allowed on the vm, listed, and allowed no more', async () => {
    const { page } = person;
    await gantry.must('user', 'create', 'ada');
    await open('configuration&section=access');
    for (const [kind, name] of [
      ['user', 'ada'],
      ['group', 'operators-of-web'],
    ] as const) {
      await page.locator('#grant-kind').selectOption(kind);
      await page.locator('#grant-subject').fill(name);
      await page.getByRole('button', { name: 'Grant a role' }).click();
      const row = page.getByRole('row').filter({ hasText: name });
      await row.getByRole('button', { name: 'Withdraw' }).click();
      await row.waitFor({ state: 'detached' });
    }
  });

  test('the page has the usual power controls of the state beside its menu, and the screen is seen in the summary', async () => {
    const { page } = person;
    await open('summary');
    const button = (name: string): Locator => page.getByRole('button', { name, exact: true });
    await page.getByRole('img', { name: `Screen of ${vm.name}` }).waitFor();
    await button('Pause').click();
    await button('Resume').waitFor();
    await button('Turn off').waitFor();
    assert.equal(await button('Pause').count(), 0);
    await button('Resume').click();
    await button('Pause').waitFor();
    await button('Shut down guest').waitFor();
    const { state } = await gantry.client().call('vm.show', { params: { vm: vm.id } });
    assert.equal(state, 'running');
  });

  test('GA-11 the summary says in a word how the guest fares', async () => {
    await open('summary');
    const { page } = person;
    await page.getByText('Health', { exact: true }).waitFor();
    // After a restore it is asked again, and told with the sample after that.
    await page.getByText('working', { exact: true }).waitFor({ timeout: 30_000 });
  });

  test('GA-03 each function of the guest additions is seen by itself, and why it is not there', async () => {
    const { page } = person;
    await open('configuration&section=additions');
    const { status } = await gantry.client().call('vm.show', { params: { vm: vm.id } });
    const rows = page.getByRole('grid', { name: 'Guest additions' }).getByRole('row');
    assert.equal(await rows.count(), 1 + Object.keys(additionsFunctions).length);
    for (const [name, label] of [
      ['heartbeat', 'Heartbeat'],
      ['sharedFolders', 'Shared folders'],
    ] as const) {
      const told = status.additions.functions[name];
      assert.ok(told !== undefined);
      await rows
        .filter({ hasText: label })
        .getByText(told === true ? 'Yes' : `No: ${told}`)
        .waitFor();
    }
  });

  test('file systems of the guest are held still for so many minutes, and let go', async () => {
    const { page } = person;
    await open('configuration&section=additions');
    const told = page.getByRole('status').filter({ hasText: 'held still' });
    await told.getByText('They are not held still.').waitFor();
    await page.getByRole('button', { name: 'Hold still' }).click();
    const dialog = page.getByRole('dialog');
    const minutes = dialog.getByRole('spinbutton', { name: 'For how many minutes' });
    assert.equal(await minutes.inputValue(), '10');
    const hold = dialog.getByRole('button', { name: 'Hold still' });
    await minutes.fill('0');
    assert.equal(await hold.isDisabled(), true);
    await minutes.fill('30');
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await hold.click();
    await dialog.waitFor({ state: 'detached' });
    await told.getByText(/They are held still until .*\d/).waitFor();
    const params = { vm: vm.id };
    const { state, until } = await gantry.client().call('vm.freeze.show', { params });
    assert.equal(state, 'frozen');
    const leftMs = Date.parse(until ?? '') - Date.now();
    assert.ok(leftMs > 25 * 60_000 && leftMs <= 30 * 60_000, `${leftMs} ms are left`);
    await page.getByRole('button', { name: 'Let go' }).click();
    await told.getByText('They are not held still.').waitFor();
    assert.equal((await gantry.client().call('vm.freeze.show', { params })).state, 'thawed');
  });

  test('axe finds no barrier on a tab of each kind, light and dark, and 390 pixels are wide enough for it', async () => {
    const { page } = person;
    const found: string[] = [];
    await open('summary');
    for (const tab of tabs) {
      // Tall enough for the longest tab: axe counts what lies behind the edge of the window as covered.
      await page.setViewportSize({ width: 1280, height: 6000 });
      await followTo(page, `/vms/${vm.id}?tab=${tab}`);
      const [name, section] = tab.split('&section=');
      await page.locator(`#tab-${name}`).waitFor();
      if (section !== undefined)
        await page.locator(`[aria-current=page][href$="section=${section}"]`).waitFor();
      await page
        .getByRole('tabpanel')
        .getByRole('progressbar')
        .first()
        .waitFor({ state: 'detached' });
      for (const barrier of await findBarriersInEachLight(page)) found.push(`${tab}: ${barrier}`);
      await page.setViewportSize({ width: 390, height: 844 });
      const width = Number(await page.evaluate('document.documentElement.scrollWidth'));
      if (width > 390) found.push(`${tab} is ${width} wide`);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    assert.deepEqual(found, []);
  });

  test('a coordinator that is stopped comes back under the page, which goes on', async () => {
    const { page } = person;
    await open('identity');
    await page.locator('#setting-description').fill('typed before the crash');
    await gantry.must('down');
    await page.getByText('The connection to the server is lost. Trying again.').waitFor();
    await gantry.must('up', '--listen', gantry.listen, '--simulate', '1x12');
    await page
      .getByText('The connection to the server is lost. Trying again.')
      .waitFor({ state: 'detached' });
    assert.equal(await page.locator('#setting-description').inputValue(), 'typed before the crash');
    await page.getByText(vmStateFacts.running.label, { exact: true }).first().waitFor();
  });

  test('a vm that somebody deletes is said to be gone', async () => {
    const { page } = person;
    await open('summary');
    await gantry.must('vm', 'turn-off', vm.name, '--yes');
    await gantry.must('vm', 'delete', vm.name, '--yes');
    await page.getByText('This virtual machine is not here any more').waitFor();
  });

  test('API-01 no page caused an error, asked for what its policy refuses, or called what the API does not publish', () => {
    assert.deepEqual(person.complaints, []);
  });
});
