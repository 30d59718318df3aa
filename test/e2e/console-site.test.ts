/** The settings of the site. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Locator } from 'playwright-core';
import type { Folder, Grant, HostSettings, Installation, Page, Role, User, Vm } from '#api';
import { ensureConsole } from '../../src/cli/system/console-build.ts';
import { FakeAgent, makeDefinition, makeRecord } from '../../src/coordinator/testing/fake-agent.ts';
import { Stage } from '../../src/coordinator/testing/stage.ts';
import {
  findBarriersInEachLight,
  noBrowser,
  openBrowser,
  signInByLink,
  sitAtBrowser,
  type Person,
} from './browser.ts';
import { look } from './screen-room.ts';

describe('the settings of the site in the console', { skip: noBrowser }, () => {
  let stage: Stage;
  let agent: FakeAgent;
  let browser: Browser;
  let person: Person;
  const web = makeDefinition('web-1');

  before(async () => {
    const signal = AbortSignal.timeout(120_000);
    await ensureConsole({ out: { note: () => undefined } as never, signal });
    stage = await Stage.open();
    agent = await FakeAgent.join(stage, 'h1');
    agent.handlers['host.configure'] = () => ({});
    const running = { state: 'running', startedAt: '2026-01-01T00:00:00.000Z' } as const;
    await agent.connect([makeRecord(web, 1, running)]);
    browser = await openBrowser();
    person = await sitAtBrowser(browser);
    const { page } = person;
    await signInByLink(page, `${stage.url}/#link=${await link()}`);
    await page.getByRole('heading', { level: 1, name: 'Status' }).waitFor();
  });
  after(async () => {
    await browser?.close();
    await agent?.[Symbol.asyncDispose]();
    await stage?.[Symbol.asyncDispose]();
  });

  /** Signs in once as admin. */
  async function link(): Promise<string> {
    return ((await stage.send('POST', '/users/admin/link')).json as { code: string }).code;
  }

  test('WEB-35 the settings of the site are on its page: screens in lists, recent events, how screens are renewed, search paths for configuration files and images, TLS', async () => {
    const { page } = person;
    const configured: unknown[] = [];
    agent.handlers['host.configure'] = (told: { settings: HostSettings; thumbnails: boolean }) => {
      configured.push([told.settings.searchPath, told.thumbnails]);
      return {};
    };
    const settings = async (): Promise<Installation['settings']> =>
      ((await stage.send('GET', '/installation')).json as Installation).settings;
    const isAsked = (): Promise<unknown> =>
      page.waitForRequest((asked) => asked.url().endsWith(`/vms/${web.id}/screenshot`));
    const dialog = page.getByRole('dialog');
    const save = async (): Promise<void> => {
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.waitFor({ state: 'detached' });
    };
    await page.goto(`${stage.url}/site`);
    await page.getByRole('heading', { level: 2, name: 'TLS' }).waitFor();
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    await dialog.locator('#setting-thumbnailSeconds').fill('1');
    await dialog.locator('#setting-recentEvents').fill('3');
    await dialog.locator('#setting-thumbnails').click();
    await dialog.locator('#setting-plainHttp').selectOption('redirected');
    await save();
    await page.getByText('Redirected: browsers are sent to https').waitFor();
    const { thumbnailSeconds, recentEvents, thumbnails, plainHttp } = await settings();
    assert.deepEqual(
      [thumbnailSeconds, recentEvents, thumbnails, plainHttp],
      [1, 3, false, 'redirected'],
    );

    const change = page.getByRole('button', { name: 'Change where h1 searches' });
    await change.click();
    await dialog.locator('#setting-searchPath').fill('/srv/vms, /srv/isos');
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await save();
    const paths = page.getByRole('grid', { name: 'Search paths' });
    await paths.getByRole('listitem').nth(1).waitFor();
    assert.deepEqual(await paths.getByRole('listitem').allTextContents(), [
      '/srv/vms',
      '/srv/isos',
    ]);
    await stage.until(() => configured.length > 1, 'the host is told');
    assert.deepEqual(configured.at(-1), [['/srv/vms', '/srv/isos'], false]);
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await page.setViewportSize({ width: 390, height: 800 });
    await paths.scrollIntoViewIfNeeded();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    assert.equal(
      await page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
      true,
      'nothing is wider than the screen',
    );
    await page.setViewportSize({ width: 1280, height: 800 });

    // What is shown of a running vm is asked for anew, again and again.
    const begun = isAsked();
    await page.goto(`${stage.url}/vms/${web.id}`);
    await begun;
    await isAsked();
    await isAsked();
    await page.goto(`${stage.url}/status`);
    const recent = page.getByRole('main').getByRole('grid', { name: 'Events' });
    await recent.getByRole('row').nth(1).waitFor();
    assert.equal(await recent.getByRole('row').count(), 1 + 3);
    const back = { thumbnailSeconds: 20, recentEvents: 12, thumbnails: true, plainHttp: 'refused' };
    assert.equal((await stage.send('PATCH', '/installation', { body: back })).status, 200);
  });

  test('SEC-40 an administrator role with a chosen subset of the rights is put together on the page of the site, counts where it is granted, and is changed and deleted there', async () => {
    const { page } = person;
    const dialog = page.getByRole('dialog');
    const table = page.getByRole('grid', { name: 'Roles' });
    await page.goto(`${stage.url}/site`);
    await page.getByRole('button', { name: 'Create a role' }).click();
    await dialog.locator('#role-name').fill('host-keeper');
    await dialog.locator('#role-meaning').fill('looks after hosts');
    const chosen = ['host.view', 'host.settings', 'host.power'] as const;
    for (const verb of chosen) await dialog.getByLabel(verb, { exact: true }).check();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await look(page, 'role');
    await dialog.getByRole('button', { name: 'Create a role' }).click();
    await dialog.waitFor({ state: 'detached' });
    const row = table.getByRole('row').filter({ hasText: 'host-keeper' });
    await row.getByText(chosen.join(', ')).waitFor();
    const made = async (): Promise<Role | undefined> =>
      ((await stage.send('GET', '/roles?limit=100')).json as Page<Role>).items.find(
        ({ name }) => name === 'host-keeper',
      );
    assert.deepEqual((await made())?.verbs, chosen);
    const token = await stage.addUser('kim', [{ role: 'host-keeper' }]);
    const answers = async (): Promise<readonly number[]> => {
      const change = { settings: { maxRunningVms: 7 } };
      const asked = [
        stage.send('GET', '/hosts/h1', { token }),
        stage.send('PATCH', '/hosts/h1', { token, body: change }),
        stage.send('GET', `/vms/${web.id}`, { token }),
        stage.send('POST', '/users', { token, body: { name: 'another' } }),
      ];
      return (await Promise.all(asked)).map(({ status }) => status);
    };
    assert.deepEqual(await answers(), [200, 200, 404, 403]);
    await row.getByRole('button', { name: 'Change the role host-keeper' }).click();
    await dialog.getByLabel('host.settings', { exact: true }).uncheck();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await row.getByText('host.view, host.power', { exact: true }).waitFor();
    assert.deepEqual(await answers(), [200, 403, 404, 403]);
    const builtIn = table.getByRole('row').filter({ hasText: 'built in' });
    assert.ok((await builtIn.count()) > 5);
    assert.equal(await builtIn.getByRole('button').count(), 0);
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await table.scrollIntoViewIfNeeded();
    await look(page, 'roles');
    await row.getByRole('button', { name: 'Delete the role host-keeper' }).click();
    const confirm = dialog.getByRole('button', { name: 'Delete the role host-keeper' });
    await confirm.click();
    await dialog.getByText('role host-keeper is granted 1 times').waitFor();
    const grants = (await stage.send('GET', '/grants?limit=100')).json as Page<Grant>;
    const [granted] = grants.items.filter(({ subject }) => subject === 'kim');
    assert.equal((await stage.send('DELETE', `/grants/${granted?.id}`)).status, 204);
    await confirm.click();
    await dialog.waitFor({ state: 'detached' });
    await row.waitFor({ state: 'detached' });
    assert.equal(await made(), undefined);
    assert.deepEqual(await answers(), [404, 404, 404, 403]);
  });

  test('users are made, get a link to sign in by and roles on things, are disabled and deleted, on a page of their own', async () => {
    const { page } = person;
    const users = async (): Promise<readonly User[]> =>
      ((await stage.send('GET', '/users')).json as Page<User>).items;
    const findUser = async (name: string): Promise<User | undefined> =>
      (await users()).find((user) => user.name === name);
    await page.goto(`${stage.url}/people`);
    const row = page
      .getByRole('grid', { name: 'Users' })
      .getByRole('row')
      .filter({ hasText: 'zoe' });
    const dialog = page.getByRole('dialog');
    const choose = async (entry: string): Promise<void> => {
      await row.getByRole('button', { name: 'Actions for zoe' }).press('Enter');
      await page.getByRole('menuitem', { name: entry, exact: true }).press('Enter');
    };
    await page.getByRole('button', { name: 'Create user' }).press('Enter');
    await dialog.locator('#user-name:focus').fill('zoe');
    await dialog.locator('#user-groups').fill('dev, ops,dev');
    await dialog.locator('#user-password').fill('short');
    const create = dialog.getByRole('button', { name: 'Create user' });
    assert.ok(await create.isDisabled());
    await dialog.locator('#user-password').fill('');
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await look(page, 'create-user');
    await create.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await row.getByText('a link only').waitFor();
    assert.deepEqual((await findUser('zoe'))?.groups, ['dev', 'ops']);

    await page.locator('#grant-subject').fill('zoe');
    await page.locator('#grant-role').selectOption('vm-operator');
    await page.locator('#grant-object-kind').selectOption('vm');
    await page.locator('#grant-object').fill('web-1');
    await page.getByRole('button', { name: 'Grant a role' }).press('Enter');
    await page.getByText('Virtual machine web-1', { exact: true }).waitFor();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await look(page, 'people');

    await choose('Sign-in link');
    await dialog.getByRole('button', { name: 'Make a link' }).press('Enter');
    const link = await dialog.getByRole('textbox').inputValue();
    await dialog.getByRole('button', { name: 'Close' }).last().press('Enter');
    const other = await sitAtBrowser(browser);
    await signInByLink(other.page, link);
    await other.page.getByRole('link', { name: 'web-1' }).first().waitFor();
    await choose('Change');
    await dialog.locator('#user-display-name:focus').fill('Zoe Example');
    await dialog.getByRole('button', { name: 'Save' }).press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await row.getByText('Zoe Example').waitFor();
    await row.getByText('a password', { exact: true }).waitFor();

    await choose('Disable');
    await row.getByText('disabled', { exact: true }).waitFor();
    await other.page.goto(`${stage.url}/vms`);
    await other.page.getByRole('button', { name: 'Sign in' }).waitFor();
    await choose('Enable');
    await row.getByText('active', { exact: true }).waitFor();
    await choose('Delete');
    await dialog.getByRole('button', { name: 'Delete user zoe' }).press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await row.waitFor({ state: 'detached' });
    assert.equal(await findUser('zoe'), undefined);
  });

  test('folders are made, renamed, moved and deleted on a page of their own, and vms are filed in them', async () => {
    const { page } = person;
    const folders = async (): Promise<readonly string[]> =>
      ((await stage.send('GET', '/folders?sort=path')).json as Page<Folder>).items.map(
        ({ path }) => path,
      );
    await page.goto(`${stage.url}/folders`);
    const row = (path: string): Locator =>
      page
        .getByRole('grid', { name: 'Folders' })
        .getByRole('row')
        .filter({ has: page.getByRole('link', { name: path, exact: true }) });
    const dialog = page.getByRole('dialog');
    const choose = async (path: string, entry: string): Promise<void> => {
      await row(path)
        .getByRole('button', { name: `Actions for ${path}` })
        .press('Enter');
      await page.getByRole('menuitem', { name: entry, exact: true }).press('Enter');
    };
    const send = async (verb: string): Promise<void> => {
      await dialog.getByRole('button', { name: verb, exact: true }).press('Enter');
      await dialog.waitFor({ state: 'detached' });
    };
    await page.getByRole('button', { name: 'Create folder' }).press('Enter');
    await dialog.locator('#folder-name').fill('lab');
    await send('Create folder');
    await choose('/lab', 'Create folder');
    await dialog.locator('#folder-name').fill('blue');
    assert.equal(await dialog.locator('#folder-parent').inputValue(), '/lab');
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await send('Create folder');
    await row('/lab/blue').waitFor();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await look(page, 'folders');
    await choose('/lab/blue', 'Rename or move');
    await dialog.locator('#folder-name').fill('green');
    await dialog.locator('#folder-parent').selectOption('/');
    await send('Save');
    await row('/green').waitFor();
    assert.deepEqual(await folders(), ['/', '/green', '/lab']);

    await page.goto(`${stage.url}/vms/${web.id}`);
    await page.getByRole('button', { name: 'Actions for web-1' }).press('Enter');
    await page.getByRole('menuitem', { name: 'File in a folder', exact: true }).press('Enter');
    await dialog.locator('#file-folder').selectOption('/green');
    await send('File in a folder');
    await page.getByText('web-1 is filed in /green').waitFor();
    assert.equal(((await stage.send('GET', `/vms/${web.id}`)).json as Vm).folder, '/green');

    await page.goto(`${stage.url}/folders`);
    await choose('/green', 'Delete');
    const remove = dialog.getByRole('button', { name: 'Delete the folder /green' });
    await remove.press('Enter');
    await dialog.getByRole('alert').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).press('Enter');
    await stage.send('POST', `/vms/${web.id}/move`, { body: { folder: '/' } });
    for (const path of ['/green', '/lab']) {
      await choose(path, 'Delete');
      await send(`Delete the folder ${path}`);
      await row(path).waitFor({ state: 'detached' });
    }
    assert.deepEqual(await folders(), ['/']);
  });
});
