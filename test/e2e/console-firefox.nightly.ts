/** The console in Firefox, on a real host: signed in, live, with the screen and the serial console of a machine. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { noBrowser, openBrowser, password, sitAtBrowser } from './browser.ts';
import { Firefox, noFirefox } from './firefox.ts';
import { newGantry, type Gantry } from './gantry.ts';

/** How many pixels of the screen are lit. */
const lit = `(() => {
  const canvas = document.querySelector('.screen canvas');
  if (canvas === null || canvas.width === 0) return 0;
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) if (data[at] + data[at + 1] + data[at + 2] > 96) count += 1;
  return count;
})()`;
const seen = (text: string): string => `document.body.innerText.includes(${JSON.stringify(text)})`;

describe('the console in Firefox', { skip: noFirefox || noBrowser }, () => {
  let gantry: Gantry;
  let firefox: Firefox;
  let link: string;

  before(async () => {
    gantry = await newGantry();
    const out = await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
    link = /https:\S+#link=\S+/.exec(out)?.[0] ?? '';
    // Its firmware writes on the screen that there is nothing to start.
    await gantry.must('vm', 'create', 'bare', '--memory', '64M', '--start');
    firefox = await Firefox.open();
  });
  after(async () => {
    await firefox?.[Symbol.asyncDispose]();
    await gantry?.[Symbol.asyncDispose]();
  });

  test('WEB-10 without a plug-in one signs in with Firefox as with Chromium, sees what happens as it happens, screen and serial console of a machine', async () => {
    const { server } = gantry.client();
    await firefox.goto(link);
    await firefox.type('#password', password);
    await firefox.type('#again', password);
    await firefox.evaluate("document.querySelector('button[type=submit]').click()");
    await firefox.until(seen('bare'));
    assert.match(String(await firefox.evaluate('navigator.userAgent')), /Firefox\/\d+/);

    await firefox.goto(`${server}/vms`);
    await firefox.until("document.querySelector('[role=grid]') !== null");
    await firefox.until(seen('Running'));
    await gantry.must('vm', 'pause', 'bare');
    await firefox.until(seen('Paused'));
    await gantry.must('vm', 'resume', 'bare');

    const { id } = await gantry.client().call('vm.show', { params: { vm: 'bare' } });
    await firefox.goto(`${server}/vms/${id}?tab=screen`);
    await firefox.until(seen('Connected'));
    await firefox.until(`${lit} > 100`);
    await firefox.goto(`${server}/vms/${id}?tab=serial`);
    await firefox.until("document.querySelector('.xterm') !== null");
    await firefox.until(seen('Connected'));
    assert.equal(await firefox.evaluate("document.querySelectorAll('object, embed').length"), 0);
    assert.deepEqual(firefox.complaints, []);

    const chromium = await openBrowser();
    try {
      await using person = await sitAtBrowser(chromium);
      const { page } = person;
      await page.goto(server);
      await page.locator('#user').fill('admin');
      await page.locator('#password').fill(password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('button', { name: 'Signed in as admin' }).waitFor();
      await page.goto(`${server}/vms/${id}?tab=screen`);
      await page.getByText('Connected', { exact: true }).waitFor();
      assert.deepEqual(person.complaints, []);
    } finally {
      await chromium.close();
    }
  });
});
