/**
 * How vms stand in the lists of the console, of hosts of every kind: a coordinator in this process with agents made of bytes,
 * one that simulates, and a libvirtd. One file because all of it is shown on these, which take longer to come than to be looked at.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type { Browser, Locator } from 'playwright-core';
import {
  crashCode,
  hypervisorClasses,
  powerActions,
  vmActions,
  vmStates,
  type AllowedAction,
  type Installation,
  type MachineSample,
  type Vm,
  type VmAction,
} from '#api';
import { Fault } from '#lib';
import { classOfHypervisor } from '../../src/agent/drivers/hypervisor-classes.ts';
import { ensureConsole } from '../../src/cli/system/console-build.ts';
import {
  FakeAgent,
  load,
  makeDefinition,
  makeRecord,
} from '../../src/coordinator/testing/fake-agent.ts';
import { Stage } from '../../src/coordinator/testing/stage.ts';
import { startLibvirtd, type Libvirtd } from '../interop/libvirt/daemon.ts';
import { run, virsh, whyNot } from '../interop/libvirt/tools.ts';
import {
  findBarriersInEachLight,
  followTo,
  noBrowser,
  openBrowser,
  signInByLink,
  sitAtBrowser,
  type Person,
} from './browser.ts';

const noLibvirtd = await whyNot('libvirtd', 'virsh');
const limitMs = 5000;
const gantryProgram = fileURLToPath(new URL('../../gantry', import.meta.url));
const inMenu: readonly VmAction[] = [
  ...(['screen', 'serial', ...powerActions] as const),
  ...(['clone', 'relocate', 'migrate', 'adopt', 'give-back', 'rename'] as const),
  // None of them is a template, which could be ended.
  ...(['make-template', 'remove', 'delete'] as const),
];
/** In the menu whatever the state. */
const ofEvery: readonly string[] = [
  'Export definition',
  'Export for another product',
  'File in a folder',
  'Object attributes',
  'Help',
];
const noUse = {
  readBytesPerSecond: 0,
  writtenBytesPerSecond: 0,
  readsPerSecond: 0,
  writesPerSecond: 0,
};
const noGuest: Pick<MachineSample, 'heartbeat' | 'guestHealth' | 'additions' | 'guest'> = {
  heartbeat: { state: 'none', lastAt: null, beats: 0 },
  guestHealth: null,
  additions: { state: 'none', version: null, agentVersion: null, functions: {} },
  guest: null,
};

describe('the merged list of vms in the console', { skip: noBrowser }, () => {
  let stage: Stage;
  let own: FakeAgent;
  let daemon: Libvirtd | undefined;
  let browser: Browser;
  let person: Person;
  const [web, db] = [makeDefinition('web-1'), makeDefinition('db-1')];

  before(async () => {
    const signal = AbortSignal.timeout(120_000);
    await ensureConsole({ out: { note: () => undefined } as never, signal });
    stage = await Stage.open();
    own = await FakeAgent.join(stage, 'own');
    own.handlers['host.configure'] = () => ({});
    await own.connect([makeRecord(web, 1, { state: 'running' }), makeRecord(db, 1)]);
    browser = await openBrowser();
    person = await sitAtBrowser(browser);
    const { json } = await stage.send('POST', '/users/admin/link');
    const { code } = json as { code: string };
    await signInByLink(person.page, `${stage.url}/#link=${code}`);
    await person.page.getByRole('heading', { level: 1, name: 'Status' }).waitFor();
    // All rows are seen at once.
    await person.page.setViewportSize({ width: 1280, height: 1400 });
  });
  after(async () => {
    await browser?.close();
    await own?.[Symbol.asyncDispose]();
    await stage?.[Symbol.asyncDispose]();
    await daemon?.[Symbol.asyncDispose]();
  });

  test(
    'WEB-58 one table has the names and UUIDs of the vms of all hosts, whatever drives them, with the host as a column; that of one host has its own',
    { skip: noLibvirtd },
    async () => {
      const { page } = person;
      daemon = await startLibvirtd();
      const address = addressOf(daemon);
      await stage.addHost('made-up', 3);
      const added = await stage.send('POST', '/hosts', { body: { address, name: 'left' } });
      assert.equal(added.status, 200, added.text);
      const { inventory } = stage.coordinator;
      const all = (): readonly Vm[] =>
        [...inventory.documents('vm')].flatMap(({ id }) => inventory.vm(id) ?? []);
      await stage.until(() => all().some(({ host }) => host === 'left'), 'its vm is known');
      const drivers = new Set(all().map(({ driver }) => driver));
      assert.deepEqual([...drivers].sort(), ['libvirt', 'qemu', 'simulated']);
      const cell = (row: Locator, label: string): Locator =>
        row.locator(`td[data-label="${label}"]`);
      const holds = async (vms: readonly Vm[]): Promise<void> => {
        const grid = page.getByRole('grid', { name: 'Virtual machines' });
        for (const { uuid, name, host } of vms) {
          const row = grid.getByRole('row').filter({ hasText: uuid });
          await cell(row, 'Name').getByText(name, { exact: true }).waitFor();
          await cell(row, 'Host').getByText(host, { exact: true }).waitFor();
        }
        assert.equal(await grid.locator('td[data-label="UUID"]').count(), vms.length);
      };
      await page.goto(`${stage.url}/vms`);
      await page.getByRole('button', { name: 'Columns' }).click();
      const choice = page.getByRole('menuitem', { name: 'UUID', exact: true });
      await choice.getByRole('checkbox').check();
      await page.keyboard.press('Escape');
      await holds(all());
      assert.deepEqual(await findBarriersInEachLight(page), []);
      for (const name of ['left', 'made-up', 'own']) {
        const id = stage.host(name)?.id ?? '';
        await page.goto(`${stage.url}/hosts/${id}?tab=virtualMachines`);
        await holds(all().filter(({ hostId }) => hostId === id));
      }
    },
  );

  test(
    'CON-01 HOST-45 the class of each hypervisor, of an agent, a simulation or a connection, is one of five, said alike by API, command line and console, as its driver tells and nobody changes',
    { skip: noLibvirtd },
    async () => {
      const { page } = person;
      assert.deepEqual(hypervisorClasses, [
        'bare-metal',
        'kernel-resident',
        'hosted',
        'os-level',
        'emulator',
      ]);
      const told = {
        'bare-metal': ['ESX', 'Xen', 'Hyper-V'],
        'kernel-resident': ['KVM'],
        hosted: ['Virtual Server', 'VMware Workstation'],
        'os-level': ['LXC', 'OpenVZ', 'Containers'],
      };
      for (const [name, products] of Object.entries(told))
        for (const product of products)
          assert.equal(classOfHypervisor(product, 'none'), name, product);
      const authority = join(stage.folder, 'authority.pem');
      await writeFile(authority, stage.authority);
      const local = await readFile(join(stage.folder, 'data/access/local-token'), 'utf8');
      const environment = {
        GANTRY_TOKEN: local.trim(),
        GANTRY_AUTHORITY: authority,
        GANTRY_DATA: join(stage.folder, 'none'),
      };
      for (const [name, wanted] of [
        ['left', 'emulator'],
        ['made-up', 'emulator'],
        ['own', 'hosted'],
      ] as const) {
        const { facts, id } = stage.host(name) ?? assert.fail(`there is no ${name}`);
        assert.equal(facts?.hypervisor.class, wanted);
        const words = ['host', 'show', name, '--server', stage.url];
        const { code, out, err } = await run(gantryProgram, words, environment);
        assert.equal(code, 0, err);
        assert.match(out, new RegExp(`hypervisor +${facts.hypervisor.name} .*\\(${wanted}\\)`));
        await page.goto(`${stage.url}/hosts/${id}`);
        await page.getByText(new RegExp(`: ${facts.hypervisor.name} .*\\(${wanted}\\)$`)).waitFor();
        const body = {
          facts: { ...facts, hypervisor: { ...facts.hypervisor, class: 'os-level' } },
        };
        assert.equal((await stage.send('PATCH', `/hosts/${id}`, { body })).status, 400);
      }
    },
  );

  test(
    'FED-53 the own interface of a foreign manager stands on the page of its host, from which it is opened',
    { skip: noLibvirtd },
    async () => {
      const { page } = person;
      const manager = createServer((_request, response) => response.end('its own pages'));
      manager.listen(0, '127.0.0.1');
      await once(manager, 'listening');
      try {
        const change = (managerUrl: string | null): ReturnType<Stage['send']> =>
          stage.send('PATCH', '/hosts/left', { body: { managerUrl } });
        for (const wrong of ['javascript:alert(1)', 'https://ann:secret@vc.example.org/'])
          assert.equal((await change(wrong)).status, 400, wrong);
        const url = `http://127.0.0.1:${(manager.address() as AddressInfo).port}/ui/`;
        const changed = await change(url);
        assert.equal(changed.status, 200, changed.text);
        assert.equal(stage.host('left')?.managerUrl, url);
        await page.goto(`${stage.url}/hosts/${stage.host('left')?.id}`);
        const link = page.getByRole('link', { name: url });
        await link.waitFor();
        const opened = page.waitForEvent('popup');
        await link.click();
        const popup = await opened;
        await popup.getByText('its own pages').waitFor();
        await popup.close();
        assert.equal((await change(null)).status, 200);
        await link.waitFor({ state: 'detached' });
      } finally {
        manager.close();
        manager.closeAllConnections();
      }
    },
  );

  test(
    'WEB-60 FED-19 the summary shows how many vms run and what they use of processors, memory, disks and network over all connections, live and over time',
    { skip: noLibvirtd },
    async () => {
      const { page } = person;
      const { inventory } = stage.coordinator;
      const running = (): readonly Vm[] =>
        [...inventory.documents('vm')]
          .flatMap(({ id }) => inventory.vm(id) ?? [])
          .filter(({ state }) => state === 'running');
      const drivers = new Set(running().map(({ driver }) => driver));
      for (const driver of ['libvirt', 'qemu']) assert.ok(drivers.has(driver), driver);
      const use = async (readBytesPerSecond: number): Promise<void> => {
        own.send({
          type: 'samples',
          load,
          samples: [
            {
              id: web.id,
              cpuPercent: 40,
              memoryBytes: 64 * 2 ** 20,
              diskUse: { ...noUse, readBytesPerSecond, writtenBytesPerSecond: 2048 },
              networkUse: { receivedBytesPerSecond: 3072, sentBytesPerSecond: 4096 },
              ...noGuest,
            },
          ],
        });
        await stage.until(
          () => inventory.vm(web.id)?.status.diskUse?.readBytesPerSecond === readBytesPerSecond,
          'the sample',
        );
      };
      await use(1024);
      const from = own.received.length;
      await page.goto(`${stage.url}/summary`);
      const card = (title: string): Locator =>
        page
          .locator('.pf-v6-c-card')
          .filter({ has: page.getByRole('heading', { name: title, exact: true }) });
      const fact = (title: string, label: string): Locator =>
        card(title)
          .locator('dt', { hasText: new RegExp(`^${label}$`) })
          .locator('xpath=following-sibling::dd[1]');
      await fact('Virtual machines', 'Running')
        .getByText(String(running().length), { exact: true })
        .waitFor();
      const sum = (of: (vm: Vm) => number | null | undefined): number =>
        running().reduce((total, vm) => total + (of(vm) ?? 0), 0);
      const { json } = await stage.send('GET', '/installation');
      const told = (json as Installation).use;
      assert.equal(
        told?.memoryBytes,
        sum(({ status }) => status.memoryBytes),
      );
      const processors = sum((vm) =>
        vm.status.cpuPercent === null ? 0 : vm.definition.hardware.processor.count,
      );
      const load100 = sum(
        (vm) => (vm.status.cpuPercent ?? 0) * vm.definition.hardware.processor.count,
      );
      assert.ok(Math.abs((told.cpuPercent ?? 0) - load100 / processors) < 1e-9);
      assert.equal(
        told.diskReadBytesPerSecond,
        sum(({ status }) => status.diskUse?.readBytesPerSecond),
      );
      assert.equal(
        told.networkSentBytesPerSecond,
        sum(({ status }) => status.networkUse?.sentBytesPerSecond),
      );
      for (const [title, label, value] of [
        ['CPU', 'Of their processors', /^\d+ %$/],
        ['Memory', 'On hosts', /^[\d.]+ [KMG]iB$/],
        ['Disks', 'Read', /^[\d.]+ \w+\/s$/],
        ['Disks', 'Written', /^[\d.]+ \w+\/s$/],
        ['Network', 'Received', /^[\d.]+ \w+\/s$/],
        ['Network', 'Sent', /^[\d.]+ \w+\/s$/],
      ] as const)
        assert.match((await fact(title, label).innerText()).replaceAll(/\s/g, ' '), value, label);
      // It is live: nobody reads the page again. Its figures are told from where they are asked for.
      await own.until(
        (message) =>
          message.type === 'call' &&
          message.method === 'host.watch' &&
          isDeepStrictEqual(message.params, { machines: [web.id] }),
        from,
      );
      const before = await fact('Disks', 'Read').innerText();
      await use(5 * 2 ** 30);
      await fact('Disks', 'Read').filter({ hasNotText: before }).waitFor();
      // What was, as graphs.
      for (const title of ['Running virtual machines', 'Processor', 'Memory', 'Disk', 'Network'])
        await page
          .getByRole('slider', { name: title, exact: true })
          .locator('.graph-line-0 .graph-average[d*="M"]')
          .waitFor({ state: 'attached', timeout: 30_000 });
      // And each running vm with its own.
      const grid = page.getByRole('grid', { name: 'Running virtual machines' });
      const row = grid.getByRole('row').filter({ hasText: 'web-1' }).filter({ hasText: 'own' });
      await row.locator('td[data-label="Read"]').getByText('5 GiB/s').waitFor();
      await row.locator('td[data-label="CPU"]').getByText('40').waitFor();
      await row.locator('td[data-label="CPU"] .sparkline').waitFor();
      await row.locator('td[data-label="Memory in use"]').getByText('64 MiB').waitFor();
      await row.locator('td[data-label="Received"]').getByText('3 KiB/s').waitFor();
      const off = grid.getByRole('row').filter({ hasText: 'db-1' }).filter({ hasText: 'own' });
      assert.equal(await off.count(), 0);
      assert.deepEqual(await findBarriersInEachLight(page), []);
    },
  );

  test(
    "WEB-66 what is done in the site the hypervisor's own tools show, and what is done with them the site shows within 5 seconds",
    { skip: noLibvirtd },
    async () => {
      const { page } = person;
      assert.ok(daemon);
      const address = addressOf(daemon);
      const elsewhere = async (...words: readonly string[]): Promise<string> => {
        const { code, out, err } = await virsh(address, words.join(' '));
        assert.equal(code, 0, err);
        return out.trim();
      };
      const row = page.getByRole('row').filter({ hasText: 'left' });
      const state = row.locator('td[data-label="State"]');
      const menu = async (action: string): Promise<void> => {
        await row.getByRole('button').click();
        await page.getByRole('menuitem', { name: action }).click();
      };
      await page.goto(`${stage.url}/vms?filter=${encodeURIComponent('host = left')}`);
      await state.getByText('Running', { exact: true }).waitFor();
      for (const [command, word] of [
        ['suspend', 'Paused'],
        ['resume', 'Running'],
        ['destroy', 'Off'],
        ['start', 'Running'],
      ] as const) {
        await elsewhere(command, 'test');
        await state.getByText(word, { exact: true }).waitFor({ timeout: limitMs });
      }
      for (const [action, word, told] of [
        ['Pause', 'Paused', 'paused'],
        ['Resume', 'Running', 'running'],
      ] as const) {
        await menu(action);
        await state.getByText(word, { exact: true }).waitFor();
        assert.equal(await elsewhere('domstate', 'test'), told);
      }
    },
  );

  test('WEB-16 GRP-24 the list says of each vm how it stands: its state, that it is on its way to another, moves, crashed, or that its host is unreachable; vms and hosts have a sign for each state', async () => {
    const { page } = person;
    const words = {
      running: 'Running',
      paused: 'Paused',
      saved: 'Saved',
      off: 'Off',
      starting: 'Starting',
      'turning-off': 'Turning off',
      'shutting-down': 'Shutting down',
      saving: 'Saving',
      restoring: 'Restoring',
    } as const;
    const states = Object.keys(words) as readonly (keyof typeof words)[];
    await using fleet = await FakeAgent.join(stage, 'fleet');
    await using goal = await FakeAgent.join(stage, 'goal');
    for (const one of [fleet, goal]) one.handlers['host.configure'] = () => ({});
    const at = '2026-01-01T00:00:00.000Z';
    const lastFault = { at, code: crashCode, message: 'the process ended: signal SIGSEGV' };
    const mover = makeDefinition('is-moving', {
      hardware: { ...db.hardware, adapters: [] },
    });
    const records = [
      ...states.map((state) => makeRecord(makeDefinition(`is-${state}`), 1, { state })),
      makeRecord(makeDefinition('is-crashed'), 1, { lastFault }),
      makeRecord(mover, 1),
    ];
    await goal.connect();
    await fleet.connect(records);
    const judged = { ok: true, reasons: [], warnings: [] };
    const held = Promise.withResolvers<never>();
    const leaving = { ...judged, storedBytes: 1, guest: null };
    fleet.handlers['machine.departure.plan'] = () => leaving;
    fleet.handlers['machine.departure.begin'] = () => held.promise;
    fleet.handlers['machine.departure.cancel'] = () => ({});
    goal.handlers['machine.arrival.plan'] = () => judged;
    goal.handlers['machine.arrival.cancel'] = () => ({});
    await page.goto(`${stage.url}/vms?filter=${encodeURIComponent('name : is-')}`);
    const stands = (name: string, word: string): Promise<void> =>
      page
        .getByRole('row')
        .filter({ has: page.getByRole('link', { name, exact: true }) })
        .locator('td[data-label="State"]')
        .getByText(word, { exact: true })
        .waitFor();
    for (const state of states) await stands(`is-${state}`, words[state]);
    await stands('is-crashed', 'Crashed');
    await stands('is-moving', 'Off');
    const body = { host: goal.hostId };
    const moved = await stage.send('POST', `/vms/${mover.id}/relocate`, { body });
    assert.equal(moved.status, 202, moved.text);
    await stands('is-moving', 'Migrating');
    assert.deepEqual(await findBarriersInEachLight(page), []);
    held.reject(new Fault('refused', 'it stays'));
    await stands('is-moving', 'Off');
    const signs = new Set<string>();
    const keepSign = async (name: string, word: string): Promise<void> => {
      const label = page
        .getByRole('row')
        .filter({ has: page.getByRole('link', { name, exact: true }) })
        .locator('.pf-v6-c-label')
        .filter({ hasText: word });
      signs.add(await label.locator('[aria-hidden=true]').first().innerText());
    };
    for (const one of ['running', 'off', 'paused', 'saved'] as const)
      await keepSign(`is-${one}`, words[one]);
    await keepSign('is-crashed', 'Crashed');
    assert.equal(signs.size, 5, [...signs].join(' '));
    await fleet.close();
    for (const { definition } of records) await stands(definition.name, 'Host unreachable');
    await fleet.connect(records);
    for (const state of states) await stands(`is-${state}`, words[state]);
    await followTo(page, '/hosts');
    signs.clear();
    await keepSign('goal', 'Ready');
    const { facts } = goal.hello();
    goal.send({ type: 'facts', facts, serviceRunning: false });
    await keepSign('goal', 'Service stopped');
    await goal.close(1001);
    await keepSign('goal', 'Agent not running');
    await goal.open();
    goal.send(goal.hello([], { protocol: 99 }));
    await keepSign('goal', 'Not communicating');
    assert.equal(signs.size, 4, [...signs].join(' '));
  });

  test('in every state each action is offered, or grey with its reason and what helps, in the menu of the row and in the palette', async () => {
    const { page } = person;
    await using agent = await FakeAgent.join(stage, 'states');
    agent.handlers['host.configure'] = () => ({});
    const held = makeRecord(makeDefinition('held'), 1, { state: 'paused', held: true });
    const records = [
      held,
      ...vmStates.map((state) => makeRecord(makeDefinition(`now-${state}`), 1, { state })),
    ];
    await agent.connect(records);
    await page.goto(`${stage.url}/vms?filter=${encodeURIComponent('host = states')}`);
    const dialog = page.getByRole('dialog');
    for (const { definition } of records) {
      const { id, name } = definition;
      const { json } = await stage.send('GET', `/vms/${id}/actions`);
      const { actions } = json as { readonly actions: readonly AllowedAction[] };
      // A copy is offered where one can be made at all.
      const copies = actions.some(({ action, allowed }) => allowed && action === 'clone-snapshot');
      // What can move while it stands still is not moved as it runs.
      const rests = actions.some(({ action, allowed }) => allowed && action === 'relocate');
      const judged = actions
        .filter(({ action, unsupported }) => inMenu.includes(action) && unsupported !== true)
        .filter(({ action }) => action !== 'migrate' || !rests)
        .map((one) => (one.action === 'clone' && copies ? { ...one, allowed: true } : one));
      assert.ok(judged.length > 15, `${name}: ${judged.length}`);
      const toggle = page.getByRole('button', { name: `Actions for ${name}`, exact: true });
      await toggle.click();
      const items = page.getByRole('menuitem');
      await items.filter({ hasText: 'Export definition' }).waitFor();
      const grey = page.locator('[role=menuitem][aria-disabled=true]');
      const sorted = (allowed: boolean): readonly string[] =>
        judged
          .filter((one) => one.allowed === allowed)
          .map(({ action }) => vmActions[action].label)
          .sort();
      const greyed = (await grey.allInnerTexts()).filter((label) => !ofEvery.includes(label));
      assert.deepEqual(greyed.sort(), sorted(false), name);
      const offered = await items.and(page.locator(':not([aria-disabled=true])')).allInnerTexts();
      const own = offered.filter((label) => !ofEvery.includes(label)).sort();
      assert.deepEqual(own, sorted(true), name);
      await page.keyboard.press('Escape');
      await page.keyboard.press('Control+k');
      await dialog.getByRole('combobox').fill(name);
      await dialog.getByRole('option', { name: `${name} Virtual machine` }).click();
      await dialog.getByRole('option', { name: 'Export definition' }).waitFor();
      const told = await dialog.getByRole('option').allInnerTexts();
      for (const { action, allowed, reason, hint } of judged) {
        const label = vmActions[action].label;
        const why = [reason, hint].filter((part) => part !== undefined).join(' – ');
        const line = allowed ? label : `${label}\n${why}`;
        assert.ok(allowed || why !== '', `${action} of ${name} has no reason`);
        assert.ok(
          told.some((one) => one.trim() === line),
          `${name}: ${line} is not in ${told.join('; ')}`,
        );
      }
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
    }
  });

  test('WEB-59 where a host does not answer the list has the vms of the others, and says which part is out of date and of when it is', async () => {
    const { page } = person;
    await using lost = await FakeAgent.join(stage, 'lost');
    lost.handlers['host.configure'] = () => ({});
    const definition = makeDefinition('gone-1');
    await lost.connect([makeRecord(definition, 1, { state: 'running' })]);
    await page.goto(`${stage.url}/vms`);
    const staleOf = (name: string): Locator =>
      page
        .locator('.pf-v6-c-alert')
        .filter({ hasText: 'A part of this list is out of date' })
        .getByRole('listitem')
        .filter({ has: page.getByRole('link', { name, exact: true }) });
    const stale = staleOf('lost');
    const state = (name: string): Locator =>
      page
        .getByRole('row')
        .filter({ has: page.getByRole('link', { name, exact: true }) })
        .locator('td[data-label="State"]');
    await state('gone-1').getByText('Running').waitFor();
    assert.equal(await stale.count(), 0);
    const told = async (): Promise<string> => {
      const { lastSeenAt } = stage.host('lost') ?? {};
      assert.ok(typeof lastSeenAt === 'string');
      const time = await page.evaluate(
        `new Intl.DateTimeFormat(navigator.language, { dateStyle: 'medium', timeStyle: 'medium' })
          .format(new Date('${lastSeenAt}'))`,
      );
      return String(time).replaceAll(/\s/g, ' ');
    };
    const showsStale = async (): Promise<void> => {
      await state('gone-1').getByText('Host unreachable').waitFor();
      await stale.waitFor();
      const text = (await stale.innerText()).replaceAll(/\s/g, ' ');
      assert.equal(text, `lost: Unreachable. What is shown of its vms (1) is of ${await told()}.`);
    };
    await lost.close();
    await showsStale();
    // A manager of others that has ended is told alike.
    const ended = daemon;
    daemon = undefined;
    await ended?.[Symbol.asyncDispose]();
    if (ended !== undefined)
      await staleOf('left')
        .getByText(/What is shown of its vms \(1\) is of .*\d/)
        .waitFor();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    // A page that is opened while it is away does not wait for it.
    await page.reload();
    await state('db-1').waitFor({ timeout: 5000 });
    await state('web-1').waitFor({ timeout: 5000 });
    await showsStale();
    await lost.connect([makeRecord(definition, 1, { state: 'running' })]);
    await stale.waitFor({ state: 'detached' });
    await state('gone-1').getByText('Running').waitFor();
  });

  test('no page caused an error, asked for what its policy refuses, or called what the API does not publish', () => {
    assert.deepEqual(person.complaints, []);
  });
});

function addressOf({ socket }: Libvirtd): string {
  return `test+unix:///default?socket=${socket}`;
}
