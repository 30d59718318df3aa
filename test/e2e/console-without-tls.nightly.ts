/** The console of a coordinator that serves without TLS, too. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ensureConsole } from '../../src/cli/system/console-build.ts';
import {
  findBarriersInEachLight,
  noBrowser,
  openBrowser,
  password,
  signInByLink,
  sitAtBrowser,
} from './browser.ts';
import { openInsecure } from './insecure-stage.ts';

test(
  'WEB-53 while the site is reached without TLS too every page ends with a standing warning, which leads to where TLS is required',
  { skip: noBrowser },
  async () => {
    const signal = AbortSignal.timeout(120_000);
    await ensureConsole({ out: { note: () => undefined } as never, signal });
    await using browser = await openBrowser();
    await using insecure = await openInsecure();
    await using other = await sitAtBrowser(browser);
    const { page } = other;
    const warning = page.getByRole('note').getByText('TLS is off');
    await page.goto(`${insecure.url}/status`);
    await page.locator('#user').waitFor();
    await warning.waitFor();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await signInByLink(page, `${insecure.url}/#link=${insecure.code}`);
    await page.getByRole('heading', { level: 1, name: 'Status' }).waitFor();
    const isLast = (): Promise<boolean> =>
      page.locator('.tls-off').evaluate((note, showText) => {
        const texts = note.ownerDocument.createTreeWalker(note.ownerDocument.body, showText);
        let last = false;
        while (texts.nextNode()) {
          const { parentElement, textContent } = texts.currentNode;
          // The drawer is of the window, not of the page.
          if (parentElement?.closest('.drawer')) continue;
          if (textContent.trim() !== '' && parentElement?.checkVisibility())
            last = note.contains(parentElement);
        }
        return last;
      }, 4 /* NodeFilter.SHOW_TEXT */);
    for (const path of ['/status', '/vms', '/events', '/watch', '/site']) {
      await page.goto(insecure.url + path);
      await page.getByRole('heading', { level: 1 }).first().waitFor();
      await warning.waitFor();
      assert.ok(await isLast(), `${path} ends with it`);
    }
    await page.goto(`${insecure.url}/screen/nothing`);
    await warning.waitFor();
    const safe = insecure.url.replace('http:', 'https:');
    await page.goto(`${safe}/status`);
    await warning.waitFor();

    // Other pages that are open hear of it.
    const plain = await other.context.newPage();
    await plain.goto(`${insecure.url}/vms`);
    await using third = await sitAtBrowser(browser);
    const { page: sealed } = third;
    await sealed.goto(`${safe}/hosts`);
    await sealed.locator('#user').fill('admin');
    await sealed.locator('#password').fill(password);
    await sealed.getByRole('button', { name: 'Sign in' }).click();
    for (const [open, name] of [
      [plain, 'Virtual machines'],
      [sealed, 'Hosts'],
    ] as const) {
      await open.getByRole('heading', { level: 1, name }).waitFor();
      await open.getByText('TLS is off').waitFor();
    }
    await page.goto(`${insecure.url}/status`);
    await page.getByRole('heading', { level: 1, name: 'Status' }).waitFor();
    await page.getByRole('note').getByRole('link').click();
    await page.waitForURL(`${insecure.url}/site#tls`);
    const require = page.getByRole('button', { name: 'Require TLS' });
    await require.click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/one signs in again/).waitFor();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await dialog.getByRole('button', { name: 'Require TLS' }).click();
    await page.waitForURL(`${safe}/site`);
    await plain.waitForURL(`${safe}/vms`);
    await sealed.getByText('TLS is off').waitFor({ state: 'detached' });
    assert.equal(sealed.url(), `${safe}/hosts`);
    await page.locator('#user').fill('admin');
    await page.locator('#password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Redirected: browsers are sent to https').waitFor();
    assert.equal(await page.getByText(/TLS is off/).count(), 0);
    assert.equal(await require.count(), 0);
    await page.goto(`${insecure.url}/status`);
    await page.getByRole('heading', { level: 1, name: 'Status' }).waitFor();
    assert.equal(page.url(), `${safe}/status`);
    assert.equal(await page.getByText(/TLS is off/).count(), 0);
    assert.deepEqual(other.complaints, []);
  },
);
