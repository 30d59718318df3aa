/** The console's lists in a real browser: windows over a long list, columns, views, export, many selected; the wizard that adds to them. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Locator } from 'playwright-core';
import { giB, miB } from '#lib';
import { vmActions, type Operation, type Vm } from '#api';
import { hostTabHelp, pageHelp, sectionHelp, vmTabHelp } from '../../src/console/manual/help.ts';
import {
  findBarriersInEachLight,
  followTo,
  noBrowser,
  openBrowser,
  saveList,
  sitAtBrowser,
  type Person,
  signInByLink,
} from './browser.ts';
import { newGantry, type Gantry } from './gantry.ts';
import { look } from './screen-room.ts';

describe('the lists of the console', { skip: noBrowser }, () => {
  let gantry: Gantry;
  let browser: Browser;
  let person: Person;
  let server: string;

  let told: string;

  before(async () => {
    // A browser that only tells which address it is given.
    const folder = mkdtempSync(join(tmpdir(), 'gb-'));
    told = join(folder, 'told');
    execFileSync('mkfifo', [told]);
    const program = join(folder, 'browser');
    writeFileSync(program, `#!/bin/sh\necho "$1" > ${told}\n`, { mode: 0o755 });
    process.env['BROWSER'] = program;
    gantry = await newGantry();
    const out = await gantry.must('up', '--listen', gantry.listen, '--simulate', '2x300');
    server = gantry.client().server;
    browser = await openBrowser();
    person = await sitAtBrowser(browser);
    const { page } = person;
    await signInByLink(page, out);
    await grid().waitFor();
  });
  after(async () => {
    await browser?.close();
    await gantry[Symbol.asyncDispose]();
    rmSync(dirname(told), { recursive: true });
  });

  const grid = (): Locator => person.page.getByRole('grid', { name: 'Virtual machines' });
  const open = async (path: string): Promise<void> => {
    await person.page.goto(server + path);
    await grid().waitFor();
  };

  test('of six hundred vms only those that are seen are rows, and the end is read where it lies', async () => {
    const { page } = person;
    await open('/vms');
    assert.equal(await grid().getAttribute('aria-rowcount'), '601');
    assert.ok((await grid().getByRole('row').count()) < 60);
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/vms?')) asked.push(request.url());
    });
    await page.locator('.list-window').evaluate((box) => {
      box.scrollTop = box.scrollHeight;
    });
    const { items } = await gantry
      .client()
      .call('vm.list', { query: { sort: '-name', limit: 1, fields: 'id,name' } });
    await grid()
      .getByRole('link', { name: items[0]?.name ?? '', exact: true })
      .waitFor();
    assert.ok(asked.length <= 3, asked.join('\n'));
    assert.ok(asked.some((url) => url.includes('skip=500')));
  });

  test('of all events only those that are seen are rows, older ones are read where one scrolls to', async () => {
    const { page } = person;
    await page.goto(`${server}/events`);
    const events = page.getByRole('grid', { name: 'Events' });
    await events.waitFor();
    assert.ok((await events.getByRole('row').count()) < 60);
    const all = await Array.fromAsync(gantry.client().list('event.list', { limit: 1000 }));
    assert.ok(all.length > 300, `${all.length} events`);
    const oldest = events.getByText(all.at(-1)?.message ?? '', { exact: true }).last();
    for (let look = 0; look < 100 && !(await oldest.isVisible()); look += 1) {
      await page.locator('.list-window').evaluate((box) => {
        box.scrollTop = box.scrollHeight;
      });
      await page.waitForTimeout(50);
    }
    await oldest.waitFor();
    assert.ok((await events.getByRole('row').count()) < 60);
    assert.notEqual(await events.getAttribute('aria-rowcount'), '-1');
  });

  test('the running time of a vm goes on by itself, and is n/a while it does not run', async () => {
    const { items } = await gantry
      .client()
      .call('vm.list', { query: { filter: 'state = running', limit: 1, fields: 'id,name' } });
    await open(`/vms?filter=${encodeURIComponent(`id = "${items[0]?.id}"`)}`);
    const cell = grid().locator('tbody td[data-label="Running time"]').first();
    const told = await cell.innerText();
    await cell.filter({ hasNotText: told }).waitFor();
    await open('/vms?filter=state+%3D+off');
    assert.equal(await cell.innerText(), 'n/a');
  });

  test('columns are chosen and remembered', async () => {
    const { page } = person;
    await open('/vms');
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByRole('menuitem', { name: 'Folder' }).getByRole('checkbox').check();
    await page.keyboard.press('Escape');
    await grid().getByRole('columnheader', { name: 'Folder' }).waitFor();
    await page.reload();
    await grid().getByRole('columnheader', { name: 'Folder' }).waitFor();
  });

  test('the filter suggests fields, operators and values of the schema', async () => {
    const { page } = person;
    await open('/vms');
    const filter = page.getByRole('combobox', { name: 'Filter' });
    await filter.fill('sta');
    await page.getByRole('option', { name: 'state', exact: true }).waitFor();
    for (const [typed, option] of [
      ['state ', 'state ='],
      ['state = run', 'running'],
    ] as const) {
      await filter.fill(typed);
      await page.getByRole('option', { name: option, exact: true }).waitFor();
    }
    await filter.press('ArrowDown');
    await page.getByRole('option', { name: 'running', exact: true, selected: true }).waitFor();
    await filter.press('Enter');
    await page.locator('.filter input[value="state = running "]').waitFor();
    await filter.press('Escape');
    await filter.press('Enter');
    await page.waitForURL(/filter=/);
  });

  test('a view that was saved brings back filter and order', async () => {
    const { page } = person;
    await open('/vms?filter=state+%3D+off&sort=-name');
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'Save view' }).click();
    await page.locator('#view-name').fill('what is off');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await open('/vms');
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'what is off' }).click();
    await page.waitForURL(/filter=state.*sort=-name/);
  });

  test('a list is exported whole: CSV with its columns, JSON with everything', async () => {
    await open('/vms?filter=name+%3A+sim-1');
    const csv = await saveList(person.page, 'CSV');
    assert.match(csv, /^\uFEFFName,State,/);
    assert.equal(csv.trimEnd().split('\r\n').length, 301);
    const json = JSON.parse(await saveList(person.page, 'JSON')) as readonly {
      definition: unknown;
    }[];
    assert.equal(json.length, 300);
    assert.ok(json[0]?.definition);
  });

  test('of many that are selected an action says which it fits, which not and why, and is one operation', async () => {
    const { page } = person;
    const client = gantry.client();
    const names: string[] = [];
    for (const state of ['running', 'running', 'off'] as const) {
      const { items } = await client.call('vm.list', {
        query: { filter: `state = ${state}`, sort: 'name', limit: 10 },
      });
      names.push(items.find(({ name }) => !names.includes(name))?.name ?? '');
    }
    await open(
      `/vms?filter=${encodeURIComponent(names.map((name) => `name = ${name}`).join(' OR '))}`,
    );
    await page.getByRole('checkbox', { name: 'Select all' }).click();
    await page.getByText('3 selected').waitFor();
    await page.getByRole('button', { name: 'Actions', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Pause (2 of 3)' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Acts on 2:').waitFor();
    await dialog.getByText(`${names[2]}: cannot pause ${names[2]}: ${names[2]} is off`).waitFor();
    await dialog.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Pause: 2 virtual machines').waitFor();
    const { items } = await client.call('operation.list', {
      query: { filter: 'action = "vms.pause"', limit: 10 },
    });
    assert.equal(items.length, 1);
    assert.equal((items[0] as Operation).state, 'done');
    assert.equal(await grid().getByText('Paused').count(), 2);
  });

  test('WEB-39 each panel has a help mark that opens its help', async () => {
    const { page } = person;
    const { items } = await gantry
      .client()
      .call('vm.list', { query: { limit: 1, fields: 'id,hostId' } });
    const [{ id, hostId } = { id: '', hostId: '' }] = items;
    const panels = [
      ...Object.entries(pageHelp).map(([name, help]) => [`/${name}`, help]),
      ...Object.entries(vmTabHelp).map(([tab, help]) => [`/vms/${id}?tab=${tab}`, help]),
      ...Object.entries(sectionHelp).map(([section, help]) => [
        `/vms/${id}?tab=configuration&section=${section}`,
        help,
      ]),
      ...Object.entries(hostTabHelp).map(([tab, help]) => [`/hosts/${hostId}?tab=${tab}`, help]),
    ] as const;
    await open('/status');
    for (const [path = '', help = ''] of panels) {
      await followTo(page, path);
      await page.locator(`main a.help-mark[href="/docs/${help}"]`).first().waitFor();
    }
    await page.getByRole('link', { name: 'Help: ' }).first().click();
    await page.getByRole('heading', { level: 1, name: 'The console' }).waitFor();
    const heading = page.getByRole('heading', { name: 'Operations and events' });
    await heading.waitFor();
    assert.ok(Number((await heading.boundingBox())?.y) < 800);
  });

  test('WEB-33 the navigation has a group of the virtual server that is chosen: its properties, those of the site, resource allocation, events and documentation', async () => {
    const { page } = person;
    await open('/status');
    const group = page.getByRole('region', { name: 'Virtual server' });
    await group.getByRole('link').nth(5).waitFor();
    assert.deepEqual(await group.getByRole('link').allTextContents(), [
      'Server properties',
      'Users and rights',
      'Site settings',
      'Resource allocation',
      'Event viewer',
      'Documentation',
    ]);
    await group.getByLabel('Host').selectOption('sim-2');
    await group.getByRole('link', { name: 'Server properties' }).click();
    await page.getByRole('heading', { level: 1, name: 'sim-2' }).waitFor();
    await group.getByRole('link', { name: 'Resource allocation' }).click();
    await page.getByRole('tabpanel', { name: 'Resource allocation' }).waitFor();
    await group.getByRole('link', { name: 'Site settings' }).click();
    await page.getByRole('heading', { level: 1, name: 'Site settings' }).waitFor();
    await group.getByRole('link', { name: 'Event viewer' }).click();
    await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor();
    const filter = new URL(page.url()).searchParams.get('filter') ?? '';
    const { items } = await gantry
      .client()
      .call('host.list', { query: { filter: 'name = sim-2' } });
    assert.ok(filter.includes(items[0]?.id ?? 'none'));
    await page.getByRole('grid', { name: 'Events' }).waitFor();
    await group.getByRole('link', { name: 'Documentation' }).click();
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    await page.waitForURL(/\/docs/);
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await group.getByLabel('Host').selectOption('All hosts');
  });

  test('WEB-08 a host chosen in the navigation narrows every page to it, with its full name in the title, until all are chosen again', async () => {
    const { page } = person;
    const client = gantry.client();
    const { items: hosts } = await client.call('host.list', { query: { sort: 'name' } });
    const here = hosts[1];
    assert.equal(here?.facts?.fullName, 'sim-2.simulated');
    const vmOn = async (host: string): Promise<Vm> => {
      const filter = `host = ${host} AND state = running`;
      const query = { filter, sort: 'name', limit: 1 };
      const [vm] = (await client.call('vm.list', { query })).items;
      assert.ok(vm !== undefined);
      return vm;
    };
    const [there, own] = [await vmOn('sim-1'), await vmOn('sim-2')];
    for (const { name } of [there, own]) {
      await gantry.must('network', 'create', `net-of-${name}`, '--type', 'internal');
      await gantry.must('vm', 'attach-adapter', name, '--network', `net-of-${name}`);
      await gantry.must('team', 'create', `team-of-${name}`, name);
      await gantry.must('vm', 'pause', name);
      await gantry.must('vm', 'resume', name);
    }
    const main = page.getByRole('main');
    const titled = async (title: string): Promise<void> => {
      await main.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
      assert.equal(await page.title(), `${title} · Gantry`);
    };
    const choice = page.getByRole('region', { name: 'Virtual server' }).getByLabel('Host');
    await open('/status');
    await titled('Status');
    assert.equal(await grid().getAttribute('aria-rowcount'), '601');
    await choice.selectOption('sim-2');
    await titled('sim-2.simulated Status');
    await page.locator('[role=grid][aria-label="Virtual machines"][aria-rowcount="301"]').waitFor();
    await main.getByText('Only what is on sim-2.simulated is shown.').waitFor();
    assert.equal(await main.getByRole('link', { name: 'sim-1', exact: true }).count(), 0);
    await main.getByRole('grid', { name: 'Events' }).getByText(own.name).first().waitFor();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    const inAll = main.getByText(there.name, { exact: true });
    const pages: readonly (readonly [path: string, title: string, seen: Locator | undefined])[] = [
      ['/vms', 'Virtual machines', grid().getByText(own.name, { exact: true })],
      [
        '/summary',
        'Summary',
        main
          .getByRole('grid')
          .getByText(/^sim-2-/)
          .first(),
      ],
      ['/teams', 'Teams', main.getByText(`team-of-${own.name}`)],
      ['/hosts', 'Hosts', main.getByRole('grid').getByText('sim-2', { exact: true })],
      ['/disks', 'Virtual disks', undefined],
      ['/networks', 'Networks', main.getByRole('grid').getByText(`net-of-${own.name}`)],
      ['/topology', 'Topology', main.getByRole('link', { name: 'sim-2', exact: true })],
      ['/images', 'Images', undefined],
      ['/operations', 'Operations', main.getByRole('grid').getByText(own.name).first()],
      ['/events', 'Events', main.getByRole('grid').getByText(own.name).first()],
    ];
    for (const [path, title, seen] of pages) {
      const asked = page.waitForRequest((request) => request.url().includes(here.id));
      await page.goto(server + path);
      await titled(`sim-2.simulated ${title}`);
      await asked;
      await seen?.waitFor();
      assert.equal(await inAll.count(), 0, path);
      const others = main.getByText(new RegExp(`^(sim-1|(team|net)-of-${there.name})$`));
      assert.equal(await others.count(), 0, path);
    }
    await look(page, 'narrowed');
    await main.getByRole('button', { name: 'All hosts' }).click();
    await titled('Events');
    await main.getByRole('grid').getByText(there.name).first().waitFor();
    await open('/vms');
    assert.equal(await grid().getAttribute('aria-rowcount'), '601');
    for (const { name } of [there, own])
      await gantry.must('team', 'delete', `team-of-${name}`, '--yes');
  });

  test('WEB-65 a right click on a row, or the key for it, opens the commands for that kind of object, without those that its driver cannot perform', async () => {
    const { page } = person;
    await gantry.must('team', 'create', 'pair');
    await gantry.must('network', 'create', 'inside');
    const client = gantry.client();
    const query = { filter: 'state = running', sort: 'name', limit: 1 };
    const [vm] = (await client.call('vm.list', { query })).items;
    assert.ok(vm);
    const row = (name: string): Locator =>
      page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });
    const { actions } = await client.call('vm.actions', { params: { vm: vm.id } });
    const unable: readonly string[] = actions
      .filter(({ unsupported }) => unsupported)
      .map(({ action }) => vmActions[action].label);
    assert.ok(unable.includes('Remote control') && unable.includes('Clone'), unable.join());
    const filter = encodeURIComponent(`id = "${vm.id}"`);
    for (const [path, name, commands] of [
      [`/vms?filter=${filter}`, vm.name, ['Pause', 'Turn off', 'Rename', 'Delete']],
      ['/hosts', 'sim-2', ['Pause all that run', 'Discover virtual machines', 'Properties']],
      ['/teams', 'pair', ['Delete']],
      ['/networks', 'inside', ['Change', 'Delete']],
    ] as const) {
      await page.goto(server + path);
      await row(name).click({ button: 'right' });
      const items = page.getByRole('menuitem');
      await items.filter({ hasText: commands[0] }).first().waitFor();
      const offered = await items.allInnerTexts();
      for (const command of commands) assert.ok(offered.includes(command), offered.join());
      if (name === vm.name)
        assert.deepEqual(
          offered.filter((one) => unable.includes(one)),
          [],
        );
      await page.keyboard.press('Escape');
      await items.first().waitFor({ state: 'detached' });
      await row(name).getByRole('link').first().focus();
      await page.keyboard.press('Shift+F10');
      await items.filter({ hasText: commands[0] }).first().waitFor();
      await page.keyboard.press('Escape');
    }
  });

  test('WEB-30 the wizard asks for name and folder, memory, network, and a new disk of a size and format, an existing one, or none', async () => {
    const { page } = person;
    await gantry.must('folder', 'create', '/lab');
    const dialog = page.getByRole('dialog');
    const next = dialog.getByRole('button', { name: 'Next' });
    for (const [name, choose] of [
      [
        'with-new',
        async () => {
          await dialog.locator('#diskGiB').fill('3');
          await dialog.locator('#disk-format').selectOption('raw');
        },
      ],
      ['with-existing', () => dialog.locator('#disk-file').fill('/srv/vms/old.qcow2')],
      ['with-none', () => Promise.resolve()],
    ] as const) {
      await page.goto(`${server}/vms?create=true`);
      await dialog.locator(`#source-${name.slice('with-'.length)}`).check();
      await choose();
      await next.click();
      await dialog.locator('#memoryMiB').fill('320');
      await next.click();
      await dialog.locator('#plug-network').check();
      await next.click();
      await dialog.locator('#vm-name').fill(name);
      await dialog.locator('#create-folder').selectOption('/lab');
      await dialog.locator('#start').uncheck();
      await dialog.getByRole('button', { name: 'Create', exact: true }).click();
      await page.getByText(`Create: ${name}`).waitFor();
    }
    const made = async (name: string): Promise<Vm['definition']['hardware']['disks']> => {
      const { definition: now, folder } = await gantry
        .client()
        .call('vm.show', { params: { vm: name } });
      const { disks, memory, adapters } = now.hardware;
      assert.deepEqual([memory.sizeBytes, folder], [320 * miB, '/lab']);
      assert.equal(adapters[0]?.attachment.kind, 'network');
      return disks;
    };
    const [fresh] = await made('with-new');
    assert.deepEqual([fresh?.format, fresh?.sizeBytes], ['raw', 3 * giB]);
    const [old] = await made('with-existing');
    assert.deepEqual([old?.format, old?.file], ['qcow2', '/srv/vms/old.qcow2']);
    assert.deepEqual(await made('with-none'), []);
  });

  test('the wizard takes what is set under advanced along', async () => {
    const { page } = person;
    await page.goto(`${server}/vms?create=true`);
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Next' }).click();
    await dialog.locator('#size-medium').check();
    await dialog.getByRole('button', { name: 'Next' }).click();
    await dialog.getByRole('button', { name: 'Next' }).click();
    await dialog.locator('#vm-name').fill('from-wizard');
    await dialog.getByRole('button', { name: 'Advanced: every setting' }).click();
    await dialog.getByRole('button', { name: 'TPM 2.0', exact: true }).click();
    await dialog.locator('#setting-hardware-tpm').check();
    await dialog.getByRole('button', { name: 'Create', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Create: from-wizard').waitFor();
    const made = await gantry.client().call('vm.show', { params: { vm: 'from-wizard' } });
    assert.equal(made.definition.hardware.processor.count, 2);
    assert.equal(made.definition.hardware.memory.sizeBytes, 2048 * miB);
    assert.equal(made.definition.hardware.tpm, true);
  });

  test('WEB-70 a vm that the command line creates is opened in the console that its person has open, else in a browser', async () => {
    const { page, context } = person;
    const create = (name: string): Promise<string> =>
      gantry.must('vm', 'create', name, '--memory', '64M', '--open');
    const addressOf = async (name: string): Promise<string> =>
      `${server}/vms/${(await gantry.client().call('vm.show', { params: { vm: name } })).id}`;
    await open('/vms');
    assert.match(await create('opened-here'), /opened-here is opened in the console/);
    await page.getByRole('heading', { level: 1, name: 'opened-here' }).waitFor();
    assert.equal(page.url(), await addressOf('opened-here'));
    assert.equal(context.pages().length, 1);

    await page.goto(`${page.url()}?tab=identity`);
    await page.locator('#setting-description').fill('typed and not saved');
    await gantry.must('open', 'from-wizard');
    await page.getByText('Another page was asked for').waitFor();
    await page.getByText(await addressOf('from-wizard')).waitFor();
    assert.equal(await page.locator('#setting-description').inputValue(), 'typed and not saved');

    await page.goto('about:blank');
    const [given, said] = await Promise.all([readFile(told, 'utf8'), create('opened-there')]);
    assert.equal(given.trim(), await addressOf('opened-there'));
    assert.ok(said.includes(given.trim()), said);
  });

  test('API-01 no page caused an error, asked for what its policy refuses, or called what the API does not publish', () => {
    assert.deepEqual(person.complaints, []);
  });
});
