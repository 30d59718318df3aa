/**
 * The console's frame in a real browser: tree, palette, drawer, the status page, pages of hosts, and all of it without a mouse.
 * One file because all of it looks at the same simulated hosts.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Browser, Locator } from 'playwright-core';
import type { HostCapacity, Vm } from '#api';
import { makePair } from '../../src/coordinator/testing/certificate-pair.ts';
import {
  findBarriers,
  findBarriersInEachLight,
  noBrowser,
  openBrowser,
  sitAtBrowser,
  type Person,
  signInByLink,
} from './browser.ts';
import { newGantry, type Gantry } from './gantry.ts';

describe('the frame of the console', { skip: noBrowser }, () => {
  let gantry: Gantry;
  let browser: Browser;
  let person: Person;
  let server: string;

  before(async () => {
    gantry = await newGantry();
    const out = await gantry.must('up', '--listen', gantry.listen, '--simulate', '2x20');
    server = gantry.client().server;
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

  const open = async (path: string): Promise<void> => {
    await person.page.goto(server + path);
    await person.page.getByRole('heading', { level: 1 }).waitFor();
  };
  const runningVm = async (): Promise<Vm> => {
    const { items } = await gantry
      .client()
      .call('vm.list', { query: { filter: 'state = running', sort: 'name', limit: 1 } });
    assert.ok(items[0]);
    return items[0];
  };

  test('WEB-07 the status page shows all hosts at once, vms, what is wrong and what happened last', async () => {
    const { page } = person;
    await open('/status');
    await page.getByText('Nothing is wrong.').waitFor();
    for (const name of ['sim-1', 'sim-2'])
      await page.getByRole('main').getByRole('link', { name, exact: true }).first().waitFor();
    await page.getByRole('grid', { name: 'Virtual machines' }).waitFor();
    await page.getByRole('grid', { name: 'Events' }).waitFor();
  });

  test('WEB-12 each vm has a row on the status page, with its screen, name, state, running time and processor', async () => {
    const { page } = person;
    const vm = await runningVm();
    await open('/status');
    const grid = page.getByRole('grid', { name: 'Virtual machines' });
    await page.getByText('Screens', { exact: true }).click();
    for (const name of ['Screen', 'Name', 'State', 'Running time', 'CPU'])
      await grid.getByRole('columnheader', { name }).waitFor();
    assert.equal(await grid.getAttribute('aria-rowcount'), '41');
    await page.getByRole('img', { name: `Screen of ${vm.name}`, exact: true }).waitFor();
    await page.getByText('Screens', { exact: true }).click();
  });

  test('the tree is walked by keyboard, reads what is unfolded, leads to the vm and is remembered', async () => {
    const { page } = person;
    await open('/status');
    const tree = page.getByRole('tree');
    await tree
      .getByRole('treeitem', { name: /^●\s*sim-1|sim-1/ })
      .first()
      .focus();
    await page.keyboard.press('ArrowRight');
    const vm = tree.getByRole('treeitem', { name: /sim-1-/ }).first();
    await vm.waitFor();
    await page.keyboard.press('ArrowRight');
    const name = ((await vm.textContent()) ?? '').replace(/^\W+/, '').split(' – ')[0] ?? '';
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name }).waitFor();
    await page.reload();
    await tree
      .getByRole('treeitem', { name: /sim-1-/ })
      .first()
      .waitFor();
  });

  test('the tree finds things by their names', async () => {
    const { page } = person;
    await open('/status');
    const vm = await runningVm();
    await page.getByRole('textbox', { name: 'Find in the tree' }).fill(vm.name);
    await page.getByRole('tree').getByRole('treeitem', { name: vm.name }).first().click();
    await page.getByRole('heading', { level: 1, name: vm.name }).waitFor();
  });

  test('without a mouse a vm is found in the palette, paused, and its refusals are explained', async () => {
    const { page } = person;
    await open('/status');
    const vm = await runningVm();
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').getByRole('combobox').waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await page.keyboard.type(vm.name);
    await page
      .getByRole('option', { name: `${vm.name} Virtual machine` })
      .first()
      .waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('option', { name: `Turn on ${vm.name} is running already` }).waitFor();
    await page.keyboard.type('pause');
    await page.getByRole('option', { name: 'Pause' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByText(`Pause: ${vm.name}`).waitFor();
    assert.equal(
      (await gantry.client().call('vm.show', { params: { vm: vm.id } })).state,
      'paused',
    );
    await gantry.must('vm', 'resume', vm.name);
  });

  test('who types faster than the palette finds gets what was typed, and nothing else', async () => {
    const { page } = person;
    const throttle = await page.context().newCDPSession(page);
    for (const rate of [1, 8]) {
      await open('/status');
      const vm = await runningVm();
      await throttle.send('Emulation.setCPUThrottlingRate', { rate });
      await page.keyboard.press('Control+k');
      await page.getByRole('dialog').getByRole('combobox').waitFor();
      await page.keyboard.type(`${vm.name}\npause\n`);
      await page.getByText(`Pause: ${vm.name}`).waitFor();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await gantry.must('vm', 'resume', vm.name);
      await throttle.send('Emulation.setCPUThrottlingRate', { rate: 1 });
    }
    await throttle.detach();
  });

  test('WEB-57 on every page a vm is found by UUID, MAC address, address, guest system, tag and note too, and what was done with it', async () => {
    const { page } = person;
    const { id, name } = await runningVm();
    const note = 'kept for the auditors';
    await gantry.must('vm', 'set', name, `description=${note}`, 'tags=["tidy-front"]');
    await gantry.must('vm', 'attach-adapter', name);
    const { definition, status } = await gantry.client().call('vm.show', { params: { vm: id } });
    const option = page.getByRole('option', { name: new RegExp(`^${name} .*Virtual machine`) });
    const sought = [
      id,
      definition.hardware.adapters.at(-1)?.mac.toUpperCase() ?? '',
      status.guest?.addresses[0] ?? '',
      'dy-fro',
      'auditors',
    ];
    const file = definition.hardware.disks[0]?.file ?? '';
    for (const path of ['/hosts', '/events']) {
      await open(path);
      await page.keyboard.press('Control+k');
      const field = page.getByRole('dialog').getByRole('combobox');
      for (const typed of sought) {
        assert.ok(typed.length > 2, sought.join());
        await field.fill(typed);
        await option.waitFor();
      }
      await field.fill(definition.guestOs.slice(0, 5));
      await page
        .getByRole('option', { name: new RegExp(`${definition.guestOs} · Virtual machine`) })
        .first()
        .waitFor();
      await field.fill(file);
      await page
        .getByRole('option', { name: new RegExp(`${file} · Virtual machine`) })
        .first()
        .waitFor();
      for (const [typed, kind] of [
        ['sim-1', 'Host'],
        ['defau', 'Network'],
      ] as const) {
        await field.fill(typed);
        await page
          .getByRole('option', { name: new RegExp(kind) })
          .first()
          .waitFor();
      }
      await field.fill(name);
      await page.getByRole('option', { name: `Operations: ${name}` }).waitFor();
      await page.getByRole('option', { name: `Events: ${name}` }).click();
      await page.getByRole('grid', { name: 'Events' }).getByText(name).first().waitFor();
    }
    await page.getByText(note).first().waitFor();
  });

  test('what loses something is asked about from the palette too', async () => {
    const { page } = person;
    await open('/status');
    const vm = await runningVm();
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').getByRole('combobox').waitFor();
    await page.keyboard.type(vm.name);
    await page
      .getByRole('option', { name: `${vm.name} Virtual machine` })
      .first()
      .waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.type('turn off');
    await page.getByRole('option', { name: 'Turn off' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByText('like pulling the plug').waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.equal(
      (await gantry.client().call('vm.show', { params: { vm: vm.id } })).state,
      'running',
    );
  });

  test('the drawer shows operations and events as they come, and leads to the thing', async () => {
    const { page } = person;
    await open('/hosts');
    const drawer = page.getByRole('region', { name: 'Operations and events' });
    await drawer.getByRole('button', { name: 'Operations and events' }).click();
    const vm = await runningVm();
    await gantry.must('vm', 'reset', vm.name, '--yes');
    const row = drawer.getByRole('row').filter({ hasText: 'Reset' }).filter({ hasText: vm.name });
    await row.getByText('done').waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await drawer.getByRole('tab', { name: 'Events' }).click();
    await drawer.getByRole('row').filter({ hasText: vm.name }).first().waitFor();
    await drawer.getByRole('link', { name: vm.name }).first().click();
    await page.getByRole('heading', { level: 1, name: vm.name }).waitFor();
    await drawer.getByRole('button', { name: 'Operations and events' }).click();
  });

  test('a host has its page: facts, vms, checks with remedies, and its actions say what they would do', async () => {
    const { page } = person;
    const { hostId, host } = await runningVm();
    await open(`/hosts/${hostId}?tab=virtualMachines`);
    await page.getByRole('grid', { name: 'Virtual machines' }).waitFor();
    assert.equal(
      await page.getByRole('grid', { name: 'Virtual machines' }).getAttribute('aria-rowcount'),
      '21',
    );
    await page.getByRole('button', { name: `Actions for ${host}`, exact: true }).click();
    await page.getByRole('menuitem', { name: 'Pause all that run' }).click();
    await page
      .getByRole('dialog')
      .getByText(/^Acts on \d+:$/)
      .waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  });

  test('HOST-20 the page of a host says how many more vms of a chosen size fit, and what runs out first', async () => {
    const { page } = person;
    const { hostId, host } = await runningVm();
    await open(`/hosts/${hostId}`);
    const region = page.getByRole('region', { name: 'Room for more' });
    const size = ['--memory', '64G', '--processors', '4', '--reserve', '100', '--disk', '5G'];
    const { fits, runsOutFirst } = await gantry.json<HostCapacity>(
      'host',
      'capacity',
      host,
      ...size,
    );
    assert.equal(runsOutFirst, 'memory');
    await region.getByLabel('Memory').selectOption('64 GiB');
    await region.getByLabel('Processors', { exact: true }).selectOption('4');
    await region.getByLabel('Reserved of each processor').selectOption('100 %');
    await region.getByLabel('Disk').selectOption('5 GiB');
    await region.getByText(`${fits} more fit. Runs out first: Memory.`).waitFor();
    await region.getByText(`room for ${fits}`, { exact: false }).waitFor();
    const other = await gantry.must('host', 'capacity', host, '--memory', '1G', '--disk', '500G');
    assert.match(other, /^runs out first +disk$/m);
    await region.getByLabel('Memory').selectOption('1 GiB');
    await region.getByLabel('Reserved of each processor').selectOption('0 %');
    await region.getByLabel('Disk').selectOption('500 GiB');
    await region.getByText('Runs out first: Disk.', { exact: false }).waitFor();
    assert.deepEqual(await findBarriers(page), []);
  });

  test('the adapters of a host are listed with what they are for; a change that is tried is confirmed by its answer, or by the button', async () => {
    const { page } = person;
    const client = gantry.client();
    const { hostId } = await runningVm();
    await open(`/hosts/${hostId}?tab=adapters`);
    const row = page.getByRole('grid', { name: 'Adapters' }).getByRole('row', { name: /eno1/ });
    await row.getByText('way to the coordinator', { exact: false }).waitFor();
    await row.getByRole('button', { name: 'Change what eno1 is for' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(/^Host and networks share it/).check();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await dialog.getByRole('button', { name: 'Change' }).click();
    await row.getByText(/^Host and networks share it/).waitFor();
    await dialog.waitFor({ state: 'detached' });
    const params = { host: hostId, adapter: 'eno1' };
    await client.call('host.set-adapter', { params, body: { use: 'any' } });
    await open(`/hosts/${hostId}?tab=adapters`);
    await page
      .getByText(/eno1 is tried as/)
      .first()
      .waitFor();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await page.getByRole('button', { name: 'Confirm' }).click();
    await row.getByText(/^Any: a bridged network/).waitFor();
    const { items } = await client.call('host.adapters', { params: { host: hostId } });
    assert.deepEqual(
      items.map(({ name, use, trial }) => [name, use, trial]),
      [
        ['eno1', 'any', null],
        ['eno2', 'any', null],
      ],
    );
  });

  test('RCON-06 RCON-10 RCON-17 RCON-18 native viewers of a host: address, ports and state on its page and in the report of all hosts, how one signs in, what goes without TLS as a standing warning, certificates generated and supplied', async () => {
    const { page } = person;
    const client = gantry.client();
    const { hostId, host } = await runningVm();
    await open(`/hosts/${hostId}?tab=viewers`);
    const panel = page.getByRole('tabpanel');
    const fact = (name: string): Locator =>
      panel.locator('dl > div').filter({ has: page.getByText(name, { exact: true }) });
    await fact('State').getByText('Off').waitFor();
    await panel.getByRole('button', { name: 'Change' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Let native viewers in').check();
    await dialog.getByLabel('First port').fill('46800');
    await dialog.getByLabel('Number of ports').fill('40');
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await fact('State').getByText('Listening').waitFor();
    await fact('Address').getByText('127.0.0.1').waitFor();
    await fact('Viewer ports').getByText('46800-46839').waitFor();
    await fact('TLS').getByText('Required').waitFor();
    await fact('Way to sign in').getByText(/^Any/).waitFor();
    await panel.getByRole('button', { name: 'Supply a certificate' }).scrollIntoViewIfNeeded();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await open('/hosts');
    await page.getByRole('button', { name: 'Columns' }).click();
    for (const name of ['Native viewers', 'Viewers at', 'Viewer ports', 'Viewers with TLS'])
      await page.getByRole('menuitem', { name, exact: true }).getByRole('checkbox').check();
    await page.keyboard.press('Escape');
    const row = page.getByRole('grid', { name: 'Hosts' }).getByRole('row', { name: host });
    for (const said of ['Listening', '127.0.0.1', '46800-46839', 'Required'])
      await row.getByText(said, { exact: true }).waitFor();
    const report = await gantry.must('host', 'list', '-o', 'wide');
    assert.match(report, /^NAME.* VIEWERS +AT +PORTS +TLS/m);
    assert.match(report, new RegExp(`^${host} .*listening +127.0.0.1 +46800-46839 +required`, 'm'));
    assert.match(
      await gantry.must('host', 'show', host),
      /viewers at +127.0.0.1 ports 46800-46839/,
    );
    // How one signs in, and without TLS.
    await open(`/hosts/${hostId}?tab=viewers`);
    await panel.getByRole('button', { name: 'Change' }).click();
    await dialog.getByLabel('Way to sign in').selectOption('tickets');
    await dialog.getByLabel('Viewers without TLS').selectOption('allowed');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await fact('Way to sign in')
      .getByText(/^Tickets/)
      .waitFor();
    await panel.getByText('Viewers without TLS are let in').waitFor();
    await fact('TLS').getByText('Optional', { exact: false }).waitFor();
    await panel.getByRole('button', { name: 'Supply a certificate' }).scrollIntoViewIfNeeded();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    assert.match(await gantry.must('host', 'list', '-o', 'wide'), / 46800-46839 +optional/);
    await open('/status');
    await page
      .getByText(`host ${host} lets in viewers of screens without TLS`, { exact: false })
      .waitFor();
    const { settings } = await client.call('host.show', { params: { host } });
    assert.deepEqual(
      [settings.viewers.signIn, settings.viewers.unencrypted, settings.viewers.firstPort],
      ['tickets', 'allowed', 46800],
    );
    // Certificates.
    await open(`/hosts/${hostId}?tab=viewers`);
    const certificate = panel.getByRole('region', { name: 'Certificate' });
    await certificate.getByText('authority, renewed by itself', { exact: false }).waitFor();
    const params = { host };
    const made = await client.call('host.viewer-certificate.show', { params });
    await certificate.getByRole('button', { name: 'Generate a new certificate' }).click();
    await certificate.getByText(made.fingerprint).waitFor({ state: 'detached' });
    const pair = await makePair('elsewhere.example');
    await certificate.getByRole('button', { name: 'Supply a certificate' }).click();
    await dialog.getByLabel('Certificate and those above it, PEM').fill(pair.chain);
    await dialog.getByLabel('Private key without a passphrase, PEM').fill(pair.key);
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await dialog.getByRole('button', { name: 'Supply a certificate' }).click();
    await certificate.getByText('DNS:elsewhere.example').waitFor();
    await certificate.getByText(/it is not valid for .*127\.0\.0\.1.*warn or refuse/).waitFor();
    await certificate.getByRole('button', { name: 'Generate a new certificate' }).click();
    await certificate.getByText('DNS:elsewhere.example').waitFor({ state: 'detached' });
    await client.call('host.update', {
      params,
      body: { settings: { viewers: { enabled: false, unencrypted: 'refused' } } },
    });
  });

  test('WEB-36 the resource allocation of a host has reserve, maximum and weight of each vm with their sums against the host, and changes those of a running vm', async () => {
    const { page } = person;
    const client = gantry.client();
    const vm = await runningVm();
    const { facts } = await client.call('host.show', { params: { host: vm.hostId } });
    assert.ok(facts);
    await open(`/hosts/${vm.hostId}?tab=resourceAllocation`);
    const table = page.getByRole('grid', { name: 'Resource allocation' });
    const row = table.getByRole('row').filter({ hasText: vm.name });
    await row.getByRole('button', { name: `Change: ${vm.name}` }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Processor reserve').fill('50');
    await dialog.getByLabel('Processor limit').fill('80');
    await dialog.getByLabel('Processor weight').fill('250');
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    const cell = (of: Locator, label: string): Locator => of.locator(`td[data-label="${label}"]`);
    await cell(row, 'Reserved capacity').getByText(/^50 %/).waitFor();
    await cell(row, 'Maximum capacity').getByText(/^80 %/).waitFor();
    await cell(row, 'Relative weight').getByText('250').waitFor();
    const changed = await client.call('vm.show', { params: { vm: vm.id } });
    assert.equal(changed.state, 'running');
    assert.ok(!changed.status.pending.some((path) => path.startsWith('resources/')));
    const { count } = vm.definition.hardware.processor;
    const sum = table.getByRole('row').filter({ hasText: 'All that run or are paused' });
    await cell(sum, 'Reserved capacity')
      .getByText(`${count / 2} processors`)
      .waitFor();
    const whole = table.getByRole('row').filter({ hasText: 'Capacity of the host' });
    await cell(whole, 'Reserved capacity')
      .getByText(`${facts.processor.threads} processors`)
      .waitFor();
    assert.deepEqual(await findBarriersInEachLight(page), []);
  });

  test('WEB-67 the menu of a host starts or stops it, whichever applies, discovers vms, acts on all of its vms, and leads to its properties', async () => {
    const { page } = person;
    await open('/hosts');
    const menu = page.getByRole('button', { name: 'Actions for sim-2', exact: true });
    const ofVms = [
      'Turn on all that are off',
      'Turn off all that run',
      'Pause all that run',
      'Resume all that are paused',
    ];
    for (const [service, words] of [
      ['Stop service', ['stop', 'sim-2', '--yes']],
      ['Start service', ['start', 'sim-2']],
    ] as const) {
      await menu.click();
      await page.getByRole('menuitem', { name: service }).waitFor();
      const items = await page.getByRole('menuitem').allInnerTexts();
      for (const item of [...ofVms, 'Discover virtual machines', 'Properties'])
        assert.ok(items.includes(item), `${item} in ${items.join()}`);
      assert.equal(items.filter((item) => item.endsWith(' service')).length, 1);
      await page.keyboard.press('Escape');
      await gantry.must('host', ...words);
      const row = page.getByRole('row').filter({ has: menu });
      await row.getByText(service === 'Stop service' ? 'Service stopped' : 'Ready').waitFor();
    }
    await menu.click();
    await page.getByRole('menuitem', { name: 'Properties' }).click();
    await page.getByRole('heading', { level: 1, name: 'sim-2' }).waitFor();
  });

  test('WEB-38 the documentation opens the guides for users, administrators and programmers of this very version, from this server alone', async () => {
    const { page } = person;
    await open('/status');
    const origins = new Set<string>();
    page.on('request', (request) => origins.add(new URL(request.url()).origin));
    const title = (name: string): Locator => page.getByRole('heading', { level: 1, name });
    const firstLine = (file: string): string =>
      readFileSync(new URL(`../../docs/manual/${file}`, import.meta.url), 'utf8')
        .split('\n')
        .find((line) => line.startsWith('# '))
        ?.slice(2) ?? '';
    for (const [link, file] of [
      ['console', 'users/console.md'],
      ['installation', 'operators/installation.md'],
      ['API', 'reference/api.md'],
    ] as const) {
      await page.getByRole('link', { name: 'Documentation', exact: true }).first().click();
      await page.getByRole('main').getByRole('link', { name: link, exact: true }).click();
      await title(firstLine(file)).waitFor();
      if (file === 'reference/api.md') continue;
      assert.deepEqual(await findBarriersInEachLight(page), []);
    }
    await page.getByRole('table').or(page.getByRole('grid')).first().waitFor();
    await open('/docs/manual/users/consoles.md');
    await page.getByRole('main').getByRole('link', { name: 'events', exact: true }).first().click();
    await title(firstLine('reference/events.md')).waitFor();
    await page.setViewportSize({ width: 400, height: 800 });
    assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'));
    await page.setViewportSize({ width: 1280, height: 800 });
    assert.deepEqual([...origins], [new URL(server).origin]);
  });

  test('WEB-51 WEB-52 recent events are told newest first, settings that were changed among them, and lead to the log at that record', async () => {
    const { page } = person;
    const vm = await runningVm();
    await open('/status');
    await gantry.must('vm', 'pause', vm.name);
    await gantry.must('vm', 'set', vm.name, 'description=paused');
    await gantry.must('vm', 'resume', vm.name);
    const recent = page.getByRole('main').getByRole('grid', { name: 'Events' });
    for (const title of ['Type', 'Time', 'Category', 'Message'])
      await recent.getByRole('columnheader', { name: title }).waitFor();
    const changed = `setting description of ${vm.name}`;
    await recent.getByRole('link', { name: changed }).waitFor();
    const told = await recent.locator('td[data-label="Message"]').allInnerTexts();
    const patterns = [/ resumed/, new RegExp(changed), / paused/];
    for (const [index, pattern] of patterns.entries()) assert.match(told[index] ?? '', pattern);
    const row = recent.getByRole('row').filter({ hasText: changed });
    await row.getByText('Setting change', { exact: true }).waitFor();
    await row.getByRole('link', { name: changed }).click();
    await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor();
    const first = page
      .getByRole('grid', { name: 'Events' })
      .locator('tbody td[data-label="Message"]');
    await first.first().getByText(changed).waitFor();
  });

  test('WEB-11 in a window of 800 × 600 no page is wider than the window', async () => {
    const { page } = person;
    await page.setViewportSize({ width: 800, height: 600 });
    const { id, hostId } = await runningVm();
    for (const path of [
      '/status',
      '/vms',
      `/vms/${id}`,
      '/hosts',
      `/hosts/${hostId}`,
      '/images',
      '/operations',
      '/events',
      '/site',
    ]) {
      await open(path);
      const [page_, main] = (await page.evaluate(
        '[document.documentElement.scrollWidth, document.querySelector("main").scrollWidth]',
      )) as [number, number];
      assert.ok(page_ <= 800 && main <= 800, `${path} is ${page_} wide, its content ${main}`);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('API-01 no page caused an error, asked for what its policy refuses, or called what the API does not publish', () => {
    assert.deepEqual(person.complaints, []);
  });
});
