/** The console's frame in a real browser: tree, palette, drawer, the status page, and all of it without a mouse. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Locator } from 'playwright-core';
import type { Vm } from '#api';
import { findBarriers, findBarriersInEachLight, noBrowser, type Person } from './browser.ts';
import { ConsoleRoom } from './console-room.ts';
import type { Gantry } from './gantry.ts';

describe('the frame of the console', { skip: noBrowser }, () => {
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
      try {
        await page.keyboard.press('Control+k');
        await page.getByRole('dialog').getByRole('combobox').waitFor();
        await page.keyboard.type(`${vm.name}\npause\n`);
        await page.getByText(`Pause: ${vm.name}`).waitFor();
        await page.getByRole('dialog').waitFor({ state: 'detached' });
      } finally {
        await throttle.send('Emulation.setCPUThrottlingRate', { rate: 1 });
      }
      await gantry.must('vm', 'resume', vm.name);
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
    assert.deepEqual([...origins], [new URL(room.server).origin]);
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
