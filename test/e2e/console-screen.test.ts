/**
 * The screens of real machines, in a real browser: keys and the pointer, media, the people at a screen. One file because all
 * of it is shown on the same few guests, which take longer to boot than to be looked at.
 */
import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { routes } from '#api';
import {
  findBarriers,
  noBrowser,
  openBrowser,
  sitAtBrowser,
  type Person,
  signInByLink,
} from './browser.ts';
import { newGantry, type Gantry } from './gantry.ts';
import { GuestInput } from './guest-input.ts';
import { SerialPerson } from './serial.ts';

const bootMs = 120_000;
/** For people who look: pictures go to this folder, where it is named. */
const pictures = process.env['GANTRY_TEST_PICTURES'];

async function look(page: Page, name: string): Promise<void> {
  if (pictures !== undefined) await page.screenshot({ path: `${pictures}/${name}.png` });
}
/** From linux/input-event-codes.h: what is said of a mouse. */
const codes = { across: '2:0', down: '2:1', wheel: '2:8', left: '1:272' } as const;

const keyCodes = {
  control: '1:29',
  alt: '1:56',
  print: '1:99',
  y: '1:21',
  z: '1:44',
  functions: [59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 87, 88].map((code) => `1:${code}`),
} as const;
const floppyBytes = 1_474_560;

/** In a page: whether anything is written on the screen. */
const isLit = `(() => {
  const canvas = document.querySelector('.screen canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value, index) => index % 4 !== 3 && value > 100);
})()`;

/** On the serial port, whose session stays. */
async function logIn(gantry: Gantry, vm: string): Promise<void> {
  await using serial = await SerialPerson.sit(gantry, vm);
  serial.type('\r');
  await serial.until(/login: /);
  serial.type('root\r');
  await serial.until(/assword: /);
  serial.type('gantry\r');
  serial.type('modprobe -a evdev psmouse usbhid; echo ready-$((40+2))\r');
  await serial.until(/ready-42/);
}

describe('the screen of a real machine', { skip: noBrowser }, () => {
  let gantry: Gantry;
  let browser: Browser;
  let person: Person;
  let ada: Person;

  before(async () => {
    gantry = await newGantry();
    const out = await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
    await gantry.must('image', 'build', 'starter');
    await gantry.must('image', 'build', 'additions');
    for (const [name, tablet] of [
      ['mouse', false],
      ['tablet', true],
    ] as const) {
      const client = gantry.client();
      await client.wait(
        await client.call('vm.create', {
          body: {
            name,
            disk: { kind: 'image', image: 'starter' },
            start: true,
            definition: { hardware: { tablet, floppy: tablet ? {} : null } },
          },
        }),
      );
    }
    await Promise.all(['mouse', 'tablet'].map((name) => logIn(gantry, name)));
    browser = await openBrowser();
    person = await sitAtBrowser(browser);
    const { page } = person;
    await signInByLink(page, out);
    await page.getByRole('button', { name: 'Signed in as admin' }).waitFor();
  });
  after(async () => {
    await browser?.close();
    await gantry[Symbol.asyncDispose]();
  });

  const openScreen = async (name: string): Promise<void> => {
    const { id } = await gantry.client().call('vm.show', { params: { vm: name } });
    await person.page.goto(`${gantry.client().server}/vms/${id}?tab=screen`);
    await person.page.getByText('Connected', { exact: true }).waitFor({ timeout: bootMs });
    await person.page.locator('.screen canvas').waitFor();
  };
  /** The button is there, and says which right it takes. */
  const greyed = async (page: Page, name: string | RegExp): Promise<void> => {
    await page.getByRole('button', { name }).and(page.locator('[aria-disabled=true]')).hover();
    await page.getByRole('tooltip').getByText('You lack the right vm.supervise').waitFor();
    await page.mouse.move(0, 0);
    await page.getByRole('tooltip').waitFor({ state: 'detached' });
  };
  const hint = (text: string): Locator => person.page.locator('.pointer-hint', { hasText: text });

  test('VM-30 GA-27 RCON-01 RCON-30 without a tablet the shown keys or a click capture the pointer, and the keys release it', async () => {
    const { page } = person;
    await using guest = await GuestInput.watch(gantry, 'mouse', 'Mouse');
    await openScreen('mouse');
    await hint('Ctrl+Alt+G captures and releases it').waitFor();
    assert.deepEqual(await findBarriers(page), []);
    const canvas = page.locator('.screen canvas');
    const box = await canvas.boundingBox();
    assert.ok(box);
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    // Not captured, the mouse is not the guest's.
    await page.mouse.move(x, y, { steps: 5 });
    await page.keyboard.press('Control+Alt+KeyG');
    await hint('The pointer is captured').waitFor();
    assert.deepEqual(guest.values(codes.across), []);
    await page.mouse.move(x + 60, y - 30);
    await page.mouse.down();
    await page.mouse.up();
    await page.mouse.wheel(0, 100);
    await guest.until((told) => told.values(codes.wheel).length > 0);
    assert.deepEqual([guest.sum(codes.across), guest.sum(codes.down)], [60, -30]);
    assert.deepEqual(guest.values(codes.left), [1, 0]);
    assert.deepEqual(guest.values(codes.wheel), [-1]);
    await page.keyboard.press('Control+Alt+KeyG');
    await hint('Click on the screen').waitFor();
    await page.mouse.move(x, y);
    // And by a click, which is not the guest's either.
    await page.mouse.click(x, y);
    await hint('The pointer is captured').waitFor();
    await page.mouse.move(x + 7, y);
    await guest.until((told) => told.sum(codes.across) === 67);
    assert.deepEqual(guest.values(codes.left), [1, 0]);
    await page.keyboard.press('Control+Alt+KeyG');
    await hint('Click on the screen').waitFor();
  });

  test('GA-27 RCON-28 RCON-30 with a tablet whose driver the guest has the pointer moves freely', async () => {
    const { page } = person;
    await using guest = await GuestInput.watch(gantry, 'tablet', 'Tablet');
    await openScreen('tablet');
    await page.locator('.pointer-hint').waitFor({ state: 'detached' });
    const box = await page.locator('.screen canvas').boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + box.width * 0.25, box.y + box.height * 0.75);
    await guest.until((told) => {
      // EV_ABS, of 32767.
      const [across, down] = [told.values('3:0').at(-1) ?? 0, told.values('3:1').at(-1) ?? 0];
      return Math.abs(across / 32767 - 0.25) < 0.02 && Math.abs(down / 32767 - 0.75) < 0.02;
    });
  });

  test('HW-41 RCON-33 RCON-36 RCON-37 a CD is put into a running vm and taken out again: from its page and its screen, by the command line and the API; from a guest that has locked the tray after it was asked, by force', async () => {
    const { page } = person;
    await using serial = await SerialPerson.sit(gantry, 'tablet');
    await openScreen('tablet');
    await page.getByRole('button', { name: 'CD and floppy' }).click();
    const dialog = page.getByRole('dialog');
    const drive = dialog.getByRole('region', { name: /^CD / });
    await drive.getByText('empty').waitFor();
    await drive.getByRole('combobox').selectOption('additions');
    assert.deepEqual(await findBarriers(page), []);
    await drive.getByRole('button', { name: 'Insert' }).click();
    await drive.getByRole('heading').getByText('additions').waitFor();
    // The name of the standard in the disc's first descriptor (ISO 9660, 8.4), as the guest reads it.
    serial.type('\x03\rmodprobe -a sr_mod\r');
    const read = async (): Promise<void> => {
      serial.forget();
      serial.type(
        'until echo found-$(dd if=/dev/sr0 bs=1 skip=32769 count=5) | grep found-C; do sleep 0.2; done 2> /dev/null\r',
      );
      await serial.until(/found-CD001/);
    };
    await read();
    await drive.getByRole('button', { name: 'Eject' }).click();
    await drive.getByText('empty').waitFor();
    const client = gantry.client();
    const params = { vm: 'tablet', place: 'sata0:0' };
    await gantry.must('vm', 'insert', params.vm, params.place, 'additions');
    await drive.getByRole('heading').getByText('additions').waitFor();
    await read();
    await client.wait(await client.call('vm.medium.eject', { params }));
    await drive.getByText('empty').waitFor();
    const body = { kind: 'image', image: 'additions' } as const;
    await client.wait(await client.call('vm.medium.insert', { params, body }));
    await read();
    // Whoever has a drive open has its tray locked.
    serial.type('sleep 1000 < /dev/sr0 &\recho held-$((40+2))\r');
    await serial.until(/held-42/);
    await drive.getByRole('button', { name: 'Eject' }).click();
    await drive.getByText('it is taken from programs that read it').waitFor();
    await drive.getByRole('heading').getByText('additions').waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await look(page, 'locked');
    await drive.getByRole('button', { name: 'Open by force' }).click();
    await drive.getByText('empty').waitFor();
    await drive.getByRole('button', { name: 'Insert', disabled: false }).waitFor();
    serial.type('kill %1\r');
    await client.wait(await client.call('vm.medium.insert', { params, body }));
    await gantry.must('vm', 'eject', params.vm, params.place);
    await drive.getByText('empty').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    const { items } = await client.call('event.list', {
      query: { filter: 'name : vm.media', limit: 20 },
    });
    assert.deepEqual(
      items.map(({ name, actor }) => `${name} by ${actor.name}`),
      Array.from({ length: 4 }, () => [
        'vm.media.ejected by admin',
        'vm.media.inserted by admin',
      ]).flat(),
    );
    const path = 'hardware/optical_drives/sata0:0/medium/image';
    const { items: changes } = await client.call('event.list', {
      query: { filter: 'name = vm.setting.changed', limit: 50 },
    });
    const { id: image } = await client.call('image.show', { params: { image: 'additions' } });
    assert.deepEqual(
      changes
        .filter(({ attributes }) => attributes['path'] === path)
        .map(({ actor, attributes }) => [
          actor.name,
          attributes['oldValue'],
          attributes['newValue'],
        ]),
      Array.from({ length: 4 }, () => [
        ['admin', image, null],
        ['admin', null, image],
      ]).flat(),
    );
  });

  test('RCON-34 a floppy image is put into a running vm from its screen, read by the guest, and taken out again', async () => {
    const { page } = person;
    const { path } = await gantry.client().call('image.show', { params: { image: 'starter' } });
    const file = join(dirname(path), 'marked.img');
    await writeFile(file, Buffer.alloc(floppyBytes, 'marked by a test '));
    await chmod(file, 0o666);
    await gantry.must('image', 'add', 'marked', file, '--kind', 'floppy');
    await openScreen('tablet');
    await page.getByRole('button', { name: 'CD and floppy' }).click();
    const dialog = page.getByRole('dialog');
    const drive = dialog.getByRole('region', { name: 'Floppy drive' });
    await drive.getByRole('combobox').selectOption('marked');
    await drive.getByRole('button', { name: 'Insert' }).click();
    await drive.getByRole('heading').getByText('marked').waitFor();
    await using serial = await SerialPerson.sit(gantry, 'tablet');
    serial.type('\x03\rmodprobe floppy; dd if=/dev/fd0 bs=512 count=1 | head -c 16; echo\r');
    await serial.until(/\nmarked by a test/);
    await drive.getByRole('button', { name: 'Eject' }).click();
    await drive.getByText('empty').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
  });

  test('RCON-31 key combinations that the browser would keep come from a menu, and text is typed in the layout of the guest', async () => {
    const { page } = person;
    await openScreen('tablet');
    await using keyboard = await GuestInput.watch(gantry, 'tablet', 'keyboard');
    const press = async (keys: string): Promise<void> => {
      await page.getByRole('button', { name: 'Keys', exact: true }).click();
      await page.getByRole('menuitem', { name: keys, exact: true }).click();
    };
    // The last one leads back to the screen with the others' picture.
    const functionKeys = keyCodes.functions.map((code, index) => [`Ctrl-Alt-F${index + 1}`, code]);
    for (const [keys = '', code = ''] of [
      ...functionKeys.toReversed(),
      ['Print', keyCodes.print],
    ]) {
      await press(keys);
      await keyboard.until((told) => told.values(code).length === 2);
      assert.deepEqual(keyboard.values(code), [1, 0], keys);
    }
    for (const held of [keyCodes.control, keyCodes.alt])
      assert.deepEqual(
        keyboard.values(held),
        keyCodes.functions.flatMap(() => [1, 0]),
      );
    for (const [layout, code] of [
      ['us', keyCodes.z],
      ['de', keyCodes.y],
    ] as const) {
      await page.getByRole('button', { name: 'Type text' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.locator('#type-field').fill('z');
      await dialog.getByLabel('Keyboard layout of the guest').selectOption(layout);
      await dialog.getByRole('button', { name: 'Type', exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
      await keyboard.until((told) => told.values(code).length === 2);
    }
    assert.deepEqual(
      [keyboard.values(keyCodes.z), keyboard.values(keyCodes.y)],
      [
        [1, 0],
        [1, 0],
      ],
    );
  });

  test('a linked clone is made in a dialog, which says before what the guest of the original leaves in it', async () => {
    const { page } = person;
    await gantry.must('vm', 'turn-off', 'mouse', '--yes');
    const { id } = await gantry.client().call('vm.show', { params: { vm: 'mouse' } });
    await page.goto(`${gantry.client().server}/vms/${id}`);
    await page.getByRole('button', { name: 'Actions for mouse' }).press('Enter');
    await page.getByRole('menuitem', { name: 'Clone', exact: true }).press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('tablet');
    await dialog.getByRole('alert').getByText('tablet').first().waitFor();
    await dialog.getByLabel('Name').fill('copy');
    const warning = dialog.getByText('nobody said that the guest of mouse was generalised');
    await warning.waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await dialog.getByLabel(/^The guest was generalised/).check();
    await warning.waitFor({ state: 'detached' });
    await dialog.getByLabel(/^Linked/).check();
    await dialog.getByRole('button', { name: 'Clone', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Clone: mouse').waitFor();
    const { definition } = await gantry.client().call('vm.show', { params: { vm: 'copy' } });
    const { definition: source } = await gantry.client().call('vm.show', { params: { vm: id } });
    assert.notEqual(definition.hardware.adapters[0]?.mac, source.hardware.adapters[0]?.mac);
  });

  test('VM-16 WEB-14 the list shows name, state, running time and processor use, n/a where a vm is off or saved, and the screen where it is wanted, a click away', async () => {
    const { page } = person;
    const small = ['--memory', '64M', '--network', 'none'] as const;
    await gantry.must('vm', 'create', 'idle', ...small);
    await gantry.must('vm', 'create', 'spare', ...small, '--start');
    await gantry.must('vm', 'save', 'spare');
    await page.goto(`${gantry.client().server}/vms`);
    const row = (name: string): Locator =>
      page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });
    const told = (name: string): Promise<readonly string[]> =>
      Promise.all(
        ['State', 'Running time', 'CPU'].map(async (label) => {
          const text = await row(name).locator(`td[data-label="${label}"]`).innerText();
          // Without the sign of the state.
          return text.split('\n').at(-1) ?? '';
        }),
      );
    await row('spare').getByText('Saved', { exact: true }).waitFor();
    assert.deepEqual(await told('spare'), ['Saved', 'n/a', 'n/a']);
    assert.deepEqual(await told('idle'), ['Off', 'n/a', 'n/a']);
    await row('tablet').locator('td[data-label="CPU"]', { hasText: '%' }).waitFor();
    const [state, time] = await told('tablet');
    assert.equal(state, 'Running');
    assert.match(time ?? '', /^(\d+ min )?\d+ s$/);
    const screenOf = (name: string): Locator =>
      page.getByRole('img', { name: `Screen of ${name}`, exact: true });
    assert.equal(await page.locator('img.thumbnail').count(), 0);
    await page.getByText('Screens', { exact: true }).click();
    await screenOf('tablet').waitFor();
    for (const name of ['idle', 'spare']) assert.equal(await screenOf(name).count(), 0);
    await page.waitForFunction(
      `document.querySelector('img[alt="Screen of tablet"]').naturalWidth >= 320`,
      undefined,
      { timeout: 5_000 },
    );
    // Both lead to the screen.
    const connected = page.getByText('Connected', { exact: true });
    await screenOf('tablet').click();
    await connected.waitFor({ timeout: bootMs });
    await page.goBack();
    await row('tablet').getByRole('button', { name: 'Actions for tablet' }).click();
    await page.getByRole('menuitem', { name: 'Remote control' }).click();
    await connected.waitFor({ timeout: bootMs });
    await page.goBack();
    await page.getByText('Screens', { exact: true }).click();
  });

  test('WEB-27 WEB-28 a saved vm offers restoring and discarding in the place of turning on; deleting is a command of its own that lists the files', async () => {
    const { page } = person;
    await page.goto(`${gantry.client().server}/vms`);
    await page.getByRole('button', { name: 'Actions for spare' }).click();
    const allowed = page.getByRole('menuitem').and(page.locator(':not([aria-disabled=true])'));
    await allowed.filter({ hasText: 'Export' }).waitFor();
    const offered = await allowed.allInnerTexts();
    assert.deepEqual(offered.slice(0, 2), ['Restore saved state', 'Discard saved state']);
    assert.ok(!offered.includes('Turn on'), offered.join());
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Actions for idle' }).click();
    await page.getByRole('menuitem', { name: 'Remove', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('no file is changed').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Actions for idle' }).click();
    await page.getByRole('menuitem', { name: 'Delete', exact: true }).click();
    await dialog.getByText('These files are deleted:').waitFor();
    const { files } = await gantry.client().call('vm.files', { params: { vm: 'idle' } });
    const deleted = files.filter((file) => file.deleted);
    assert.ok(deleted.length > 0);
    for (const { path } of deleted) await dialog.getByText(path).waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
  });

  test('RCON-01 RCON-02 RCON-08 WEB-25 a vm without any system shows its firmware and takes its keys, beside the screen of another; consoles that come and go change nothing', async () => {
    const { page } = person;
    const client = gantry.client();
    await gantry.must('vm', 'restore', 'spare');
    const before = await client.call('vm.show', { params: { vm: 'spare' } });
    const { items: last } = await client.call('event.list', { query: { limit: 1 } });
    const other = await person.context.newPage();
    const { id } = await client.call('vm.show', { params: { vm: 'tablet' } });
    await other.goto(`${client.server}/screen/${id}`);
    await other.getByText('Connected', { exact: true }).waitFor({ timeout: bootMs });
    await openScreen('spare');
    await page.waitForFunction(isLit, undefined, { timeout: bootMs });
    await look(page, 'firmware');
    await page.getByRole('button', { name: 'Actions for spare' }).first().click();
    const shutDown = page.getByRole('menuitem', { name: 'Shut down guest' });
    assert.equal(await shutDown.getAttribute('aria-disabled'), 'true');
    await shutDown.hover();
    await page
      .getByRole('tooltip')
      .getByText('no guest additions have answered in spare')
      .waitFor();
    const button = page.getByRole('menuitem', { name: 'Press power button' });
    assert.notEqual(await button.getAttribute('aria-disabled'), 'true');
    await page.keyboard.press('Escape');
    await other.getByRole('button', { name: 'Actions for tablet' }).click();
    await other
      .getByRole('menuitem', { name: 'Shut down guest' })
      .and(other.locator(':not([aria-disabled=true])'))
      .waitFor();
    await page.getByRole('button', { name: 'Keys', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Ctrl-Alt-Delete', exact: true }).click();
    await other.goto(`${client.server}/events`);
    await other.getByText('Virtual machine spare was restarted: guest').first().waitFor();
    await other.close();
    await page.goto(`${client.server}/vms`);
    await page.getByRole('grid', { name: 'Virtual machines' }).waitFor();
    const after = await client.call('vm.show', { params: { vm: 'spare' } });
    assert.equal(after.state, 'running');
    assert.equal(after.status.since, before.status.since);
    const { items } = await client.call('event.list', {
      query: { filter: `seq > ${last[0]?.seq ?? 0}`, limit: 100 },
    });
    const names = items.map(({ name }) => name).filter((name) => !name.startsWith('console.'));
    assert.deepEqual([...new Set(names)], ['vm.state.reset']);
  });

  test('RCON-03 RCON-19 RCON-20 RCON-21 RCON-22 two people at one screen see each other, are told of each other, and hand keyboard and mouse over', async () => {
    const { page } = person;
    await gantry.must('user', 'create', 'ada');
    await gantry.must('grant', 'create', 'ada', 'vm-operator');
    await openScreen('tablet');
    ada = await sitAtBrowser(browser);
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
    await openScreen('tablet');
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
    await openScreen('tablet');
    const menu = async (look: Page): Promise<void> => {
      await look.getByRole('button', { name: 'Actions for tablet' }).last().click();
      await look.getByRole('menuitem').filter({ hasText: 'Export' }).waitFor();
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
    await openScreen('tablet');
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

  test('a serial console is recorded from the page, which says so to everybody there', async () => {
    const { page } = person;
    const { id } = await gantry.client().call('vm.show', { params: { vm: 'tablet' } });
    await page.goto(`${gantry.client().server}/serial/${id}`);
    await page.getByText('Connected', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'People: 1' }).click();
    await page.getByRole('button', { name: 'Recordings' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Record', exact: true }).click();
    await page.getByText('Recorded by admin').waitFor();
    await using serial = await SerialPerson.sit(gantry, 'tablet');
    serial.type('\x03\recho recorded-$((40+2))\r');
    await serial.until(/recorded-42/);
    await dialog.getByRole('button', { name: /^Stop: / }).click();
    await page.getByText('Recorded by admin').waitFor({ state: 'detached' });
    assert.deepEqual(await findBarriers(page), []);
    await look(page, 'recordings');
    const saved = page.waitForEvent('download');
    await dialog.getByRole('button', { name: /^Download: / }).click();
    const text = await readFile(await (await saved).path(), 'utf8');
    assert.match(text, /^\{"version":2,/);
    assert.match(text, /recorded-42/);
    await dialog.getByRole('button', { name: /^Delete: / }).click();
    await dialog.getByRole('button', { name: /^Download: / }).waitFor({ state: 'detached' });
    await dialog.getByRole('button', { name: 'Close' }).click();
  });

  test('a link shows the screen to somebody without an account, until it is revoked', async () => {
    const { page } = person;
    await openScreen('tablet');
    await page.getByRole('button', { name: /^People: / }).click();
    await page.getByRole('button', { name: 'Share by link' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('For whom or what').fill('the workshop');
    await dialog.getByRole('button', { name: 'Make link' }).click();
    const address = await dialog.getByRole('textbox', { name: 'Share by link' }).inputValue();
    assert.match(address, /\/watch#/);
    assert.deepEqual(await findBarriers(page), []);
    await look(page, 'share');
    await using guest = await sitAtBrowser(browser);
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

  test('RCON-43 a still picture is as large as the screen, by API and command line, with the right to the console', async () => {
    await openScreen('tablet');
    const file = join(gantry.data, 'tablet.png');
    await gantry.must('vm', 'screenshot', 'tablet', file);
    const taken = [
      await readFile(file),
      Buffer.from(await gantry.client().call('vm.screenshot', { params: { vm: 'tablet' } })),
    ];
    for (const png of taken) {
      assert.equal(png.toString('latin1', 1, 4), 'PNG');
      // Of the header, which comes first (ISO/IEC 15948, 11.2.2).
      const size = `[width="${png.readUInt32BE(16)}"][height="${png.readUInt32BE(20)}"]`;
      await person.page.locator(`.screen canvas${size}`).waitFor();
    }
    assert.equal(routes['vm.screenshot'].right, routes['vm.screen.open'].right);
  });

  test('RCON-16 what a screen shows is encrypted from the host to the coordinator and from there to the viewer, and given in no other way', async () => {
    const { page } = person;
    const asked = page.waitForEvent('websocket');
    await openScreen('tablet');
    const address = (await asked).url();
    assert.match(address, /^wss:.*\/screen/);
    const ports = await gantry.json<readonly { purpose: string; encryption: string }[]>(
      'system',
      'ports',
    );
    const encryption = (purpose: RegExp): readonly string[] =>
      ports.filter((port) => purpose.test(port.purpose)).map((port) => port.encryption);
    assert.deepEqual(encryption(/^the link and streams/), ['TLS with certificates of both sides']);
    assert.deepEqual(encryption(/consoles of vms/), ['TLSv1.3']);
    const plain = new WebSocket(address.replace(/^wss/, 'ws'));
    const { promise, resolve } = Promise.withResolvers<string>();
    for (const event of ['open', 'error']) plain.addEventListener(event, () => resolve(event));
    assert.equal(await promise, 'error');
  });

  test('RCON-42 a screen that does not change costs less than 10 kbit/s', async () => {
    const { page } = person;
    let receivedBytes = 0;
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => (receivedBytes += payload.length));
    });
    await openScreen('tablet');
    await page.waitForTimeout(1000);
    const seconds = 4;
    receivedBytes = 0;
    await page.waitForTimeout(seconds * 1000);
    const kilobits = (receivedBytes * 8) / 1000 / seconds;
    assert.ok(kilobits < 10, `${kilobits} kbit/s`);
  });

  test('RCON-39 the screen stays or comes back within 5 seconds of its vm: pause, reset, save and restore', async () => {
    const { page } = person;
    await openScreen('tablet');
    const connected = page.getByText('Connected', { exact: true });
    for (const words of [['pause'], ['resume'], ['reset'], ['save'], ['restore']]) {
      await gantry.must('vm', ...words, 'tablet');
      if (words[0] === 'save') await connected.waitFor({ state: 'detached' });
      else await connected.waitFor({ timeout: 5000 });
    }
  });

  test('API-01 no page caused an error, asked for what its policy refuses, or called what the API does not publish', () => {
    assert.deepEqual(person.complaints, []);
  });
});
