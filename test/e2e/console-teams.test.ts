/** The console's pages of teams: made, filled, put in order, stopped and started as one. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Locator } from 'playwright-core';
import {
  findBarriers,
  noBrowser,
  openBrowser,
  sitAtBrowser,
  type Person,
  signInByLink,
} from './browser.ts';
import { newGantry, type Gantry } from './gantry.ts';

describe('the teams of the console', { skip: noBrowser }, () => {
  let gantry: Gantry;
  let browser: Browser;
  let person: Person;
  let names: readonly string[];

  before(async () => {
    gantry = await newGantry();
    const out = await gantry.must('up', '--listen', gantry.listen, '--simulate', '1x12');
    const { items } = await gantry
      .client()
      .call('vm.list', { query: { filter: 'state = running', sort: 'name', limit: 2 } });
    names = items.map(({ name }) => name);
    browser = await openBrowser();
    person = await sitAtBrowser(browser);
    const { page } = person;
    await signInByLink(page, out);
    await page.getByRole('heading', { level: 1, name: 'Status' }).waitFor();
  });
  after(async () => {
    await browser?.close();
    await gantry[Symbol.asyncDispose]();
  });

  const members = (): Locator =>
    person.page
      .getByRole('grid', { name: 'Members' })
      .getByRole('row')
      .filter({ has: person.page.getByRole('link') });
  const act = async (action: string): Promise<Locator> => {
    const { page } = person;
    await page.getByRole('button', { name: 'Actions for shop' }).click();
    await page.getByRole('menuitem', { name: action, exact: true }).click();
    return page.getByRole('dialog');
  };

  test('a team is made, and its members are added and put in order', async () => {
    const { page } = person;
    await page.getByRole('link', { name: 'Teams', exact: true }).click();
    await page.getByText('No teams').waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await page.getByRole('button', { name: 'Create team' }).click();
    await page.locator('#team-name').fill('shop');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'shop' }).waitFor();
    for (const [index, name] of names.entries()) {
      await page.getByRole('textbox', { name: 'Name of a virtual machine' }).fill(name);
      await page.keyboard.press('Enter');
      await members().nth(index).getByRole('link', { name, exact: true }).waitFor();
    }
    await page.getByRole('button', { name: `Later: ${names[0]}` }).click();
    await members()
      .first()
      .getByRole('link', { name: names[1] ?? '', exact: true })
      .waitFor();
    assert.deepEqual(await findBarriers(page), []);
    const team = await gantry.client().call('team.show', { params: { team: 'shop' } });
    assert.deepEqual(
      team.members.map(({ name }) => name),
      names.toReversed(),
    );
  });

  test('what is waited for after a member, and what becomes of the others when one fails, are chosen on the page', async () => {
    const { page } = person;
    const [name = ''] = names;
    const told = async (): Promise<unknown> => {
      const { members: all, onFailure } = await gantry
        .client()
        .call('team.show', { params: { team: 'shop' } });
      return [all.find((member) => member.name === name)?.wait, onFailure];
    };
    await page.getByLabel(`What is waited for after ${name}`).selectOption('additions');
    const seconds = page.getByLabel(`Seconds after ${name}`);
    await seconds.fill('0');
    await page.keyboard.press('Enter');
    assert.equal(await seconds.getAttribute('aria-invalid'), 'true');
    await seconds.fill('90');
    const saved = page.waitForResponse((answer) => answer.request().method() === 'PATCH');
    await page.keyboard.press('Enter');
    await saved;
    const chosen = page.waitForResponse((answer) => answer.request().method() === 'PATCH');
    await page.getByLabel('When a member fails').selectOption('roll-back');
    assert.equal((await chosen).status(), 200);
    assert.deepEqual(await told(), [{ for: 'additions', timeoutSeconds: 90 }, 'roll-back']);
    assert.deepEqual(await findBarriers(page), []);
    await page.getByLabel(`What is waited for after ${name}`).selectOption('nothing');
    await seconds.waitFor({ state: 'detached' });
  });

  test('what a command would do is said first; then all members follow, and the page with them', async () => {
    const { page } = person;
    const off = await act('Turn team off');
    await off.getByText('Acts on 2:').waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await off.getByRole('button', { name: 'Turn team off' }).click();
    await members().nth(1).getByText('Off', { exact: true }).waitFor();
    await members().first().getByText('Off', { exact: true }).waitFor();
    await page.getByText('Turn team off: shop').waitFor();
    const start = await act('Start team');
    await start.getByText('Acts on 2:').waitFor();
    await start.getByRole('button', { name: 'Start team' }).click();
    await members().nth(1).getByText('Running', { exact: true }).waitFor();
    await members().first().getByText('Running', { exact: true }).waitFor();
  });

  test('WEB-62 WEB-63 long work goes on while one looks at other pages; the list of it shows thing, person, start, duration and error, and offers to cancel', async () => {
    const { page } = person;
    const [name = ''] = names;
    const seconds = page.getByLabel(`Seconds after ${names[1]}`);
    for (const choose of [
      () => page.getByLabel(`What is waited for after ${names[1]}`).selectOption('time'),
      () => seconds.fill('600').then(() => page.keyboard.press('Enter')),
    ]) {
      const saved = page.waitForResponse((answer) => answer.request().method() === 'PATCH');
      await choose();
      await saved;
    }
    await gantry.must('team', 'turn-off', 'shop', '--yes');
    const start = await act('Start team');
    await start.getByRole('button', { name: 'Start team' }).click();
    await page.getByRole('link', { name: 'Operations', exact: true }).click();
    const grid = page.getByRole('grid', { name: 'Operations' });
    for (const title of ['Target', 'By', 'Time', 'Duration', 'State', 'Message'])
      await grid.getByRole('columnheader', { name: title, exact: true }).waitFor();
    const rows = grid.getByRole('row').filter({ hasText: 'shop' });
    const running = rows.filter({ hasText: 'Start team' }).filter({ hasText: 'running' });
    await running.getByText('admin', { exact: true }).waitFor();
    await running.getByRole('progressbar').waitFor();
    const ended = rows.filter({ hasText: 'Turn team off' }).first();
    await ended.locator('td[data-label="Duration"]', { hasText: / s$/ }).waitFor();
    assert.equal(await ended.getByRole('button', { name: 'Cancel operation' }).count(), 0);
    // Meanwhile other work goes on, begun on another page.
    await page.getByRole('link', { name: 'Virtual machines', exact: true }).click();
    const [free] = (
      await gantry.client().call('vm.list', {
        query: { filter: `state = running AND name != ${names[1]}`, limit: 1 },
      })
    ).items;
    await page.getByRole('button', { name: `Actions for ${free?.name}`, exact: true }).click();
    await page.getByRole('menuitem', { name: 'Pause' }).click();
    await page.getByText(`Pause: ${free?.name}`).waitFor();
    await page.getByText('1 under way').waitFor();
    await page.goBack();
    await running.getByRole('button', { name: 'Cancel operation' }).click();
    const cancelled = rows.filter({ hasText: 'Start team' }).filter({ hasText: 'cancelled' });
    await cancelled.first().waitFor();
    // From the drawer too, on any page.
    await gantry.must('team', 'turn-off', 'shop', '--yes');
    await gantry.must('team', 'start', 'shop', '--no-wait');
    await page.getByRole('link', { name: 'Hosts', exact: true }).click();
    const drawer = page.getByRole('region', { name: 'Operations and events' });
    const opener = drawer.getByRole('button', { name: 'Operations and events' });
    await opener.click();
    const listed = drawer.getByRole('row').filter({ hasText: 'Start team' });
    const going = listed.filter({ hasText: 'running' });
    await going.getByRole('progressbar').waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await going.getByRole('button', { name: 'Cancel operation: Start team shop' }).click();
    await listed.filter({ hasText: 'cancelled' }).nth(1).waitFor();
    await going.waitFor({ state: 'detached' });
    await opener.click();
    await gantry.run(['vm', 'turn-on', name]);
    await page.getByRole('link', { name: 'Teams', exact: true }).first().click();
    await page.getByRole('link', { name: 'shop', exact: true }).first().click();
    await page.getByRole('heading', { level: 1, name: 'shop' }).waitFor();
    await page.getByLabel(`What is waited for after ${names[1]}`).selectOption('nothing');
    await seconds.waitFor({ state: 'detached' });
    for (const vm of names) await gantry.run(['vm', 'turn-on', vm]);
  });

  test('a member is taken out, the list shows the team, and deleting it leaves the vms', async () => {
    const { page } = person;
    await page.getByRole('button', { name: `Take out: ${names[1]}` }).click();
    await members().nth(1).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Teams', exact: true }).first().click();
    const row = page
      .getByRole('grid', { name: 'Teams' })
      .getByRole('row')
      .filter({ hasText: 'shop' });
    await row.getByText(names[0] ?? '', { exact: true }).waitFor();
    await row.getByRole('button', { name: 'Actions for shop' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByText('Its virtual machines stay as they are.').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No teams').waitFor();
    for (const vm of names)
      assert.equal((await gantry.client().call('vm.show', { params: { vm } })).state, 'running');
  });

  test('API-01 no page caused an error, asked for what its policy refuses, or called what the API does not publish', () => {
    assert.deepEqual(person.complaints, []);
  });
});
