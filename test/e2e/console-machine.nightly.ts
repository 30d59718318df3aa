/**
 * The console in a real browser with real machines: created in the wizard, seen booting, logged in to by
 * typing, on the serial port and on the screen, through pause, save and restore and a killed coordinator.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Browser, Locator } from 'playwright-core';
import { findProgram } from '../../src/cli/system/processes.ts';
import { findBarriers, noBrowser, openBrowser, sitAtBrowser, type Person } from './browser.ts';
import { newGantry, type Gantry } from './gantry.ts';
import { SerialPerson } from './serial.ts';

const bootMs = 120_000;

describe('the console of a real machine', { skip: noBrowser }, () => {
  let gantry: Gantry;
  let browser: Browser;
  let person: Person;

  before(async () => {
    gantry = await newGantry();
    const out = await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
    await gantry.must('image', 'build', 'starter');
    browser = await openBrowser();
    person = await sitAtBrowser(browser);
    const { page } = person;
    await page.goto(/https:\S+#link=\S+/.exec(out)?.[0] ?? '');
    await page.locator('#password').fill('a long enough password');
    await page.locator('#again').fill('a long enough password');
    await page.getByRole('button', { name: 'Choose a password' }).click();
    await page.getByRole('button', { name: 'Signed in as admin' }).waitFor();
  });
  after(async () => {
    await browser?.close();
    await gantry[Symbol.asyncDispose]();
  });

  const openTab = async (tab: string): Promise<void> => {
    const { page } = person;
    const { id } = await gantry.client().call('vm.show', { params: { vm: 'hello' } });
    await page.goto(`${gantry.client().server}/vms/${id}?tab=${tab}`);
    await page.getByRole('heading', { level: 1, name: 'hello' }).waitFor();
  };
  const connected = (): Locator => person.page.getByText('Connected', { exact: true });
  /** Waits until the text stands in the terminal. */
  const see = async (text: string): Promise<void> => {
    await person.page.locator('.xterm-rows').getByText(text).first().waitFor({ timeout: bootMs });
  };
  const act = async (action: string): Promise<void> => {
    const { page } = person;
    await page.getByRole('button', { name: 'Actions for hello' }).first().click();
    await page.getByRole('menuitem', { name: action, exact: true }).click();
  };

  test('a vm is created from the starter image with enter and a name, and seen booting', async () => {
    const { page } = person;
    await page.goto(`${gantry.client().server}/vms?create=true`);
    const dialog = page.getByRole('dialog');
    for (let step = 0; step < 3; step += 1)
      await dialog.getByRole('button', { name: 'Next' }).click();
    await dialog.locator('#vm-name').fill('hello');
    await page.keyboard.press('Enter');
    await page.getByText('Create: hello').waitFor({ timeout: bootMs });
    await openTab('screen');
    await connected().waitFor();
    await page.locator('.screen canvas').waitFor();
  });

  test('one logs in on the serial port by typing', async () => {
    const { page } = person;
    await openTab('serial');
    await connected().waitFor();
    await page.keyboard.press('Enter');
    await see('login:');
    await page.keyboard.type('root\n');
    await see('assword:');
    await page.keyboard.type('gantry\n');
    await see('root@hello');
    await page.keyboard.type('echo $((6*7))-is-it\n');
    await see('42-is-it');
    assert.deepEqual(await findBarriers(page), []);
  });

  test('what is typed on the screen arrives in the guest, from keyboard and dialog', async () => {
    const { page } = person;
    await using serial = await SerialPerson.sit(gantry, 'hello');
    await openTab('screen');
    await connected().waitFor();
    // The guest tells on the serial port who has logged in on the screen.
    await page.keyboard.type('root\n');
    await page.waitForTimeout(1000);
    await page.keyboard.type('gantry\n');
    await serial.until(/root login on 'tty1'/);
    await page.getByRole('button', { name: 'Type text' }).click();
    await page.locator('#type-field').fill('echo typed-$((2*21)) > /dev/ttyS0\n');
    await page.getByRole('dialog').getByRole('button', { name: 'Type', exact: true }).click();
    await serial.until(/typed-42/);
    assert.deepEqual(await findBarriers(page), []);
  });

  test('a screenshot is the picture of the screen', async () => {
    const { page } = person;
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Screenshot' }).click(),
    ]);
    assert.equal(download.suggestedFilename(), 'hello.png');
    const picture = readFileSync(await download.path());
    assert.equal(picture.subarray(1, 4).toString('latin1'), 'PNG');
  });

  test('the console survives pause, save and restore, and reset, and connects again by itself', async () => {
    const { page } = person;
    await openTab('serial');
    await connected().waitFor();
    await act('Pause');
    await page.getByText('Paused', { exact: true }).first().waitFor();
    await act('Resume');
    await page.getByText('Running', { exact: true }).first().waitFor();
    await act('Save state');
    await page.getByText('Its console comes back by itself when it runs.').waitFor();
    const tab = page.getByRole('tabpanel');
    await tab.getByRole('button', { name: 'Restore saved state' }).click();
    await connected().waitFor();
    await page.locator('.xterm-helper-textarea').focus();
    await page.keyboard.type('echo $((3*14))-again\n');
    await see('42-again');
    await act('Reset');
    await page.getByRole('dialog').getByRole('button', { name: 'Reset' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await see('login:');
    await connected().waitFor();
  });

  test('a coordinator that is killed comes back under the console, which goes on', async () => {
    const { page } = person;
    await openTab('serial');
    await connected().waitFor();
    const pid = findProgram(gantry.installation, 'coordinator');
    assert.ok(pid !== undefined);
    process.kill(pid, 'SIGKILL');
    await page.getByText('Connection lost; trying again').waitFor();
    await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
    await connected().waitFor();
    await page.locator('.xterm-helper-textarea').focus();
    await page.keyboard.press('Enter');
    await see('login:');
  });

  test('API-01 no page caused an error, asked for what its policy refuses, or called what the API does not publish', () => {
    assert.deepEqual(person.complaints, []);
  });
});
