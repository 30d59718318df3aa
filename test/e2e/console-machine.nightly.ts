/** The console in a real browser with a real machine: logging in by typing, on the serial port and on the screen. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { findBarriers, noBrowser, openBrowser, sitAtBrowser, type Person } from './browser.ts';
import { newGantry, type Gantry } from './gantry.ts';
import { SerialPerson } from './serial.ts';

describe('the console of a real machine', { skip: noBrowser }, () => {
  let gantry: Gantry;
  let browser: Browser;
  let person: Person;

  before(async () => {
    gantry = await newGantry();
    const out = await gantry.must('up', '--yes', '--listen', gantry.listen);
    browser = await openBrowser();
    person = await sitAtBrowser(browser);
    const { page } = person;
    await page.goto(/https:\S+#link=\S+/.exec(out)?.[0] ?? '');
    await page.locator('#password').fill('a long enough password');
    await page.locator('#again').fill('a long enough password');
    await page.getByRole('button', { name: 'Choose a password' }).click();
    await page.getByRole('link', { name: 'hello' }).click();
  });
  after(async () => {
    await browser?.close();
    await gantry[Symbol.asyncDispose]();
  });

  test('one logs in on the serial port by typing', async () => {
    const { page } = person;
    await page.getByRole('tab', { name: 'Serial console' }).click();
    await page.getByText('Connected', { exact: true }).waitFor();
    const terminal = page.locator('.xterm-rows');
    const see = (text: string): Promise<void> => terminal.getByText(text).first().waitFor();
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

  test('what is typed on the screen arrives in the guest', async () => {
    const { page } = person;
    await using serial = await SerialPerson.sit(gantry, 'hello');
    await page.getByRole('tab', { name: 'Screen', exact: true }).click();
    await page.getByText('Connected', { exact: true }).waitFor();
    // The guest tells on the serial port who has logged in on the screen.
    await page.keyboard.type('root\n');
    await page.waitForTimeout(1000);
    await page.keyboard.type('gantry\n');
    await serial.until(/root login on 'tty1'/);
    assert.deepEqual(await findBarriers(page), []);
  });

  test('no page caused an error or asked for what its policy refuses', () => {
    assert.deepEqual(person.complaints, []);
  });
});
