/** The console's pages of networks: made in one step, changed, followed as adapters come and go, deleted. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Locator } from 'playwright-core';
import { isolationReaders, isolationReads, isolationTraffic, type Vm } from '#api';
import {
  assertSaved,
  findBarriers,
  noBrowser,
  openBrowser,
  sitAtBrowser,
  type Person,
  signInByLink,
  typeInto,
} from './browser.ts';
import { newGantry, type Gantry } from './gantry.ts';

describe('the networks of the console', { skip: noBrowser }, () => {
  let gantry: Gantry;
  let browser: Browser;
  let person: Person;
  let vm: Vm;

  before(async () => {
    gantry = await newGantry();
    const out = await gantry.must('up', '--listen', gantry.listen, '--simulate', '1x12');
    await gantry.must('network', 'delete', 'default');
    const { items } = await gantry
      .client()
      .call('vm.list', { query: { filter: 'state = running', sort: 'name', limit: 1 } });
    assert.ok(items[0]);
    vm = items[0];
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

  const choose = async (verb: string): Promise<Locator> => {
    const { page } = person;
    await page.getByRole('button', { name: 'Actions for lab' }).press('Enter');
    await page.getByRole('menuitem', { name: verb, exact: true }).press('Enter');
    return page.getByRole('dialog');
  };

  test('a network is made in one step, by keyboard, and what the server says against it is shown', async () => {
    const { page } = person;
    await page.getByRole('link', { name: 'Networks', exact: true }).click();
    await page.getByText('No networks').waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await page.getByRole('button', { name: 'Create network' }).press('Enter');
    await typeInto(page.locator('#network-name'), 'lab');
    const dialog = page.getByRole('dialog');
    await dialog.locator('#network-subnet').fill('10.81.0.0/33');
    await page.keyboard.press('Enter');
    await dialog.getByRole('alert').waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await dialog.locator('#network-subnet').fill('10.81.0.0/24');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'lab' }).waitFor();
    await page.getByText('10.81.0.0/24').waitFor();
    assert.deepEqual(await findBarriers(page), []);
  });

  test('what is changed in the form is sent, and nothing else', async () => {
    const { page } = person;
    const dialog = await choose('Change');
    await dialog.locator('#setting-description').fill('for tests');
    await dialog.locator('#setting-domain').fill('lab.test');
    assert.deepEqual(await findBarriers(page), []);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('lab.test', { exact: true }).waitFor();
    const network = await gantry.client().call('network.show', { params: { network: 'lab' } });
    assert.equal(network.description, 'for tests');
    assert.equal(network.ipv4?.subnet, '10.81.0.0/24');
  });

  test('NET-14 the page tells for each pair who can read whose traffic, as the network is configured now', async () => {
    const { page } = person;
    const statement = page.getByRole('grid', { name: 'Who can read whose traffic' });
    const told = async (reader: string): Promise<readonly string[]> =>
      (
        await statement
          .getByRole('row')
          .filter({ has: page.getByText(reader, { exact: true }) })
          .getByRole('gridcell')
          .allInnerTexts()
      ).slice(1);
    await statement.waitFor();
    const { isolation } = await gantry
      .client()
      .call('network.show', { params: { network: 'lab' } });
    for (const [reader, name] of Object.entries(isolationReaders))
      assert.deepEqual(
        await told(name),
        Object.keys(isolationTraffic).map((traffic) => {
          const line = isolation.find((one) => one.reader === reader && one.traffic === traffic);
          return line === undefined ? '–' : isolationReads[line.reads];
        }),
      );
    assert.equal((await told(isolationReaders.guests))[0], isolationReads.addressed);
    await gantry.must('network', 'set', 'lab', '--promiscuous', 'on');
    await statement
      .getByRole('row', { name: isolationReaders.guests })
      .getByRole('gridcell', { name: isolationReads.all, exact: true })
      .first()
      .waitFor();
    await gantry.must('network', 'set', 'lab', '--promiscuous', 'off');
  });

  test('the page follows an adapter that comes onto the network, and a deletion says that it is in use', async () => {
    const { page } = person;
    await page.getByRole('tab', { name: 'Virtual machines' }).click();
    await gantry.must('vm', 'attach-adapter', vm.name, '--network', 'lab');
    await page
      .getByRole('grid', { name: 'Virtual machines' })
      .getByRole('link', { name: vm.name, exact: true })
      .waitFor();
    const dialog = await choose('Delete');
    await dialog.getByText('Adapters on it: 1.').waitFor();
    assert.ok(await dialog.getByRole('button', { name: 'Delete' }).isDisabled());
    await dialog.getByRole('button', { name: 'Cancel' }).click();
  });

  test('a network in production warns of a vm for tests, and so does the page of the vm, for as long as it is so', async () => {
    const { page } = person;
    const body = { tags: ['production'] };
    await gantry.must('vm', 'set', vm.name, 'tags=[test]');
    await gantry.client().call('network.update', { params: { network: 'lab' }, body });
    await page.getByRole('tab', { name: 'Summary' }).click();
    const ofNetwork = page.getByText('the network is tagged production, and 1 adapter of a vm');
    await ofNetwork.waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await page.goto(`${gantry.client().server}/vms/${vm.id}?tab=configuration&section=network`);
    const ofVm = page.getByText('is on network lab, which is tagged production');
    await ofVm.waitFor();
    await gantry.must('vm', 'set', vm.name, 'tags=[]');
    await ofVm.waitFor({ state: 'detached' });
  });

  test('CMP-37 on the page of a running vm an adapter is added, changed, unplugged and taken out; its MAC address is set by hand there, by CLI and over the API', async () => {
    const { page } = person;
    const { id } = await gantry
      .client()
      .call('network.create', { body: { name: 'dmz', type: 'internal' } });
    await page.goto(`${gantry.client().server}/vms/${vm.id}?tab=configuration&section=network`);
    const row = (slot: number): Locator =>
      page
        .getByRole('grid', { name: 'Network adapters' })
        .getByRole('row')
        .filter({ has: page.getByRole('button', { name: `Actions for Network adapter ${slot}` }) });
    // A vm does one thing at a time: the next one is asked for when this one has ended.
    const told = (notice: string): Promise<void> =>
      page.getByText(new RegExp(`Done:${notice}$`)).waitFor();
    const chooseOf = async (slot: number, verb: string): Promise<Locator> => {
      await row(slot).getByRole('button').press('Enter');
      await page.getByRole('menuitem', { name: verb, exact: true }).press('Enter');
      return page.getByRole('dialog');
    };
    await row(0).getByRole('link', { name: 'lab' }).waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await page.getByRole('button', { name: 'Add: Network adapters' }).press('Enter');
    const added = page.getByRole('dialog');
    await added.getByLabel('Which network').selectOption(id);
    await added.getByLabel('MAC address').fill('52:54:00:12:34:56');
    assert.deepEqual(await findBarriers(page), []);
    await page.keyboard.press('Enter');
    await row(1).getByRole('link', { name: 'dmz' }).waitFor();
    await row(1).getByText('52:54:00:12:34:56').waitFor();
    await told(`Add: Network adapters: ${vm.name}`);
    await chooseOf(1, 'Disconnect');
    await row(1).getByText('Unplugged').waitFor();
    await told('Disconnect: Network adapter 1');
    await chooseOf(1, 'Connect');
    await row(1).getByText('Plugged in').waitFor();
    await told('Connect: Network adapter 1');
    const changed = await chooseOf(1, 'Change');
    await changed
      .getByLabel('Network', { exact: true })
      .selectOption({ label: 'lab (nat, 10.81.0.0/24)' });
    await changed.getByRole('button', { name: 'Save' }).press('Enter');
    await row(1).getByRole('link', { name: 'lab' }).waitFor();
    await told('Change: Network adapter 1');
    const named = await chooseOf(1, 'Change');
    await named.getByLabel('MAC address', { exact: true }).fill('52:54:00:12:34:57');
    await named.getByRole('button', { name: 'Save' }).press('Enter');
    await row(1).getByText('52:54:00:12:34:57').waitFor();
    await gantry.must('vm', 'set-adapter', vm.name, '1', '--mac', '52:54:00:12:34:58');
    await row(1).getByText('52:54:00:12:34:58').waitFor();
    const operation = await gantry.client().call('vm.adapter.change', {
      params: { vm: vm.id, slot: 1 },
      body: { mac: '52:54:00:12:34:59' },
    });
    await gantry.must('operation', 'wait', operation.id);
    await row(1).getByText('52:54:00:12:34:59').waitFor();
    const { definition } = await gantry.client().call('vm.show', { params: { vm: vm.id } });
    assert.deepEqual(
      definition.hardware.adapters.map(({ slot, link, macMode }) => [slot, link, macMode]),
      [
        [0, 'up', 'dynamic'],
        [1, 'up', 'static'],
      ],
    );
    assert.equal(definition.hardware.adapters[1]?.mac, '52:54:00:12:34:59');
    const leaving = await chooseOf(1, 'Detach');
    await leaving.getByRole('button', { name: 'Detach' }).press('Enter');
    await row(1).waitFor({ state: 'detached' });
  });

  test('the ports of a network are saved as a file', async () => {
    const { page } = person;
    const client = gantry.client();
    const { id } = await client.call('network.show', { params: { network: 'lab' } });
    await page.goto(`${client.server}/networks/${id}?tab=ports`);
    const { items } = await client.call('network.ports', { params: { network: id } });
    await assertSaved(page, items, vm.name);
  });

  test('a new vm is plugged into the network that is chosen in the wizard', async () => {
    const { page } = person;
    await page.goto(`${gantry.client().server}/vms?create=true`);
    await page.locator('#source-new:focus').press('Enter');
    await page.locator('#size-small:focus').press('Enter');
    await page.locator('#plug-user:focus').press('ArrowUp');
    await page.locator('#plug-which').selectOption({ label: 'lab (nat, 10.81.0.0/24)' });
    assert.deepEqual(await findBarriers(page), []);
    await page.locator('#plug-network').press('Enter');
    await typeInto(page.locator('#vm-name'), 'plugged\n');
    await page.getByText('Create: plugged').waitFor();
    const { definition } = await gantry.client().call('vm.show', { params: { vm: 'plugged' } });
    const lab = await gantry.client().call('network.show', { params: { network: 'lab' } });
    assert.deepEqual(
      definition.hardware.adapters.map(({ attachment }) => attachment),
      [{ kind: 'network', network: lab.id }],
    );
    await gantry.must('vm', 'turn-off', 'plugged', '--yes');
    await gantry.must('vm', 'delete', 'plugged', '--yes');
  });

  test('networks and teams are found in the tree and in the palette, where all that their menus hold is done by keyboard', async () => {
    const { page } = person;
    await gantry.must('team', 'create', 'shop');
    await page.goto(`${gantry.client().server}/status`);
    const tree = page.getByRole('tree');
    await tree.getByRole('treeitem', { name: 'Networks' }).press('ArrowRight');
    await tree.getByRole('treeitem', { name: 'lab – Ready' }).press('ArrowRight');
    await tree.getByRole('treeitem', { name: vm.name }).waitFor();
    await tree.getByRole('treeitem', { name: 'Teams' }).press('ArrowRight');
    await tree.getByRole('treeitem', { name: 'shop' }).press('Enter');
    await page.getByRole('heading', { level: 1, name: 'shop' }).waitFor();
    const palette = async (...words: readonly string[]): Promise<void> => {
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox', { name: 'Search and act' }).waitFor();
      for (const word of words) await page.keyboard.type(`${word}\n`);
    };
    const dialog = page.getByRole('dialog');
    await palette('shop', 'delete');
    await dialog.getByText('Its virtual machines stay as they are.').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await palette('lab', 'change');
    await dialog.getByRole('heading', { name: 'Change: lab' }).waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await palette('create network');
    await typeInto(page.locator('#network-name'), 'quick\n');
    await page.getByRole('heading', { level: 1, name: 'quick' }).waitFor();
    await dialog.waitFor({ state: 'detached' });
  });

  test('the topology draws what is plugged into what, follows it, and one works from it by keyboard', async () => {
    const { page } = person;
    await page.goto(`${gantry.client().server}/topology`);
    const things = (kind: string): Locator =>
      page.getByRole('main').getByRole('list', { name: kind });
    const lines = page.locator('path.plug');
    await things('Hosts').getByRole('link', { name: vm.host, exact: true }).waitFor();
    await things('Virtual machines').getByRole('link', { name: vm.name, exact: true }).waitFor();
    await things('Virtual machines')
      .getByText(/↓.+\/s ↑.+\/s/)
      .waitFor();
    assert.equal(await lines.count(), 1);
    const { items } = await gantry
      .client()
      .call('vm.list', { query: { filter: 'state = off', sort: 'name', limit: 1 } });
    const other = items[0]?.name ?? '';
    await gantry.must('vm', 'attach-adapter', other, '--network', 'lab');
    await things('Virtual machines').getByRole('link', { name: other, exact: true }).focus();
    assert.equal(await lines.count(), 2);
    assert.equal(await page.locator('path.plug.lit').count(), 1);
    await things('Virtual machines')
      .getByRole('button', { name: `Actions for ${other}` })
      .press('Enter');
    await page.getByRole('menuitem', { name: 'Turn on', exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'As a table' }).press('Enter');
    await page.getByRole('grid', { name: 'As a table' }).getByRole('row').nth(2).waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await things('Networks').getByRole('button', { name: 'Hide the vms on lab' }).press('Enter');
    await things('Virtual machines').getByRole('link').first().waitFor({ state: 'detached' });
    await gantry.must('vm', 'detach-adapter', other, '0', '--yes');
  });

  test('in the dark axe finds no barrier, and at 800 × 600 and on a phone neither page is wider than the window', async () => {
    const { page } = person;
    const { id } = await gantry.client().call('network.show', { params: { network: 'lab' } });
    const pages = [
      '/networks',
      `/networks/${id}`,
      `/networks/${id}?tab=addresses`,
      `/networks/${id}?tab=ports`,
      '/topology',
    ];
    for (const [width, height] of [
      [800, 600],
      [390, 844],
    ] as const) {
      await page.setViewportSize({ width, height });
      for (const path of pages) {
        await page.goto(gantry.client().server + path);
        await page.getByRole('heading', { level: 1 }).waitFor();
        const wide = Number(await page.evaluate('document.documentElement.scrollWidth'));
        assert.ok(wide <= width, `${path} is ${wide} wide`);
      }
      // The last one is the picture, which lies in a box of its own: all of it is in sight.
      await page.locator('.topology-node').first().waitFor();
      const hidden = `(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('.topology'))`;
      if (width === 390)
        assert.equal(await page.evaluate(hidden), 0, 'it does not scroll sideways');
    }
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await page.setViewportSize({ width: 1280, height: 2000 });
    for (const path of pages) {
      await page.goto(gantry.client().server + path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      assert.deepEqual(await findBarriers(page), [], path);
    }
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('a network that nothing is on is deleted, from the list that others fill', async () => {
    const { page } = person;
    await page.getByRole('link', { name: 'Networks', exact: true }).first().click();
    await gantry.must('vm', 'detach-adapter', vm.name, '0', '--yes');
    await gantry.must('network', 'create', 'other');
    await page.getByRole('link', { name: 'other', exact: true }).waitFor();
    const dialog = await choose('Delete');
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('link', { name: 'lab', exact: true }).waitFor({ state: 'detached' });
  });

  test('WEB-32 the navigation leads to creating a network, to adding one by its definition, and to the list of those whose pages configure them', async () => {
    const { page } = person;
    const navigation = page.getByRole('navigation', { name: 'Navigation' });
    const dialog = page.getByRole('dialog');
    const begin = async (name: string): Promise<void> => {
      await navigation.getByRole('link', { name: 'Networks', exact: true }).click();
      await navigation.getByRole('link', { name, exact: true }).click();
    };
    await begin('Create network');
    await dialog.getByLabel('Name').fill('yard');
    await dialog.getByLabel('Subnet').fill('10.77.0.0/24');
    await dialog.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'yard' }).waitFor();
    const shown = await gantry.json<{ ipv4: { subnet: string } }>('network', 'show', 'yard');
    await gantry.must('network', 'delete', 'yard', '--yes');
    await begin('Add network');
    await dialog.getByLabel(/^Definition file/).setInputFiles({
      name: 'yard.json',
      mimeType: 'application/json',
      buffer: Buffer.from(JSON.stringify(shown)),
    });
    assert.deepEqual(await findBarriers(page), []);
    await dialog.getByRole('button', { name: 'Add network', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'yard' }).waitFor();
    const added = await gantry.json<{ ipv4: { subnet: string } }>('network', 'show', 'yard');
    assert.deepEqual(added.ipv4, shown.ipv4);
    await begin('Configure networks');
    await page.getByRole('main').getByRole('link', { name: 'yard', exact: true }).click();
    await page.getByRole('button', { name: 'Actions for yard' }).click();
    await page.getByRole('menuitem', { name: 'Change' }).waitFor();
    await page.keyboard.press('Escape');
    await gantry.must('network', 'delete', 'yard', '--yes');
  });

  test('WEB-69 further networks are made, and their adapter and DHCP service edited: addresses, gateway, name and WINS servers, with the leases beside', async () => {
    const { page } = person;
    const client = gantry.client();
    const dialog = page.getByRole('dialog');
    const make = async (name: string, fill: () => Promise<unknown>): Promise<void> => {
      await page.goto(`${client.server}/networks`);
      await page.getByRole('button', { name: 'Create network' }).click();
      await dialog.getByLabel('Name').fill(name);
      await fill();
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name }).waitFor();
    };
    const edit = async (name: string, values: Readonly<Record<string, string>>): Promise<void> => {
      await page.getByRole('button', { name: `Actions for ${name}` }).click();
      await page.getByRole('menuitem', { name: 'Change', exact: true }).click();
      for (const [setting, value] of Object.entries(values))
        await dialog.locator(`#setting-${setting}`).fill(value);
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.waitFor({ state: 'detached' });
    };
    await make('office', () => dialog.locator('#network-subnet').fill('10.83.0.0/24'));
    await edit('office', {
      'ipv4-gateway': '10.83.0.254',
      'ipv4-dhcp-first': '10.83.0.50',
      'ipv4-dhcp-last': '10.83.0.99',
      'ipv4-dhcp-winsServers': '10.83.0.7',
      'ipv4-dnsServers': '10.83.0.8',
    });
    const { ipv4 } = await client.call('network.show', { params: { network: 'office' } });
    assert.equal(ipv4?.gateway, '10.83.0.254');
    assert.deepEqual([ipv4.dhcp?.first, ipv4.dhcp?.last], ['10.83.0.50', '10.83.0.99']);
    assert.deepEqual([ipv4.dhcp?.winsServers, ipv4.dnsServers], [['10.83.0.7'], ['10.83.0.8']]);
    await page.getByRole('tab', { name: 'Addresses' }).click();
    await page.getByText('No address is leased now.').waitFor();
    await make('plant', async () => {
      await dialog.locator('#network-bridged').check();
      await dialog.locator('#network-adapter').fill('eth1');
    });
    await edit('plant', { adapter: 'eth2' });
    const { adapter } = await client.call('network.show', { params: { network: 'plant' } });
    assert.equal(adapter, 'eth2');
  });

  test('API-01 no page caused an error, asked for what its policy refuses, or called what the API does not publish', () => {
    assert.deepEqual(person.complaints, []);
  });
});
