/** The console's tab of snapshots and undo disks, by keyboard and pointer, on a simulated host. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Locator } from 'playwright-core';
import type { Snapshot, Vm } from '#api';
import { findBarriers, noBrowser, typeInto, type Person } from './browser.ts';
import { ConsoleRoom } from './console-room.ts';
import type { Gantry } from './gantry.ts';

describe('the snapshots of the console', { skip: noBrowser }, () => {
  let room: ConsoleRoom;
  let gantry: Gantry;
  let person: Person;
  let vm: Vm;

  before(async () => {
    room = await ConsoleRoom.open('1x12');
    ({ gantry, person } = room);
    vm = await room.runningVm();
    const { page } = person;
    await page.goto(`${gantry.client().server}/vms/${vm.id}?tab=snapshots`);
    await page.getByText('There are no snapshots.').waitFor();
  });
  after(() => room?.[Symbol.asyncDispose]());

  const list = async (): Promise<readonly Snapshot[]> =>
    (await gantry.client().call('vm.snapshot.list', { params: { vm: vm.id } })).items;
  const row = (name: string): Locator =>
    person.page.locator('.snapshot-row').filter({
      has: person.page.getByText(name, { exact: true }),
    });
  const choose = async (name: string, verb: string): Promise<Locator> => {
    const { page } = person;
    await page.getByRole('button', { name: `Actions for ${name}`, exact: true }).press('Enter');
    await page.getByRole('menuitem', { name: verb, exact: true }).press('Enter');
    return page.getByRole('dialog');
  };
  const ask = async (name: string): Promise<void> => {
    const { page } = person;
    await page.getByRole('button', { name: 'Take snapshot', exact: true }).press('Enter');
    await typeInto(page.locator('#snapshot-name'), name);
  };
  const take = async (name: string): Promise<void> => {
    const { page } = person;
    await ask(name);
    await page.keyboard.press('Enter');
    await row(name).waitFor();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  };

  test('a vm that runs is kept with its memory, and goes on there after a revert', async () => {
    const { page } = person;
    await ask('alive');
    await page.getByLabel('With memory').check();
    await page.getByRole('dialog').getByRole('button', { name: 'Take snapshot' }).click();
    await row('alive').getByText('with memory').waitFor();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await gantry.must('vm', 'turn-off', vm.name, '--yes');
    const dialog = await choose('alive', 'Revert');
    await dialog.getByText('It goes on with the memory of then.').waitFor();
    await dialog.getByRole('button', { name: 'Revert' }).click();
    await page.locator('.snapshot-row.present, .present').getByText('Running').waitFor();
    await gantry.must('vm', 'turn-off', vm.name, '--yes');
    await gantry.must('vm', 'snapshot', 'delete', vm.name, 'alive');
    await row('alive').waitFor({ state: 'detached' });
  });

  test('snapshots are taken and drawn in their order, those of others too, and one is renamed', async () => {
    const { page } = person;
    await take('first');
    await take('second');
    await gantry.must('vm', 'snapshot', 'take', vm.name, 'third');
    await row('third').waitFor();
    await page.getByText('goes on from third').waitFor();
    const dialog = await choose('second', 'Change name and description');
    await dialog.locator('#snapshot-name').fill('golden');
    await dialog.locator('#snapshot-description').fill('all tests passed');
    assert.deepEqual(await findBarriers(page), []);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await row('golden').getByText('all tests passed').waitFor();
    assert.deepEqual(
      (await list()).map(({ name }) => name),
      ['first', 'golden', 'third'],
    );
  });

  test('a revert says what is lost, keeps it where it is asked to, and the lines part', async () => {
    const { page } = person;
    const dialog = await choose('first', 'Revert');
    await dialog.getByText('What the disks have taken since third').waitFor();
    await dialog.getByLabel('Keep the present before, as a snapshot').check();
    assert.deepEqual(await findBarriers(page), []);
    await dialog.getByRole('button', { name: 'Revert' }).click();
    await page.getByText('goes on from first').waitFor();
    await row('before-first').waitFor();
    const branches = page.getByRole('list', { name: 'Snapshots' }).locator('li.parting > ul > li');
    assert.equal(await branches.count(), 2);
    assert.equal((await list()).find(({ present }) => present)?.name, 'first');
  });

  test('a deletion names what stays', async () => {
    const dialog = await choose('golden', 'Delete snapshot');
    await dialog.getByText('Taken after it, and staying: third.').waitFor();
    await dialog.getByRole('button', { name: 'Delete snapshot' }).click();
    await row('golden').waitFor({ state: 'detached' });
    await row('third').waitFor();
  });

  test('undo disks are kept as the vm goes off, then discarded with the loss said', async () => {
    const { page } = person;
    await gantry.must('vm', 'set', vm.name, 'settings.undoDisks.enabled=true');
    await gantry.must('vm', 'start', vm.name);
    const undo = page.getByRole('region', { name: 'Undo disks' });
    await undo.getByText(/^Since/).waitFor();
    assert.ok(await undo.getByRole('button', { name: 'Discard undo disks' }).isDisabled());
    await undo.getByRole('button', { name: 'End the session' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('#end-way').selectOption('turn-off');
    await dialog.getByLabel('Keep', { exact: true }).check();
    assert.deepEqual(await findBarriers(page), []);
    await dialog.getByRole('button', { name: 'End the session' }).click();
    await page.getByText('Off', { exact: true }).first().waitFor();
    await undo.getByRole('button', { name: 'Discard undo disks' }).click();
    await page.getByRole('dialog').getByText('everything written since').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Discard undo disks' }).click();
    await undo.getByText('With the next start').waitFor();
    const { status } = await gantry.client().call('vm.show', { params: { vm: vm.id } });
    assert.equal(status.undo, null);
  });

  test('API-01 no page caused an error, asked for what its policy refuses, or called what the API does not publish', () => {
    assert.deepEqual(person.complaints, []);
  });
});
