/** The console by keyboard alone, from the sign-in to the deletion of a vm: no pointer is moved, nothing clicked. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Browser, Locator } from 'playwright-core';
import { miB } from '#lib';
import { noBrowser, openBrowser, sitAtBrowser, typeInto, type Person } from './browser.ts';
import { newGantry, type Gantry } from './gantry.ts';

const password = 'a long enough password';
const mostSteps = 150;
/** The port of old, at an address of loopback that nobody else is likely to take (RFC 5735). */
const listen = `127.${[1, 2, 3].map(() => randomInt(1, 255)).join('.')}:1024`;

describe('the console by keyboard alone', { skip: noBrowser }, () => {
  let gantry: Gantry;
  let browser: Browser;
  let person: Person;

  before(async () => {
    gantry = await newGantry();
    await gantry.must('up', '--listen', listen, '--simulate', '1x12');
    await gantry.run(['user', 'password', 'admin'], `${password}\n${password}\n`);
    browser = await openBrowser();
    person = await sitAtBrowser(browser);
  });
  after(async () => {
    await browser?.close();
    await gantry[Symbol.asyncDispose]();
  });

  const press = async (...keys: readonly string[]): Promise<void> => {
    for (const key of keys) await person.page.keyboard.press(key);
  };
  const type = async (text: string): Promise<void> => await person.page.keyboard.type(text);
  /** Presses the key until the focus is there. */
  const walkTo = async (place: Locator, key = 'Tab'): Promise<void> => {
    await place.first().waitFor();
    for (let step = 0; step < mostSteps; step += 1) {
      if (
        await place.first().evaluate((element) => element === element.ownerDocument.activeElement)
      )
        return;
      await press(key);
    }
    const there = await person.page.evaluate('document.activeElement.outerHTML');
    assert.fail(`not reached by ${key}: ${String(place)}; the focus is on ${String(there)}`);
  };
  const button = (name: string | RegExp): Locator =>
    person.page.getByRole('button', { name, exact: true });
  const replaceText = async (text: string): Promise<void> => {
    await press('Control+a');
    await type(text);
  };
  const dialog = (): Locator => person.page.getByRole('dialog');
  const inDialog = (name: string): Locator => dialog().getByRole('button', { name, exact: true });
  const choose = async (item: string): Promise<void> => {
    await person.page.getByRole('menuitem', { name: item, exact: true }).waitFor();
    await walkTo(person.page.getByRole('menuitem', { name: item, exact: true }), 'ArrowDown');
    await press('Enter');
  };

  test('one signs in', async () => {
    const { page } = person;
    await page.goto(`${gantry.client().server}/`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await typeInto(page.locator('#user'), 'admin');
    await press('Tab');
    await type(password);
    await press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Status' }).waitFor();
  });

  test('WEB-06 it is served at the address and port that were chosen, 1024 among them, where the status page has an address of its own', async () => {
    const { page, context } = person;
    const bookmark = `https://${listen}/status`;
    assert.equal(page.url(), bookmark);
    const later = await context.newPage();
    await later.goto(bookmark);
    await later.getByRole('heading', { level: 1, name: 'Status' }).waitFor();
    await later.close();
  });

  test('the first step leads past the frame to the page', async () => {
    const { page } = person;
    await walkTo(page.getByRole('link', { name: 'Skip to content' }));
    await press('Enter');
    assert.equal(await page.evaluate('location.hash'), '#main');
  });

  test('a vm is created in the wizard by the enter key and a name; a second enter asks for no second one', async () => {
    const { page } = person;
    await walkTo(page.getByRole('link', { name: 'Virtual machines', exact: true }));
    await press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Virtual machines' }).waitFor();
    await walkTo(button('Create virtual machine'));
    await press('Enter');
    for (const step of ['#source-new', '#size-small', '#plug-network']) {
      await page.locator(`${step}:focus`).waitFor();
      await press('Enter');
    }
    await page.locator('#vm-name:focus').waitFor();
    const asked: string[] = [];
    const answer = Promise.withResolvers<void>();
    await page.route('**/api/v1/vms', async (route) => {
      if (route.request().method() === 'POST') {
        asked.push(route.request().url());
        await answer.promise;
      }
      await route.continue();
    });
    await type('by-keys\n\n');
    await page
      .getByRole('dialog')
      .getByRole('button', { name: 'Create', disabled: true })
      .waitFor();
    answer.resolve();
    await page.getByText('Create: by-keys').waitFor();
    await page.unroute('**/api/v1/vms');
    assert.equal(asked.length, 1);
  });

  test('it is found by the filter, and turned off with the question answered', async () => {
    const { page } = person;
    await walkTo(page.getByRole('combobox', { name: 'Filter' }));
    await type('name = by-keys');
    await press('Escape', 'Enter');
    await page.waitForURL(/filter=/);
    await walkTo(button('Actions for by-keys'));
    await press('Enter');
    await choose('Turn off');
    await walkTo(inDialog('Turn off'));
    await press('Enter');
    await page.getByRole('row').filter({ hasText: 'by-keys' }).getByText('Off').waitFor();
  });

  test('a setting is changed and saved', async () => {
    const { page } = person;
    await walkTo(page.getByRole('link', { name: 'by-keys', exact: true }));
    await press('Enter');
    await page.getByRole('heading', { level: 1, name: 'by-keys' }).waitFor();
    await walkTo(page.getByRole('tab', { name: 'Configuration' }));
    await press('Enter');
    await walkTo(page.getByRole('link', { name: 'Memory', exact: true }));
    await press('Enter');
    await walkTo(page.locator('#setting-hardware-memory-sizeBytes'));
    await replaceText('640');
    await walkTo(button('Review and save'));
    await press('Enter');
    await walkTo(inDialog('Save'));
    await press('Enter');
    await dialog().waitFor({ state: 'detached' });
    const { definition } = await gantry.client().call('vm.show', { params: { vm: 'by-keys' } });
    assert.equal(definition.hardware.memory.sizeBytes, 640 * miB);
  });

  test('a dialog keeps the focus, Escape leaves it, and the focus comes back', async () => {
    await walkTo(button('Actions for by-keys'));
    await press('Enter');
    await choose('Rename');
    await dialog().waitFor();
    for (let step = 0; step < 12; step += 1) {
      await press('Tab');
      const inside = await dialog().evaluate((it) => it.contains(it.ownerDocument.activeElement));
      assert.ok(inside, `step ${step}`);
    }
    await press('Escape');
    await dialog().waitFor({ state: 'detached' });
    const menu = button('Actions for by-keys');
    assert.ok(await menu.evaluate((element) => element === element.ownerDocument.activeElement));
  });

  test('it is deleted with its name typed', async () => {
    const { page } = person;
    await walkTo(button('Actions for by-keys'));
    await press('Enter');
    await choose('Delete');
    await walkTo(page.locator('#typed-name'));
    await type('by-keys');
    await walkTo(inDialog('Delete'));
    await press('Enter');
    await page.getByText('This virtual machine is not here any more').waitFor();
  });

  test('API-01 no page caused an error, asked for what its policy refuses, or called what the API does not publish', () => {
    assert.deepEqual(person.complaints, []);
  });
});
