/** Bad days in the console: nobody is signed in, a second factor, a right that is taken away, an operation that fails. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Locator } from 'playwright-core';
import { routes, type Vm } from '#api';
import { codeOf } from '../../src/coordinator/access/second-factor/totp.ts';
import {
  findBarriers,
  findBarriersInEachLight,
  followTo,
  noBrowser,
  openBrowser,
  sitAtBrowser,
  untilTrue,
  type Person,
} from './browser.ts';
import { newGantry, type Gantry } from './gantry.ts';

const password = 'a long enough password';
const stepMs = 30_000;
/** Health, the ways in, what brings a proof of its own, and what tells nothing of machines or people. */
const withoutSession = [
  'session.create',
  'authority.show',
  'installation.healthy',
  'openapi.show',
  'host.join',
  'console.link.open',
];

function decodeBase32(text: string): Buffer {
  const bits = Array.from(text, (letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  ).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

describe('bad days in the console', { skip: noBrowser }, () => {
  let gantry: Gantry;
  let browser: Browser;
  let ada: Person;
  let server: string;
  let vm: Vm;

  before(async () => {
    gantry = await newGantry();
    await gantry.must('up', '--listen', gantry.listen, '--simulate', '1x12');
    server = gantry.client().server;
    const client = gantry.client();
    await client.call('user.create', { body: { name: 'ada', password, groups: ['careful'] } });
    await client.call('installation.update', { body: { secondFactorGroups: ['careful'] } });
    await gantry.must('grant', 'create', 'ada', 'vm-operator');
    const { items } = await client.call('vm.list', {
      query: { filter: 'state = running', sort: 'name', limit: 1 },
    });
    assert.ok(items[0]);
    vm = items[0];
    browser = await openBrowser();
    ada = await sitAtBrowser(browser);
  });
  after(async () => {
    await browser?.close();
    await gantry[Symbol.asyncDispose]();
  });

  const signIn = async (): Promise<void> => {
    const { page } = ada;
    await page.goto(`${server}/`);
    await page.locator('#user').fill('ada');
    await page.locator('#password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  };

  test('WEB-09 who has not signed in sees the sign-in on every page, and no address of data answers', async () => {
    await using stranger = await sitAtBrowser(browser);
    const { page } = stranger;
    const shown: string[] = [];
    page.on('response', (response) => {
      const { pathname } = new URL(response.url());
      const isHealth = pathname === '/api/v1/healthy';
      if (pathname.startsWith('/api/') && response.ok() && !isHealth) shown.push(pathname);
    });
    for (const path of ['/status', '/vms', `/vms/${vm.id}`, `/screen/${vm.id}`, '/events']) {
      await page.goto(server + path);
      await page.getByRole('button', { name: 'Sign in' }).waitFor();
      assert.ok(!(await page.content()).includes(vm.name), path);
    }
    assert.deepEqual(shown, []);
    const statuses = new Map<string, number>();
    for (const [name, { method, path, right }] of Object.entries(routes)) {
      if (right === 'public') continue;
      const address = `${server}/api/v1${path.replaceAll(/\{\w+\}/g, vm.id)}`;
      const answer = await stranger.context.request.fetch(address, { method, data: '{}' });
      statuses.set(name, answer.status());
    }
    assert.ok(statuses.size > 100);
    assert.deepEqual(
      [...statuses].filter(([, status]) => status !== 401 && status !== 400),
      [],
    );
    assert.deepEqual(
      Object.entries(routes).flatMap(([name, { right }]) => (right === 'public' ? [name] : [])),
      withoutSession,
    );
  });

  test('a group asks for a second factor: it is set up at the sign-in, and asked for from then on', async () => {
    const { page, context } = ada;
    await signIn();
    const secret = page.getByRole('textbox', { name: 'Secret for the authenticator app' });
    await secret.waitFor();
    assert.deepEqual(await findBarriers(page), []);
    const bytes = decodeBase32(await secret.inputValue());
    const step = Math.floor(Date.now() / stepMs);
    const wrong = String((Number(codeOf(bytes, step)) + 1) % 1_000_000).padStart(6, '0');
    const field = page.locator('#one-time-code');
    await field.fill(wrong);
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByRole('alert').waitFor();
    await field.fill(codeOf(bytes, step));
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByRole('heading', { level: 1, name: 'Status' }).waitFor();
    await context.clearCookies();
    await signIn();
    // The password alone is not enough, and is not asked for again. A code counts once: the next one.
    await field.waitFor();
    await field.fill(codeOf(bytes, step + 1));
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { level: 1, name: 'Status' }).waitFor();
  });

  test('EVT-08 an operation that fails is said with its reason where one is, and stays in the list with it; each leads to its events in the log', async () => {
    const { page } = ada;
    await gantry.must('grant', 'create', 'ada', 'administrator');
    await page.goto(`${server}/images?build=true`);
    await page.getByRole('dialog').getByRole('button', { name: 'Build', exact: true }).click();
    const notice = page
      .getByRole('listitem')
      .filter({ hasText: 'a simulated host keeps no images' });
    await notice.getByRole('link', { name: 'Show its events' }).click();
    const showsItsEvents = async (): Promise<void> => {
      await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor();
      const told = page.getByRole('grid', { name: 'Events' }).getByRole('row');
      await told.filter({ hasText: 'could not be built' }).waitFor();
      assert.match(new URL(page.url()).searchParams.get('filter') ?? '', /^correlationId = /);
    };
    await showsItsEvents();
    await page.goto(`${server}/operations`);
    const row = page.getByRole('grid', { name: 'Operations' }).getByRole('row');
    const failed = row.filter({ hasText: 'failed' });
    await failed.getByText('a simulated host keeps no images').waitFor();
    await failed.getByRole('link', { name: 'Show its events' }).click();
    await showsItsEvents();
  });

  test('a page that is not fetched yet is waited for while the network is away, and nothing is read anew', async () => {
    const { page, context } = ada;
    await page.evaluate(() => Reflect.set(globalThis, 'samePage', true));
    // What follows at once upon a page is asked for as the page was.
    await untilTrue(page, 'performance.now() > 1000');
    const refused = page.waitForEvent('requestfailed', (request) => /assets/.test(request.url()));
    await context.setOffline(true);
    await page.getByRole('navigation').getByRole('link', { name: 'Teams' }).click();
    await refused;
    await context.setOffline(false);
    await page.getByRole('heading', { level: 1, name: 'Teams' }).waitFor();
    assert.equal(await page.evaluate(() => Reflect.get(globalThis, 'samePage')), true);
  });

  test('a page that does not come is told as such, and comes when it is asked for again', async () => {
    const { page } = ada;
    const part = /assets\/HostsPage.*\.js/;
    await page.route(part, (route) => route.abort());
    await page.goto(`${server}/hosts`);
    const alert = page.getByRole('alert').filter({ hasText: 'HostsPage' });
    await alert.waitFor();
    await page.getByRole('heading', { level: 1, name: 'This page cannot be shown' }).waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await page.unroute(part);
    await alert.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { level: 1, name: 'Hosts' }).waitFor();
  });

  test('a right that is taken away while one looks takes the vm from the page, in plain words', async () => {
    const { page } = ada;
    await page.goto(`${server}/vms/${vm.id}`);
    await page.getByRole('heading', { level: 1, name: vm.name }).waitFor();
    const client = gantry.client();
    const { items } = await client.call('grant.list', { query: { limit: 100 } });
    for (const { id } of items.filter(({ subject }) => subject === 'ada'))
      await client.call('grant.delete', { params: { grant: id } });
    await page.getByText('This virtual machine is not here any more').waitFor();
    await page.getByText('or you may no longer see it').waitFor();
    await page.goto(`${server}/vms`);
    await page.getByText('No virtual machines').waitFor();
  });

  test('WEB-57 the search finds only what the person may see', async () => {
    const { page } = ada;
    await page.keyboard.press('Control+k');
    const field = page.getByRole('dialog').getByRole('combobox');
    await page.getByRole('option', { name: 'Status' }).waitFor();
    for (const typed of [vm.name, vm.id]) {
      await field.fill(typed);
      await page.getByRole('option', { name: `Events: ${typed}` }).waitFor();
      assert.equal(await page.getByRole('option').count(), 2);
    }
    await page.keyboard.press('Escape');
  });

  test('SEC-80 pages, lists and reports show somebody the things of their role, and name no other', async () => {
    const { page } = ada;
    const client = gantry.client();
    const [{ id: host } = { id: '' }] = (await client.call('host.list', {})).items;
    await gantry.must('folder', 'create', '/hers');
    await gantry.must('vm', 'create', 'of-ada', '--folder', '/hers', '--start');
    await gantry.must('team', 'create', 'team-of-others', vm.name);
    await gantry.must('team', 'create', 'team-of-ada', 'of-ada');
    await gantry.must('grant', 'create', 'ada', 'auditor', '--on', 'folder:/hers');
    const { items } = await client.call('vm.list', { query: { limit: 100 } });
    assert.ok(items.length > 10);
    const others = [...items.map(({ name }) => name), 'team-of-others'].filter(
      (name) => name !== 'of-ada',
    );
    const findOthers = (text: string): readonly string[] =>
      others.filter((name) => new RegExp(`\\b${name}\\b(?!-)`).test(text));
    assert.deepEqual(findOthers(`x ${others[0]},`), [others[0]]);
    await page.goto(`${server}/vms`);
    await page.getByRole('main').getByRole('link', { name: 'of-ada', exact: true }).waitFor();
    for (const [path, shown] of [
      ['/vms', 'of-ada'],
      ['/status', 'of-ada'],
      ['/summary', undefined],
      ['/teams', 'team-of-ada'],
      ['/topology', 'of-ada'],
      ['/operations', 'of-ada'],
      ['/events', 'of-ada'],
      ['/hosts', undefined],
      [`/hosts/${host}`, undefined],
      ['/disks', undefined],
    ] as const) {
      await followTo(page, path);
      const main = page.getByRole('main');
      if (shown !== undefined) await main.getByText(shown).first().waitFor();
      await page.getByRole('progressbar').first().waitFor({ state: 'detached' });
      assert.deepEqual(findOthers(await page.locator('body').innerText()), [], path);
    }
    const secret = (await gantry.must('token', 'create', 'reports', '--user', 'ada')).split(
      '\n',
    )[0];
    for (const words of [
      ['vm', 'list'],
      ['team', 'list'],
      ['report', 'additions'],
      ['event', 'export', '-o', 'csv'],
      ['operation', 'list'],
      ['warning', 'list'],
    ]) {
      const { code, out, err } = await gantry.run(words, undefined, { GANTRY_TOKEN: secret });
      assert.equal(code, 0, err);
      assert.deepEqual(findOthers(out), [], words.join(' '));
      if (words[1] !== 'list' || words[0] === 'vm')
        assert.match(out, /\bof-ada\b/, words.join(' '));
    }
  });

  test('GRP-25 menus, the palette and buttons of pages offer what the rights of the person permit; the rest is grey with the right it takes', async () => {
    const { page } = ada;
    const client = gantry.client();
    const [{ name: host } = { name: '' }] = (await client.call('host.list', {})).items;
    await gantry.must('network', 'create', 'inside');
    await gantry.must('grant', 'create', 'ada', 'auditor');
    await gantry.must('grant', 'create', 'ada', 'use', '--on', 'folder:/hers');
    await gantry.must('role', 'create', 'switcher', 'host.power');
    await gantry.must('grant', 'create', 'ada', 'switcher', '--on', `host:${host}`);
    const lacks = (right: string): string => `You lack the right ${right}`;
    const item = (label: string): Locator =>
      page.getByRole('menuitem', { name: label, exact: true });
    const grey = page.locator('[aria-disabled=true]');
    const tells = async (greyed: Locator, right: string): Promise<void> => {
      await greyed.and(grey).hover();
      await page.getByRole('tooltip').getByText(lacks(right)).waitFor();
      await page.mouse.move(0, 0);
      await page.getByRole('tooltip').waitFor({ state: 'detached' });
    };
    const openMenu = (of: string): Promise<void> =>
      page
        .getByRole('button', { name: `Actions for ${of}`, exact: true })
        .first()
        .click();
    for (const [path, of, offered, greyed] of [
      ['/hosts', host, 'Pause all that run', ['Probe programs and acceleration', 'host.settings']],
      ['/teams', 'team-of-ada', 'Start team', ['Delete', 'team.manage']],
      ['/teams', 'team-of-others', 'Help', ['Start team', 'vm.power']],
      ['/networks', 'inside', 'Help', ['Change', 'network.manage']],
      ['/networks', 'inside', 'Help', ['Delete', 'network.manage']],
      // What its state forbids is grey as well, whoever asks.
      ['/vms?filter=name+%3D+%22of-ada%22', 'of-ada', 'Pause', ['Delete', 'vm.delete']],
    ] as const) {
      await followTo(page, path);
      await openMenu(of);
      await tells(item(greyed[0]), greyed[1]);
      assert.equal(await item(offered).and(grey).count(), 0, `${of}: ${offered}`);
      await item(offered).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('menuitem').first().waitFor({ state: 'detached' });
    }
    for (const [path, button, right] of [
      ['/vms', 'Create virtual machine', 'vm.create'],
      ['/hosts', 'Connect hypervisor', 'host.join'],
      ['/teams', 'Create team', 'team.manage'],
      ['/networks', 'Create network', 'network.manage'],
      ['/images', 'Build image', 'image.manage'],
      ['/site', 'Change', 'installation.settings'],
    ] as const) {
      await followTo(page, path);
      await tells(page.getByRole('button', { name: button, exact: true }).first(), right);
    }
    await followTo(page, '/vms');
    const side = page.getByRole('navigation').getByRole('link', { name: 'Create virtual machine' });
    await tells(side, 'vm.create');
    assert.deepEqual(await findBarriersInEachLight(page), []);
    const dialog = page.getByRole('dialog');
    const line = (label: string): Locator => dialog.getByRole('option', { name: label });
    await page.keyboard.press('Control+k');
    await dialog.getByRole('combobox').fill('Create team');
    await line('Create team').and(grey).getByText(lacks('team.manage')).waitFor();
    await dialog.getByRole('combobox').fill(host);
    await line(`${host} Host`).click();
    await line('Probe programs and acceleration')
      .and(grey)
      .getByText(lacks('host.settings'))
      .waitFor();
    await line('Pause all that run').and(page.locator(':not([aria-disabled=true])')).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    // A right that is given is there at once.
    await followTo(page, '/hosts');
    await openMenu(host);
    await item('Probe programs and acceleration').and(grey).waitFor();
    await gantry.must('grant', 'create', 'ada', 'server-administrator', '--on', `host:${host}`);
    await item('Probe programs and acceleration')
      .and(page.locator(':not([aria-disabled=true])'))
      .click();
    await page.getByText(`Probe programs and acceleration: ${host}`).first().waitFor();
  });

  test('API-01 no page caused an error, asked for what its policy refuses, or called what the API does not publish', () => {
    assert.deepEqual(ada.complaints, []);
  });
});
