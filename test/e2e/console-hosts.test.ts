/** The console's pages of hosts in a real browser: facts, room for more, adapters, native viewers, resources, their menu. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Locator } from 'playwright-core';
import type { Host, HostCapacity, Operation, Vm } from '#api';
import { freePort } from '../../src/coordinator/testing/free-port.ts';
import { startLibvirtd } from '../interop/libvirt/daemon.ts';
import { whyNot } from '../interop/libvirt/tools.ts';
import { makePair } from '../../src/lib/x509/testing/certificate-pair.ts';
import {
  findBarriers,
  findBarriersInEachLight,
  requireNoBarriersInTall,
  noBrowser,
  untilTrue,
  type Person,
} from './browser.ts';
import { ConsoleRoom } from './console-room.ts';
import type { Gantry } from './gantry.ts';
import { look } from './screen-room.ts';

/** Networks and pools of the hypervisor `others`, whose page is open. */
async function changePlaces({ page }: Person, gantry: Gantry): Promise<void> {
  const dialog = page.getByRole('dialog');
  const choose = async (of: string, item: string): Promise<void> => {
    await page.getByRole('button', { name: `Actions for ${of}`, exact: true }).press('Enter');
    await page.getByRole('menuitem', { name: item, exact: true }).press('Enter');
  };
  const row = (name: string): Locator => page.getByRole('row').filter({ hasText: name });
  await page.getByRole('tab', { name: 'Networks and pools' }).press('Enter');
  await row('default-pool').getByText('Active').waitFor();
  await page.getByRole('button', { name: 'Define storage pool' }).press('Enter');
  const xml = dialog.getByLabel("libvirt's description (XML)");
  await xml.fill("<pool type='dir'><name>lab</name></pool>");
  await dialog.getByRole('button', { name: 'Define' }).press('Enter');
  await dialog.getByText(/missing storage pool target path/).waitFor();
  assert.deepEqual(await findBarriersInEachLight(page), []);
  await xml.fill("<pool type='dir'><name>lab</name><target><path>/srv/lab</path></target></pool>");
  await dialog.getByRole('button', { name: 'Define' }).press('Enter');
  await row('lab').getByText('Inactive').waitFor();
  await choose('lab', 'Start');
  await row('lab').getByText('Active').waitFor();
  await choose('lab', 'Start with the host');
  await page.getByText('Start with the host: lab').waitFor();
  const listed = await gantry.must('host', 'pools', 'others');
  assert.match(listed, /^lab +active +yes +yes +dir .*\/srv\/lab$/m);
  assert.deepEqual(await findBarriersInEachLight(page), []);
  await look(page, 'hypervisor-places');
  await choose('default', 'Stop');
  await dialog.getByText(/is cut off/).waitFor();
  await dialog.getByRole('button', { name: 'Stop default' }).press('Enter');
  await dialog.waitFor({ state: 'detached' });
  assert.match(await gantry.must('host', 'networks', 'others'), /^default +inactive/m);
  await choose('lab', 'Change its description');
  assert.match(await xml.inputValue(), /<path>\/srv\/lab</);
  await look(page, 'hypervisor-place-xml');
  await dialog.getByRole('button', { name: 'Cancel' }).press('Enter');
}

describe('hosts in the console', { skip: noBrowser }, () => {
  let room: ConsoleRoom;
  let gantry: Gantry;
  let person: Person;

  before(async () => {
    room = await ConsoleRoom.open('2x20');
    ({ gantry, person } = room);
  });
  after(() => room?.[Symbol.asyncDispose]());

  const open = (path: string): Promise<void> => room.show(path);
  const runningVm = (): Promise<Vm> => room.runningVm();

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

  test('all tabs of a host are seen at once, and of more than a narrow window has room for the open one is seen whole', async () => {
    const { page } = person;
    const { hostId } = await runningVm();
    const isWhole = `(() => {
      const { left, right } = document.querySelector('[role=tab][aria-selected=true]').getBoundingClientRect();
      const list = document.querySelector('[role=tablist]').getBoundingClientRect();
      return left >= list.left - 1 && right <= list.right + 1;
    })()`;
    const size = page.viewportSize();
    assert.ok(size);
    for (const tab of ['settings', 'viewers', 'operations', 'summary']) {
      await page.setViewportSize(size);
      await open(`/hosts/${hostId}?tab=${tab}`);
      assert.equal(await page.locator('.pf-v6-c-tabs__scroll-button').count(), 0, 'all fit');
      await page.setViewportSize({ ...size, width: 800 });
      await page.locator('.pf-v6-c-tabs__scroll-button').first().waitFor();
      await untilTrue(page, isWhole);
    }
    await look(page, 'tabs');
    await page.setViewportSize(size);
  });

  test('the usual networks of a host are created at its adapters, what would be done shown first; asked again there is nothing to do', async () => {
    const { page } = person;
    const client = gantry.client();
    const { hostId } = await runningVm();
    const names = async (): Promise<readonly string[]> =>
      (await client.call('network.list', { query: { sort: 'name' } })).items.map(
        ({ name, type, adapter }) => `${name} ${type} ${adapter}`,
      );
    const before = await names();
    await open(`/hosts/${hostId}?tab=adapters`);
    const button = page.getByRole('button', { name: 'Create its usual networks' });
    await button.click();
    const dialog = page.getByRole('dialog');
    for (const told of ['internal: internal', 'eno1: bridged at eno1', 'eno2: bridged at eno2'])
      await dialog.getByText(told, { exact: true }).waitFor();
    await dialog.getByText(/^Addresses of the host are on eno1:/).waitFor();
    assert.deepEqual(await names(), before, 'a look at the plan creates nothing');
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await look(page, 'create-for-host');
    await dialog.getByRole('button', { name: 'Create', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    const made = ['eno1 bridged eno1', 'eno2 bridged eno2', 'internal internal null'];
    assert.deepEqual(
      (await names()).filter((name) => !before.includes(name)),
      made,
    );
    await button.click();
    await dialog.getByText('All of them are there already.').waitFor();
    const create = dialog.getByRole('button', { name: 'Create', exact: true });
    assert.equal(await create.isDisabled(), true);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    assert.match(
      await gantry.must('network', 'create-for-host', hostId),
      /all of them are there already/,
    );
    for (const name of ['eno1', 'eno2', 'internal']) await gantry.must('network', 'delete', name);
  });

  test('the settings of a host are changed on its page, and roles granted on it and withdrawn', async () => {
    const { page } = person;
    const client = gantry.client();
    const { hostId, host } = await runningVm();
    await open(`/hosts/${hostId}?tab=settings`);
    await page.getByRole('button', { name: `Change the settings of ${host}` }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('#setting-searchPath').fill('/srv/isos');
    await dialog.locator('#setting-maxRunningVms').fill('40');
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await look(page, 'host-settings-change');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('/srv/isos', { exact: true }).waitFor();
    const { settings } = await client.call('host.show', { params: { host: hostId } });
    assert.deepEqual([settings.searchPath, settings.maxRunningVms], [['/srv/isos'], 40]);
    await page.locator('#grant-subject').fill('admin');
    await page.getByRole('button', { name: 'Grant a role' }).click();
    const row = page.getByRole('row').filter({ hasText: `host ${host}` });
    await row.waitFor();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await look(page, 'host-settings');
    await row.getByRole('button', { name: 'Withdraw' }).click();
    await row.waitFor({ state: 'detached' });
    const body = { settings: { searchPath: [], maxRunningVms: null } };
    await client.call('host.update', { params: { host: hostId }, body });
  });

  test('RCON-06 RCON-10 RCON-17 RCON-18 native viewers of a host: address, ports and state on its page and in the report of all hosts, how one signs in, what goes without TLS as a standing warning, certificates generated and supplied', async () => {
    const { page } = person;
    const client = gantry.client();
    const { hostId, host } = await runningVm();
    const firstPort = await freePort(40);
    const ports = `${firstPort}-${firstPort + 39}`;
    await open(`/hosts/${hostId}?tab=viewers`);
    const panel = page.getByRole('tabpanel');
    const fact = (name: string): Locator =>
      panel.locator('dl > div').filter({ has: page.getByText(name, { exact: true }) });
    await fact('State').getByText('Off').waitFor();
    await panel.getByRole('button', { name: 'Change' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Let native viewers in').check();
    await dialog.getByLabel('First port').fill(String(firstPort));
    await dialog.getByLabel('Number of ports').fill('40');
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await fact('State').getByText('Listening').waitFor();
    await fact('Address').getByText('127.0.0.1').waitFor();
    await fact('Viewer ports').getByText(ports).waitFor();
    await fact('TLS').getByText('Required').waitFor();
    await fact('Way to sign in').getByText(/^Any/).waitFor();
    await requireNoBarriersInTall(page);
    await open('/hosts');
    await page.getByRole('button', { name: 'Columns' }).click();
    for (const name of ['Native viewers', 'Viewers at', 'Viewer ports', 'Viewers with TLS'])
      await page.getByRole('menuitem', { name, exact: true }).getByRole('checkbox').check();
    await page.keyboard.press('Escape');
    const row = page.getByRole('grid', { name: 'Hosts' }).getByRole('row', { name: host });
    for (const said of ['Listening', '127.0.0.1', ports, 'Required'])
      await row.getByText(said, { exact: true }).waitFor();
    const report = await gantry.must('host', 'list', '-o', 'wide');
    assert.match(report, /^NAME.* VIEWERS +AT +PORTS +TLS/m);
    assert.match(report, new RegExp(`^${host} .*listening +127.0.0.1 +${ports} +required`, 'm'));
    assert.match(
      await gantry.must('host', 'show', host),
      new RegExp(`viewers at +127.0.0.1 ports ${ports}`),
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
    await requireNoBarriersInTall(page);
    assert.match(
      await gantry.must('host', 'list', '-o', 'wide'),
      new RegExp(` ${ports} +optional`),
    );
    await open('/status');
    await page
      .getByText(`host ${host} lets in viewers of screens without TLS`, { exact: false })
      .waitFor();
    const { settings } = await client.call('host.show', { params: { host } });
    assert.deepEqual(
      [settings.viewers.signIn, settings.viewers.unencrypted, settings.viewers.firstPort],
      ['tickets', 'allowed', firstPort],
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
    await requireNoBarriersInTall(page);
  });

  test('WEB-67 GRP-43 the menu of a host starts or stops it, whichever applies, discovers vms, acts on all of its vms, and leads to its properties', async () => {
    const { page } = person;
    await open('/hosts');
    const menu = page.getByRole('button', { name: 'Actions for sim-2', exact: true });
    const ofVms = [
      'Turn on all that are off',
      'Turn off all that run',
      'Pause all that run',
      'Resume all that are paused',
    ];
    const host = async (): Promise<Host> =>
      (await gantry.json<Host[]>('host', 'list')).find(({ name }) => name === 'sim-2') ??
      assert.fail('there is no host sim-2');
    for (const [service, label, status] of [
      ['Stop service', 'Service stopped', 'service-stopped'],
      ['Start service', 'Ready', 'ready'],
    ] as const) {
      await menu.click();
      await page.getByRole('menuitem', { name: service }).waitFor();
      const items = await page.getByRole('menuitem').allInnerTexts();
      for (const item of [...ofVms, 'Discover virtual machines', 'Properties'])
        assert.ok(items.includes(item), `${item} in ${items.join()}`);
      assert.equal(items.filter((item) => item.endsWith(' service')).length, 1);
      await page.getByRole('menuitem', { name: service }).click();
      const dialog = page.getByRole('dialog');
      // What the stop does to vms that run is said first.
      if (status === 'service-stopped')
        await dialog.getByRole('button', { name: service, exact: true }).click();
      const row = page.getByRole('row').filter({ has: menu });
      await row.getByText(label, { exact: true }).waitFor();
      assert.equal((await host()).status, status);
    }
    await menu.click();
    await page.getByRole('menuitem', { name: 'Properties' }).click();
    await page.getByRole('heading', { level: 1, name: 'sim-2' }).waitFor();
  });

  test('a hypervisor of others is connected in a dialog, which says why an address cannot be taken, and reached in another way', async (context) => {
    const missing = await whyNot('libvirtd');
    if (missing !== false) return context.skip(missing);
    await using daemon = await startLibvirtd();
    const { page } = person;
    const client = gantry.client();
    const address = `test+unix:///default?socket=${daemon.socket}`;
    await open('/hosts');
    await page.getByRole('button', { name: 'Connect hypervisor' }).press('Enter');
    const dialog = page.getByRole('dialog');
    const send = dialog.getByRole('button', { name: 'Connect', exact: true });
    assert.ok(await send.isDisabled());
    await dialog.getByLabel('Address').fill('phyp://h1/');
    await send.click();
    await dialog.getByText(/phyp/).first().waitFor();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await dialog.getByRole('button', { name: 'Signing in' }).press('Enter');
    await dialog.getByLabel('Address').fill(address);
    await dialog.getByLabel('Name here').fill('others');
    assert.deepEqual(await findBarriers(page), []);
    await look(page, 'connect-host');
    await send.click();
    await page.getByRole('heading', { level: 1, name: 'others' }).waitFor();
    assert.equal(new URL(page.url()).pathname.startsWith('/hosts/'), true);
    const { connection } = await client.call('host.show', { params: { host: 'others' } });
    assert.equal(connection?.address, address);
    await changePlaces(person, gantry);
    await page.getByRole('button', { name: 'Actions for others' }).press('Enter');
    await page.getByRole('menuitem', { name: 'Change connection' }).press('Enter');
    assert.equal(await dialog.getByLabel('Address').inputValue(), address);
    await dialog.getByLabel('Address').fill(`${address}&mode=direct`);
    await send.click();
    await dialog.waitFor({ state: 'detached' });
    const changed = await client.call('host.show', { params: { host: 'others' } });
    assert.match(changed.connection?.address ?? '', /mode=direct/);
    const there = await client.call('vm.show', { params: { vm: 'test' } });
    await gantry.must('vm', 'turn-off', 'test', '--yes');
    await open(`/vms/${there.id}`);
    await page
      .getByRole('button', { name: 'Actions for test', exact: true })
      .first()
      .press('Enter');
    await page.getByRole('menuitem', { name: 'Delete', exact: true }).press('Enter');
    const loss = dialog.getByText('its files are deleted');
    await loss.waitFor();
    const keep = dialog.getByLabel('Keep its disks');
    await keep.press('Space');
    await dialog.getByText('Only its definition goes from others').waitFor();
    assert.equal(await loss.count(), 0);
    assert.deepEqual(await findBarriers(page), []);
    await look(page, 'keep-disks');
    await dialog.locator('#typed-name').fill('test');
    const asked = page.waitForRequest((request) => request.method() === 'DELETE');
    await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
    const deletion = await asked;
    assert.equal(new URL(deletion.url()).searchParams.get('disks'), 'keep');
    const deleting = (await (await deletion.response())?.json()) as Operation;
    assert.equal((await client.wait(deleting)).state, 'done');
    await dialog.waitFor({ state: 'detached' });
    await gantry.must('host', 'remove', 'others', '--yes');
  });

  test('API-01 no page of a host caused an error, asked for what its policy refuses, or called what the API does not publish', () => {
    assert.deepEqual(person.complaints, []);
  });
});
