/** People at the screen and the serial port of one real machine, in real browsers: who is there, who holds what, who may what. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { Locator, Page } from 'playwright-core';
import type { VmViewer } from '#api';
import {
  findBarriers,
  findBarriersInEachLight,
  noBrowser,
  sitAtBrowser,
  signInByLink,
  untilTrue,
  type Person,
} from './browser.ts';
import { begin, knock } from '../../src/coordinator/testing/raw-viewer.ts';
import { freePort, type Gantry } from './gantry.ts';
import { look, ScreenRoom } from './screen-room.ts';
import { walkSelfService } from './self-service.ts';
import { SerialPerson } from './serial.ts';

/** What zbarimg reads; undefined where it is not there. */
async function readQrCode(png: Buffer): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'qr-'));
  try {
    const file = join(folder, 'code.png');
    await writeFile(file, png);
    const args = ['--raw', '--quiet', '-Sdisable', '-Sqrcode.enable', file];
    return (await promisify(execFile)('zbarimg', args)).stdout.trimEnd();
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('people at a console', { skip: noBrowser }, () => {
  let room: ScreenRoom;
  let gantry: Gantry;
  let person: Person;
  let ada: Person;
  /** Of pages beside the person's own. */
  const failures: string[] = [];

  before(async () => {
    room = await ScreenRoom.open([{ name: 'tablet', tablet: true }]);
    ({ gantry, person } = room);
  });
  after(async () => {
    await room?.[Symbol.asyncDispose]();
  });

  /** The button is there, and says which right it takes. */
  const greyed = async (page: Page, name: string | RegExp): Promise<void> => {
    await page.getByRole('button', { name }).and(page.locator('[aria-disabled=true]')).hover();
    await page.getByRole('tooltip').getByText('You lack the right vm.supervise').waitFor();
    await page.mouse.move(0, 0);
    await page.getByRole('tooltip').waitFor({ state: 'detached' });
  };

  test('RCON-03 RCON-19 RCON-20 RCON-21 RCON-22 two people at one screen see each other, are told of each other, and hand keyboard and mouse over', async () => {
    const { page } = person;
    await gantry.must('user', 'create', 'ada');
    await gantry.must('grant', 'create', 'ada', 'vm-operator');
    await room.openScreen('tablet');
    ada = await sitAtBrowser(room.browser);
    const { page: adas } = ada;
    await signInByLink(adas, await gantry.must('user', 'link', 'ada'));
    await adas.getByRole('button', { name: 'Signed in as ada' }).waitFor();
    const { id } = await gantry.client().call('vm.show', { params: { vm: 'tablet' } });
    const address = `${gantry.client().server}/screen/${id}`;
    await adas.goto(address);
    await adas.getByText('Connected', { exact: true }).waitFor();
    await page.getByText('ada has joined').waitFor();
    await page.getByRole('button', { name: 'People: 2' }).click();
    const people = page.getByRole('region', { name: 'People at this console' });
    await people.getByText('admin (you)').waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await look(page, 'people');
    await people.getByRole('button', { name: 'Hand over keyboard and mouse: ada' }).click();
    await adas.getByText('admin has handed keyboard and mouse over to ada').waitFor();
    await page.locator('[aria-pressed=true]', { hasText: 'View only' }).waitFor();
    await people.getByRole('button', { name: 'Take keyboard and mouse back: ada' }).click();
    await adas.locator('[aria-pressed=true]', { hasText: 'View only' }).waitFor();
    await adas.goto('about:blank');
    await page.getByText('ada has left').waitFor();
    await page.getByRole('button', { name: 'People: 1' }).waitFor();
    await adas.goto(address);
    await adas.getByText('Connected', { exact: true }).waitFor();
  });

  test('RCON-24 RCON-25 a screen that somebody has alone says who has it, opens by itself, and can be taken over', async () => {
    const { page } = person;
    await room.openScreen('tablet');
    await ada.page.goto('about:blank');
    await page.getByRole('button', { name: 'People: 1' }).click();
    await page.getByRole('button', { name: 'For me alone' }).click();
    await page.locator('[aria-pressed=true]', { hasText: 'For me alone' }).waitFor();
    await page.getByText('Connected', { exact: true }).waitFor();
    const { page: adas } = ada;
    await adas.goBack();
    await adas.getByText('admin has this console exclusively').waitFor();
    await greyed(adas, /^Take over/);
    assert.deepEqual(await findBarriers(adas), []);
    await look(adas, 'held');
    await page.getByRole('button', { name: 'For me alone' }).click();
    await adas.getByText('Connected', { exact: true }).waitFor();
    await gantry.must('vm', 'participant', 'end', 'tablet', 'screen', 'ada', '--grace', '0');
    await adas.getByText('Your connection was ended: ended by admin').waitFor();
    assert.deepEqual(await findBarriers(adas), []);
    await adas.getByRole('button', { name: 'Connect again' }).click();
    await adas.getByText('Connected', { exact: true }).waitFor();
    await adas.getByRole('button', { name: 'People: 2' }).click();
    await greyed(adas, 'Share by link');
    await greyed(adas, 'End connection: admin');
    await look(adas, 'greyed');
  });

  test('RCON-32 WEB-21 WEB-71 the screen offers the power controls of the state, to those who hold them, as the list and the command line do; its picture is shown to those who hold the console', async () => {
    const { page } = person;
    const { page: adas } = ada;
    const client = gantry.client();
    await room.openScreen('tablet');
    const menu = async (look: Page): Promise<void> => {
      await look.getByRole('button', { name: 'Actions for tablet' }).last().click();
      await look.getByRole('menuitem').filter({ hasText: 'Export definition' }).waitFor();
    };
    const item = (look: Page, name: string, how: 'offered' | 'greyed'): Locator =>
      look
        .getByRole('menuitem', { name, exact: true })
        .and(
          look.locator(how === 'offered' ? ':not([aria-disabled=true])' : '[aria-disabled=true]'),
        );
    await menu(page);
    await item(page, 'Resume', 'greyed').waitFor();
    await item(page, 'Pause', 'offered').click();
    await page.getByText('Pause: tablet').waitFor();
    await menu(page);
    await item(page, 'Pause', 'greyed').waitFor();
    await item(page, 'Resume', 'offered').waitFor();
    await page.keyboard.press('Escape');
    await gantry.must('vm', 'resume', 'tablet');
    await page.goto(`${client.server}/vms`);
    await menu(page);
    await item(page, 'Pause', 'offered').click();
    await page.getByRole('row').filter({ hasText: 'tablet' }).getByText('Paused').waitFor();
    await room.openScreen('tablet');
    await menu(page);
    await item(page, 'Resume', 'offered').click();
    await page.getByText('Resume: tablet').waitFor();
    const { items } = await client.call('grant.list', { query: { limit: 100 } });
    const grant = items.find(({ subject }) => subject === 'ada');
    assert.ok(grant);
    await gantry.must('role', 'create', 'watcher', 'vm.view,vm.console');
    await gantry.must('grant', 'create', 'ada', 'watcher');
    await client.call('grant.delete', { params: { grant: grant.id } });
    await adas.reload();
    await adas.getByText('Connected', { exact: true }).waitFor();
    await menu(adas);
    await item(adas, 'Pause', 'greyed').hover();
    await adas.getByRole('tooltip').getByText('you lack the right vm.power').waitFor();
    // The picture is for those who hold the console.
    await adas.goto(`${client.server}/vms`);
    await adas.getByText('Screens', { exact: true }).click();
    const picture = adas.getByRole('img', { name: 'Screen of tablet', exact: true });
    await picture.waitFor();
    const { id } = await client.call('vm.show', { params: { vm: 'tablet' } });
    const fetched = (): Promise<unknown> =>
      adas.evaluate(`fetch('/api/v1/vms/${id}/screenshot').then(({ status }) => status)`);
    assert.equal(await fetched(), 200);
    await gantry.must('role', 'create', 'reader', 'vm.view');
    await gantry.must('grant', 'create', 'ada', 'reader');
    const { items: now } = await client.call('grant.list', { query: { limit: 100 } });
    for (const { id, subject, role } of now)
      if (subject === 'ada' && role === 'watcher')
        await client.call('grant.delete', { params: { grant: id } });
    await adas.reload();
    await adas.locator('span.thumbnail').first().waitFor();
    assert.equal(await fetched(), 403);
    assert.equal(await picture.count(), 0);
    await adas.getByText('Screens', { exact: true }).click();
    await gantry.must('grant', 'create', 'ada', 'vm-operator');
  });

  /** The recording that is there, in a tab of its own. */
  const play = async (page: Page): Promise<{ player: Page; place: Locator }> => {
    const opened = page.context().waitForEvent('page');
    await page
      .getByRole('dialog')
      .getByRole('link', { name: /^Play: / })
      .click();
    const player = await opened;
    player.on('pageerror', (error) => failures.push(String(error)));
    const place = player.getByRole('slider', { name: 'Place in the recording' });
    await place.waitFor();
    return { player, place };
  };
  const forget = async (page: Page): Promise<void> => {
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: /^Delete: / }).click();
    await dialog.getByText('None yet.', { exact: false }).waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
  };

  test('a serial console is recorded from its page, which says so to everybody there, and played in a tab of its own', async () => {
    const { page } = person;
    const { id } = await gantry.client().call('vm.show', { params: { vm: 'tablet' } });
    await page.goto(`${gantry.client().server}/serial/${id}`);
    await page.getByText('Connected', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Record', exact: true }).click();
    await page.getByText('Recorded by admin').waitFor();
    await using serial = await SerialPerson.sit(gantry, 'tablet');
    serial.type('\x03\recho recorded-$((40+2))\r');
    await serial.until(/recorded-42/);
    await page.getByRole('button', { name: 'End recording' }).click();
    const dialog = page.getByRole('dialog');
    await page.getByText('Recorded by admin').waitFor({ state: 'detached' });
    await dialog.getByRole('link', { name: /^Play: / }).waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await look(page, 'recordings');
    const saved = page.waitForEvent('download');
    await dialog.getByRole('button', { name: /^Download: / }).click();
    const text = await readFile(await (await saved).path(), 'utf8');
    const [head = '', ...frames] = text.trimEnd().split('\n');
    assert.match(head, /^\{"version":2,/);
    // A word may come in two pieces.
    const output = frames.map((frame) => (JSON.parse(frame) as [number, string, string])[2]);
    assert.match(output.join(''), /recorded-42/);
    const { player, place } = await play(page);
    await place.press('End');
    await player.locator('.xterm-rows').getByText('recorded-42', { exact: true }).waitFor();
    await player.getByRole('button', { name: 'Play' }).waitFor();
    assert.deepEqual(await findBarriersInEachLight(player), []);
    await look(player, 'played-serial');
    await place.press('Home');
    await player.getByText('recorded-42').first().waitFor({ state: 'detached' });
    await player.close();
    await forget(page);
  });

  test('a screen is recorded, and played to the very pixels that the guest showed', async () => {
    const { page } = person;
    await room.openScreen('tablet');
    const { id } = await gantry.client().call('vm.show', { params: { vm: 'tablet' } });
    await page.getByRole('button', { name: 'Record', exact: true }).click();
    await page.getByText('Recorded by admin').waitFor();
    await using serial = await SerialPerson.sit(gantry, 'tablet');
    // Without a cursor, which blinks.
    serial.type(
      String.raw`printf '\033[?25l\033[2J\033[H\033[1;33mrecorded\n' > /dev/tty0; echo shown-$((40+2))` +
        '\r',
    );
    await serial.until(/shown-42/);
    /** How many values of colours of the picture differ from the screen as it is now. */
    const differences = async (looked: Page): Promise<number> =>
      await looked.evaluate(`(async () => {
        const read = (source) => {
          const { width, height } = source;
          const context = new OffscreenCanvas(width, height).getContext('2d');
          context.drawImage(source, 0, 0);
          return context.getImageData(0, 0, width, height).data;
        };
        const response = await fetch('/api/v1/vms/${id}/screenshot');
        const now = read(await createImageBitmap(await response.blob()));
        if (!now.some((value, index) => index % 4 < 3 && value > 0)) throw new Error('nothing is shown');
        const played = read(document.querySelector('.picture canvas'));
        return played.length === now.length ? now.filter((value, index) => value !== played[index]).length : -1;
      })()`);
    while ((await differences(page)) !== 0) await page.waitForTimeout(100);
    await page.getByRole('button', { name: 'End recording' }).click();
    const { player, place } = await play(page);
    await place.press('End');
    await player.getByRole('button', { name: 'Play' }).waitFor();
    while ((await differences(player)) !== 0) await player.waitForTimeout(100);
    assert.deepEqual(await findBarriersInEachLight(player), []);
    await look(player, 'played-screen');
    await place.press('Home');
    while ((await differences(player)) === 0) await player.waitForTimeout(100);
    await player.close();
    await forget(page);
  });

  test('RCON-03 the screen says where a native viewer sees it, and gives it a ticket', async () => {
    const { page } = person;
    await room.openScreen('tablet');
    await page.getByRole('button', { name: 'Native viewer' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('they are switched off on its host', { exact: false }).waitFor();
    await dialog.getByRole('button', { name: 'Close' }).first().click();
    const client = gantry.client();
    const { id, host } = await client.call('vm.show', { params: { vm: 'tablet' } });
    const firstPort = await freePort();
    const settings = { viewers: { enabled: true, address: '127.0.0.1', firstPort, ports: 1 } };
    await client.call('host.update', { params: { host }, body: { settings } });
    const viewer = async (): Promise<VmViewer> =>
      await client.call('vm.viewer', { params: { vm: id } });
    while ((await viewer()).state !== 'listening') await page.waitForTimeout(100);
    await page.getByRole('button', { name: 'Native viewer' }).click();
    const address = await dialog.getByRole('textbox', { name: 'Address' }).inputValue();
    assert.equal(address, `127.0.0.1::${firstPort}`);
    await dialog.getByRole('button', { name: 'Ticket' }).click();
    const said = await dialog.getByRole('status').innerText();
    assert.deepEqual(await findBarriers(page), []);
    await look(page, 'native-viewer');
    const password = /: (\w{8})$/.exec(said)?.[1] ?? '';
    const ca = await readFile(join(gantry.data, 'coordinator/authority/authority.pem'), 'utf8');
    // The screen of QEMU itself answers.
    const { answer, stream } = await knock(firstPort, { means: 'challenge', password }, { ca });
    assert.equal(answer, 'in');
    assert.match(await begin(stream), /QEMU/);
    stream.destroy();
    await dialog.getByRole('button', { name: 'Close' }).first().click();
  });

  test('a screen is scaled to its place or scrolled in its own size, fills the whole screen, and text of the clipboard is offered to be typed', async () => {
    const { page } = person;
    await room.openScreen('tablet');
    /** Wanted of the picture: shown as wide as it is, and wider than its place. */
    const until = async (isTrue: boolean): Promise<void> => {
      await untilTrue(
        page,
        `(() => {
          const canvas = document.querySelector('.picture canvas');
          const { scrollWidth, clientWidth } = canvas.parentElement;
          const isOwnSize = Math.round(canvas.getBoundingClientRect().width) === canvas.width;
          return canvas.width > clientWidth && isOwnSize === ${isTrue} && scrollWidth > clientWidth === ${isTrue};
        })()`,
      );
    };
    await until(false);
    await page.getByRole('button', { name: 'Original size' }).click();
    await until(true);
    const scrolled = `(() => {
      const { parentElement } = document.querySelector('.picture canvas');
      parentElement.scrollLeft = 50;
      return parentElement.scrollLeft;
    })()`;
    assert.equal(await page.evaluate(scrolled), 50);
    await page.getByRole('button', { name: 'Fit to window' }).click();
    await until(false);
    await page.getByRole('button', { name: 'Full screen' }).click();
    await untilTrue(page, "document.fullscreenElement?.className === 'screen'");
    await page.evaluate('document.exitFullscreen()');
    await untilTrue(page, 'document.fullscreenElement === null');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.evaluate("navigator.clipboard.writeText('from elsewhere')");
    await page.getByRole('button', { name: 'Type text' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'From the clipboard' }).click();
    await untilTrue(page, "document.querySelector('#type-field').value === 'from elsewhere'");
    await dialog.getByRole('button', { name: 'Cancel' }).click();
  });

  test('a network that goes away and comes back is followed by a new connection, in the same page', async () => {
    const { page } = person;
    await room.openScreen('tablet');
    await page.evaluate(() => Reflect.set(globalThis, 'samePage', true));
    await page.context().setOffline(true);
    await page.getByText('Connection lost; trying again').waitFor();
    await page.context().setOffline(false);
    await page.getByText('Connected', { exact: true }).waitFor();
    await page.locator('.screen canvas').waitFor();
    assert.equal(await page.evaluate(() => Reflect.get(globalThis, 'samePage')), true);
  });

  test('a link shows the screen to somebody without an account, until it is revoked', async () => {
    const { page } = person;
    await room.openScreen('tablet');
    await page.getByRole('button', { name: /^People: / }).click();
    await page.getByRole('button', { name: 'Share by link' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('For whom or what').fill('the workshop');
    await dialog.getByRole('button', { name: 'Make link' }).click();
    const address = await dialog.getByRole('textbox', { name: 'Share by link' }).inputValue();
    assert.match(address, /\/watch#/);
    assert.deepEqual(await findBarriers(page), []);
    const code = dialog.getByRole('img', { name: 'The link as a QR code' });
    assert.equal(await readQrCode(await code.screenshot()), address);
    await look(page, 'share');
    await using guest = await sitAtBrowser(room.browser);
    const asked: string[] = [];
    guest.page.on('request', (request) => asked.push(request.url()));
    await guest.page.goto(address);
    await guest.page.getByText('Connected', { exact: true }).waitFor();
    await guest.page.locator('.screen canvas').waitFor();
    assert.deepEqual(await findBarriers(guest.page), []);
    await look(guest.page, 'guest');
    const secret = address.slice(-40);
    assert.ok(!asked.some((url) => url.replace(/#.*/, '').includes(secret)));
    await dialog.getByRole('button', { name: 'Revoke: the workshop' }).click();
    await guest.page.getByText('Your connection was ended: the link was revoked').waitFor();
    await guest.page.reload();
    await guest.page.getByText('has expired, was revoked').waitFor();
    assert.deepEqual(guest.complaints, []);
    await dialog.getByRole('button', { name: 'Close' }).click();
  });

  test('WEB-61 a self-service portal lets people without administrative rights create vms of templates offered to them within their quota, and control only their own', async () => {
    await walkSelfService(room);
  });

  test('API-01 no page caused an error, asked for what its policy refuses, or called what the API does not publish', () => {
    assert.deepEqual([...person.complaints, ...failures], []);
  });
});
