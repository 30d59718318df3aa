/** The console in a real browser against the real coordinator with a simulated fleet. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { isFault } from '#lib';
import { powerActions, vmActions, type Vm, type VmState } from '#api';
import {
  findBarriersInEachLight,
  followTo,
  findBarriers,
  noBrowser,
  openBrowser,
  signInByLink,
  sitAtBrowser,
  type Person,
} from './browser.ts';
import { isEnglishEvent } from './console-words.ts';
import { newGantry, type Gantry } from './gantry.ts';

const password = 'a long enough password';
const maxFirstBytes = 350_000;
/** WEB-23, in its order. */
const controls = [
  'screen',
  'turn-on',
  'pause',
  'resume',
  'save',
  'restore',
  'discard',
  'shutdown',
  'turn-off',
  'reset',
  'remove',
] as const;

describe('the console', { skip: noBrowser }, () => {
  let gantry: Gantry;
  let browser: Browser;
  let person: Person;
  let server: string;
  let link: string;

  before(async () => {
    gantry = await newGantry();
    const out = await gantry.must('up', '--listen', gantry.listen, '--simulate', '2x40');
    link = /https:\S+#link=\S+/.exec(out)?.[0] ?? '';
    server = gantry.client().server;
    browser = await openBrowser();
    person = await sitAtBrowser(browser);
  });
  after(async () => {
    await browser?.close();
    await gantry[Symbol.asyncDispose]();
  });

  const open = async (path: string): Promise<void> => {
    await person.page.goto(server + path);
    await person.page.getByRole('heading', { level: 1 }).waitFor();
  };
  const row = (name: string): Locator =>
    person.page
      .getByRole('row')
      .filter({ has: person.page.getByRole('link', { name, exact: true }) });
  const vmThatIs = async (state: VmState): Promise<Vm> => {
    const { items } = await gantry
      .client()
      .call('vm.list', { query: { filter: `state = ${state}`, sort: 'name', limit: 1 } });
    assert.ok(items[0]);
    return items[0];
  };
  const runningVm = (): Promise<Vm> => vmThatIs('running');
  const tokenOf = async (user: string): Promise<string> =>
    (await gantry.must('token', 'create', `of ${user}, ${Date.now()}`, '--user', user)).split(
      '\n',
    )[0] ?? '';

  test('what the first page needs is few files, below 350 kB compressed', () => {
    const folder = fileURLToPath(new URL('../../dist/console/', import.meta.url));
    const page = readFileSync(`${folder}index.html`, 'utf8');
    const files = [...page.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)];
    assert.ok(files.length >= 2 && files.length <= 4, `${files.length} files`);
    const bytes = files.reduce((sum, [, file]) => sum + statSync(`${folder}${file}.gz`).size, 0);
    assert.ok(bytes < maxFirstBytes, `${bytes} bytes`);
  });

  test('the link of gantry up signs in once, leaves the address at once, and a password is chosen', async () => {
    const { page } = person;
    await page.goto(link);
    await page.getByRole('heading', { name: 'Choose a password' }).waitFor();
    assert.ok(!page.url().includes('#'), page.url());
    assert.deepEqual(await findBarriers(page), []);
    await page.getByLabel('Password', { exact: false }).first().fill(password);
    await page.locator('#again').fill('something else');
    await page.getByText('The two passwords differ.').waitFor();
    await page.locator('#again').fill(password);
    await page.getByRole('button', { name: 'Choose a password' }).click();
    await page.getByRole('grid', { name: 'Virtual machines' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/status');
  });

  test('nothing secret is where scripts can read it', async () => {
    const seen = await person.page.evaluate(
      'JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }])',
    );
    assert.doesNotMatch(String(seen), /gantry_|session/i);
  });

  test('WEB-23 the menu of a row holds every control, offers what may be done, says why not, and asks in words that name the loss', async () => {
    const { page } = person;
    await open('/vms');
    const vm = await runningVm();
    await row(vm.name).getByRole('button').click();
    const menu = page.getByRole('menuitem');
    await menu.filter({ hasText: 'Export definition' }).waitFor();
    const offered = await menu.allInnerTexts();
    // The controls of old by their words of today; a simulated machine has no screen.
    for (const action of controls)
      assert.equal(
        offered.includes(vmActions[action].label),
        action !== 'screen',
        `${action} in ${String(offered)}`,
      );
    const turnOn = page.getByRole('menuitem', { name: 'Turn on' });
    assert.equal(await turnOn.getAttribute('aria-disabled'), 'true');
    await turnOn.hover();
    await page.getByRole('tooltip').getByText(`${vm.name} is running already`).waitFor();
    await page.getByRole('menuitem', { name: 'Turn off' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('like pulling the plug: unsaved data is lost').waitFor();
    await dialog.getByRole('button', { name: 'Turn off' }).click();
    await row(vm.name).getByText('Off', { exact: true }).waitFor();
    assert.equal((await gantry.client().call('vm.show', { params: { vm: vm.id } })).state, 'off');
    await page.getByText(`Turn off: ${vm.name}`).waitFor();
    await row(vm.name).getByRole('link', { name: vm.name, exact: true }).click();
    await page.getByRole('heading', { level: 1, name: vm.name }).waitFor();
    await page.getByRole('button', { name: `Actions for ${vm.name}` }).click();
    await menu.filter({ hasText: 'Export definition' }).waitFor();
    // What stands still is not moved as it runs.
    const atRest = offered.filter((label) => label !== vmActions.migrate.label);
    assert.deepEqual(await menu.allInnerTexts(), atRest);
  });

  test('WEB-02 what a click has asked for does the same by the API and the command line, for those who may', async () => {
    const { page } = person;
    await open('/vms');
    const vm = await runningVm();
    const stateNow = async (): Promise<string> =>
      (await gantry.client().call('vm.show', { params: { vm: vm.id } })).state;
    await row(vm.name).getByRole('button').click();
    const asked = page.waitForRequest((request) => request.method() === 'POST');
    await page.getByRole('menuitem', { name: 'Pause', exact: true }).click();
    const click = await asked;
    await row(vm.name).getByText('Paused').waitFor();
    const replay = async (token: string): Promise<number> => {
      const { status } = await fetch(click.url(), {
        method: click.method(),
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: click.postData(),
      });
      return status;
    };
    await gantry.must('vm', 'resume', vm.name);
    await gantry.must('user', 'create', 'looker');
    await gantry.must('grant', 'create', 'looker', 'auditor');
    assert.equal(await replay(await tokenOf('looker')), 403);
    assert.equal(await stateNow(), 'running');
    assert.equal(await replay(await tokenOf('admin')), 202);
    await row(vm.name).getByText('Paused').waitFor();
    await gantry.must('vm', 'resume', vm.name);
    await gantry.must('vm', 'pause', vm.name);
    assert.equal(await stateNow(), 'paused');
    await gantry.must('vm', 'resume', vm.name);
  });

  test('WEB-22 the menu of a row offers exactly what the state and the person allow; the API refuses the rest, or says that it is so already', async () => {
    const { page } = person;
    await gantry.must('vm', 'save', (await runningVm()).name);
    const client = gantry.client();
    const offeredTo = async (whose: Page, name: string): Promise<readonly string[]> => {
      await whose.getByRole('button', { name: `Actions for ${name}`, exact: true }).click();
      const items = whose.getByRole('menuitem');
      await items.filter({ hasText: 'Export definition' }).waitFor();
      const labels = await items.and(whose.locator(':not([aria-disabled=true])')).allInnerTexts();
      await whose.keyboard.press('Escape');
      return labels;
    };
    await using looker = await sitAtBrowser(browser);
    await signInByLink(looker.page, await gantry.must('user', 'link', 'looker'));
    await looker.page.getByRole('grid', { name: 'Virtual machines' }).waitFor();
    const token = await tokenOf('looker');
    for (const state of ['running', 'saved', 'off'] as const) {
      const vm = await vmThatIs(state);
      const address = `?filter=${encodeURIComponent(`id = "${vm.id}"`)}`;
      await open(`/vms${address}`);
      const offered = await offeredTo(page, vm.name);
      await followTo(looker.page, `/vms${address}`);
      assert.deepEqual(await offeredTo(looker.page, vm.name), [
        'Export definition',
        'Object attributes',
        'Help',
      ]);
      for (const action of powerActions) {
        const params = { vm: vm.id, action };
        const { status } = await fetch(client.url('vm.act', params), {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: '{}',
        });
        assert.equal(status, 403, action);
        if (offered.includes(vmActions[action].label)) continue;
        try {
          // What is so already is an operation that has nothing to do.
          await client.wait(await client.call('vm.act', { params, body: {} }));
        } catch (error) {
          assert.ok(isFault(error, 'refused') || isFault(error, 'unsupported'), String(error));
        }
      }
      const { actions } = await client.call('vm.actions', { params: { vm: vm.id } });
      const allowed = actions.filter((one) => one.allowed).map(({ action }) => action);
      for (const action of powerActions)
        assert.equal(
          offered.includes(vmActions[action].label),
          allowed.includes(action),
          `${action} of a vm that is ${state}`,
        );
      assert.equal((await client.call('vm.show', { params: { vm: vm.id } })).state, state);
    }
  });

  test('WEB-24 discarding, turning off and resetting ask in words that name the loss, until a person asks not to be for a test vm', async () => {
    const { page } = person;
    const vm = await vmThatIs('saved');
    await open(`/vms?filter=${encodeURIComponent(`id = "${vm.id}"`)}`);
    const choose = async (name: string): Promise<void> => {
      await page.getByRole('button', { name: `Actions for ${vm.name}` }).click();
      await page.getByRole('menuitem', { name, exact: true }).click();
    };
    const dialog = page.getByRole('dialog');
    const refuse = async (name: string, loss: string): Promise<void> => {
      await choose(name);
      await dialog.getByText(loss).waitFor();
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await dialog.waitFor({ state: 'detached' });
    };
    const shows = (state: string): Promise<void> =>
      row(vm.name).getByText(state, { exact: true }).waitFor();
    await refuse('Discard saved state', 'the saved state is lost');
    await choose('Restore saved state');
    await shows('Running');
    await refuse('Turn off', 'like pulling the plug');
    await choose('Reset');
    await dialog.getByText('like the reset button').waitFor();
    await dialog.getByLabel(/^It is for tests: do not ask again/).check();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await dialog.getByRole('button', { name: 'Reset' }).click();
    await page.reload();
    await choose('Turn off');
    await shows('Off');
    await choose('Ask again before a loss');
    await choose('Turn on');
    await shows('Running');
    await refuse('Turn off', 'like pulling the plug');
  });

  test('WEB-26 a vm is created from the form, its removal says that no file is changed and how it is added again, and it is deleted with its name typed', async () => {
    const { page } = person;
    await open('/vms?create=true');
    const next = page.getByRole('dialog').getByRole('button', { name: 'Next', exact: true });
    for (let step = 0; step < 3; step += 1) await next.click();
    await page.locator('#vm-name').fill('aaa-new');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await row('aaa-new').getByText('Running').waitFor();
    await gantry.must('vm', 'turn-off', 'aaa-new', '--yes');
    await row('aaa-new').getByText('Off', { exact: true }).waitFor();
    await row('aaa-new').getByRole('button').click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    const removal = page.getByRole('dialog');
    await removal.getByText('no file is changed').waitFor();
    await removal.getByText(/gantry vm add \S+\.json --host \S+/).waitFor();
    await removal.getByRole('button', { name: 'Cancel' }).click();
    await row('aaa-new').getByRole('button').click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    const button = page.getByRole('dialog').getByRole('button', { name: 'Delete' });
    assert.ok(await button.isDisabled());
    await page.locator('#typed-name').fill('aaa-new');
    await button.click();
    await row('aaa-new').waitFor({ state: 'detached' });
  });

  test('WEB-15 rows are by name at first, and a header orders by its column and turns it around; filter and order are in the address, and the way back leads through them', async () => {
    const { page } = person;
    await open('/vms');
    await page.getByRole('grid', { name: 'Virtual machines' }).waitFor();
    const sorted = (name: string, how: 'ascending' | 'descending'): Promise<void> =>
      page
        .getByRole('columnheader', { name })
        .and(page.locator(`[aria-sort=${how}]`))
        .waitFor();
    await sorted('Name', 'ascending');
    for (const name of ['Name', 'State', 'Running time', 'CPU']) {
      const header = page.getByRole('columnheader', { name }).getByRole('button');
      if (name !== 'Name') await header.click();
      await sorted(name, 'ascending');
      await header.click();
      await sorted(name, 'descending');
    }
    await page.waitForURL(/sort=-status.cpuPercent/);
    await page.goBack();
    await sorted('CPU', 'ascending');
    await page.getByRole('combobox', { name: 'Filter' }).fill('name : app AND host = sim-1');
    await page.keyboard.press('Enter');
    await page.waitForURL(/filter=/);
    await page
      .getByRole('link', { name: /^sim-1-app-/ })
      .first()
      .waitFor();
    assert.equal(await page.getByRole('link', { name: /^sim-2-/ }).count(), 0);
    const address = page.url();
    await page.goto(address);
    assert.equal(
      await page.getByRole('combobox', { name: 'Filter' }).inputValue(),
      'name : app AND host = sim-1',
    );
    await page.getByRole('combobox', { name: 'Filter' }).fill('state = = 5');
    await page.keyboard.press('Enter');
    await page.getByText(/the filter is wrong at character/).waitFor();
  });

  test('events come as they happen, and an operation is shown with its vm', async () => {
    const { page } = person;
    // Of which nothing has been told yet: only what is seen are rows.
    const { items } = await gantry
      .client()
      .call('vm.list', { query: { filter: 'state = running', sort: '-name', limit: 1 } });
    const [vm] = items;
    assert.ok(vm);
    await open('/events');
    await page.getByRole('grid').waitFor();
    const before_ = await page.getByRole('row').filter({ hasText: vm.name }).count();
    await gantry.must('vm', 'pause', vm.name);
    await page.getByRole('row').filter({ hasText: vm.name }).nth(before_).waitFor();
    await open(`/vms/${vm.id}?tab=operations`);
    await page.getByRole('row').filter({ hasText: 'pause' }).getByText('done').first().waitFor();
    await gantry.must('vm', 'resume', vm.name);
  });

  test('axe finds no barrier on any page, light and dark', async () => {
    const { page } = person;
    const { id, hostId } = await runningVm();
    const size = page.viewportSize();
    assert.ok(size);
    // What lies half behind the edge of a window counts as too small to be hit.
    await page.setViewportSize({ ...size, height: 2000 });
    const found: string[] = [];
    const title = (name: string): Locator => page.getByRole('heading', { level: 1, name });
    for (const [path, seen] of [
      ['/status', title('Status')],
      ['/vms', title('Virtual machines')],
      ['/vms?create=true', page.locator('#source-new')],
      [`/vms/${id}`, page.locator('#tab-summary')],
      [`/vms/${id}?tab=screen`, page.locator('#tab-screen')],
      [`/vms/${id}?tab=events`, page.locator('#tab-events')],
      ['/hosts', title('Hosts')],
      [`/hosts/${hostId}`, page.locator('#tab-summary')],
      [`/hosts/${hostId}?tab=virtualMachines`, page.locator('#tab-virtualMachines')],
      [`/hosts/${hostId}?tab=checks`, page.locator('#tab-checks')],
      ['/images', title('Images')],
      ['/images?build=true', page.locator('#recipe')],
      ['/operations', title('Operations')],
      ['/events', title('Events')],
      ['/people', title('Users and rights')],
      ['/site', title('Site settings')],
      ['/nowhere', title('There is nothing here')],
    ] as const) {
      await followTo(page, path);
      await seen.waitFor();
      await page.getByRole('main').getByRole('progressbar').first().waitFor({ state: 'detached' });
      for (const barrier of await findBarriersInEachLight(page)) found.push(`${path}: ${barrier}`);
    }
    await page.setViewportSize(size);
    assert.deepEqual(found, []);
  });

  test('a window of 400 pixels is wide enough for every page', async () => {
    const { page } = person;
    await page.setViewportSize({ width: 400, height: 800 });
    const { id } = await runningVm();
    for (const path of [
      '/status',
      '/vms',
      `/vms/${id}`,
      '/hosts',
      '/images',
      '/operations',
      '/events',
      '/people',
      '/site',
    ]) {
      await open(path);
      const width = await page.evaluate('document.documentElement.scrollWidth');
      assert.ok(Number(width) <= 400, `${path} is ${String(width)} wide`);
    }
    assert.deepEqual(await findBarriers(page), []);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('a session that ends is renewed on the page, and what was typed is still there', async () => {
    const { page } = person;
    await open('/vms');
    await page.getByRole('combobox', { name: 'Filter' }).fill('name : half typed');
    await page.evaluate("fetch('/api/v1/session', { method: 'DELETE' }).then(() => undefined)");
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Your session has ended.').waitFor();
    await dialog.locator('#password').fill('not the password');
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await dialog.getByRole('alert').waitFor();
    await dialog.locator('#password').fill(password);
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.equal(
      await page.getByRole('combobox', { name: 'Filter' }).inputValue(),
      'name : half typed',
    );
    const vm = await runningVm();
    await gantry.must('vm', 'pause', vm.name);
    await row(vm.name).getByText('Paused').waitFor();
  });

  test('the console speaks German, remembers it, and signs out', async () => {
    const { page } = person;
    await page.getByRole('button', { name: 'Signed in as admin' }).click();
    await page.getByRole('menuitem', { name: 'Deutsch' }).click();
    await page.getByRole('heading', { name: 'Virtuelle Maschinen' }).waitFor();
    await open('/hosts');
    assert.equal(await page.locator('html').getAttribute('lang'), 'de');
    await open('/events');
    const messages = page.locator('.two-lines');
    await messages
      .filter({ hasText: /wurde angehalten/ })
      .first()
      .waitFor();
    assert.deepEqual((await messages.allInnerTexts()).filter(isEnglishEvent), []);
    await open('/hosts');
    await page.getByRole('button', { name: 'Angemeldet als admin' }).click();
    await page.getByRole('menuitem', { name: 'Abmelden' }).click();
    await page.getByRole('heading', { name: 'Anmelden' }).waitFor();
    await page.locator('#user').fill('admin');
    await page.locator('#password').fill(password);
    await page.getByRole('button', { name: 'Anmelden' }).click();
    await page.getByRole('grid', { name: 'Hosts' }).waitFor();
  });

  test('API-01 no page caused an error, asked for what its policy refuses, or called what the API does not publish', () => {
    assert.deepEqual(person.complaints, []);
    assert.ok(person.calls.size > 10, [...person.calls].join('\n'));
  });
});
