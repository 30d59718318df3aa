/**
 * The screens of real machines, in a real browser: keys, the pointer, media, pictures. One file because all of it is shown
 * on the same two guests, which take longer to boot than to be looked at.
 */
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Locator } from 'playwright-core';
import { routes, type Operation } from '#api';
import { findBarriers, findBarriersInEachLight, noBrowser, type Person } from './browser.ts';
import type { Gantry } from './gantry.ts';
import { GuestInput } from './guest-input.ts';
import { look, ScreenRoom } from './screen-room.ts';
import { SerialPerson } from './serial.ts';

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

const optionIn = (choice: Locator, name: string): Locator =>
  choice.getByRole('option', { name, exact: true });

describe('the screen of a real machine', { skip: noBrowser }, () => {
  let room: ScreenRoom;
  let gantry: Gantry;
  let person: Person;

  before(async () => {
    room = await ScreenRoom.open([
      { name: 'mouse', tablet: false },
      { name: 'tablet', tablet: true },
    ]);
    ({ gantry, person } = room);
  });
  after(async () => {
    await room?.[Symbol.asyncDispose]();
  });

  test('VM-30 GA-27 RCON-01 RCON-30 without a tablet the shown keys or a click capture the pointer, and the keys release it', async () => {
    const { page } = person;
    await using guest = await GuestInput.watch(gantry, 'mouse', 'Mouse');
    await room.openScreen('mouse');
    await room.hint('Ctrl+Alt+G captures and releases it').waitFor();
    assert.deepEqual(await findBarriers(page), []);
    const canvas = page.locator('.screen canvas');
    const box = await canvas.boundingBox();
    assert.ok(box);
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    // Not captured, the mouse is not the guest's.
    await page.mouse.move(x, y, { steps: 5 });
    await page.keyboard.press('Control+Alt+KeyG');
    await room.hint('The pointer is captured').waitFor();
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
    await room.hint('Click on the screen').waitFor();
    await page.mouse.move(x, y);
    // And by a click, which is not the guest's either.
    await page.mouse.click(x, y);
    await room.hint('The pointer is captured').waitFor();
    await page.mouse.move(x + 7, y);
    await guest.until((told) => told.sum(codes.across) === 67);
    assert.deepEqual(guest.values(codes.left), [1, 0]);
    await page.keyboard.press('Control+Alt+KeyG');
    await room.hint('Click on the screen').waitFor();
  });

  test('GA-27 RCON-28 RCON-30 with a tablet whose driver the guest has the pointer moves freely', async () => {
    const { page } = person;
    await using guest = await GuestInput.watch(gantry, 'tablet', 'Tablet');
    await room.openScreen('tablet');
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
    await room.openScreen('tablet');
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
    const file = join(room.shelf.path, 'marked.img');
    const floppy = Buffer.alloc(floppyBytes);
    floppy.write('marked by a test ');
    await writeFile(file, floppy);
    await chmod(file, 0o666);
    await gantry.must('image', 'add', 'marked', file, '--kind', 'floppy');
    await room.openScreen('tablet');
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

  test('WEB-44 WEB-45 WEB-46 the CD and floppy pages of a vm offer the images of library and host, marked with the running vms that have them; a floppy that one writes is refused for a second', async () => {
    const { page } = person;
    const client = gantry.client();
    const shelf = await mkdtemp(join(tmpdir(), 'gs-'));
    await chmod(shelf, 0o755);
    await writeFile(join(shelf, 'setup.iso'), Buffer.alloc(floppyBytes));
    await writeFile(join(shelf, 'blank.img'), Buffer.alloc(floppyBytes));
    const hardware = { floppy: {}, opticalDrives: [{ bus: 'sata', position: 1, medium: null }] };
    await client.wait(
      await client.call('vm.create', { body: { name: 'second', definition: { hardware } } }),
    );
    const { id, host } = await client.call('vm.show', { params: { vm: 'second' } });
    const { settings } = await client.call('host.show', { params: { host } });
    const searchPath = JSON.stringify([...settings.searchPath, shelf]);
    await gantry.must('host', 'set', host, `settings.searchPath=${searchPath}`);
    const insert = async (vm: string, place: string, image: string): Promise<Operation> =>
      await client.wait(
        await client.call('vm.medium.insert', {
          params: { vm, place },
          body: { kind: 'image', image },
        }),
      );
    const eject = async (vm: string, place: string): Promise<void> => {
      await client.wait(await client.call('vm.medium.eject', { params: { vm, place } }));
    };
    await insert('tablet', 'sata0:0', 'additions');
    await insert('tablet', 'floppy', 'marked');
    const open = async (section: string): Promise<Locator> => {
      await page.goto(`${client.server}/vms/${id}?tab=configuration&section=${section}`);
      return page.locator('.drive');
    };
    const cd = await open('cd');
    const known = cd.getByRole('combobox');
    await optionIn(known, 'additions – also in a drive of tablet').waitFor({ state: 'attached' });
    await known.selectOption('setup.iso');
    await cd.getByRole('button', { name: 'Insert' }).click();
    await cd.getByRole('heading').getByText('setup.iso').waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await look(page, 'media');
    const floppy = (await open('floppy')).getByRole('combobox');
    const held = optionIn(floppy, 'marked – written by tablet');
    await held.waitFor({ state: 'attached' });
    assert.equal(await held.isDisabled(), true);
    await floppy.selectOption('blank.img');
    const { fault } = await insert('second', 'floppy', 'marked');
    assert.match(fault?.message ?? '', /held for writing by tablet/);
    await eject('tablet', 'floppy');
    await optionIn(floppy, 'marked').waitFor({ state: 'attached' });
    await eject('tablet', 'sata0:0');
    await eject('second', 'sata0:1');
    await rm(shelf, { recursive: true });
  });

  test('WEB-64 every kind of thing in the tree has an icon of its kind and state, and both in words', async () => {
    const { page } = person;
    await gantry.must('team', 'create', 'pair', 'tablet');
    await gantry.must('network', 'create', 'inside', '--type', 'internal');
    await page.goto(`${gantry.client().server}/status`);
    const tree = page.getByRole('tree');
    for (const group of ['Folders', 'Hosts', 'Teams', 'Networks', 'Images']) {
      const line = tree.getByRole('treeitem', { name: group, exact: true });
      if ((await line.getAttribute('aria-expanded')) === 'false') await line.press('ArrowRight');
    }
    const host = tree.getByRole('treeitem', { name: / – Ready, Host$/ });
    await host.press('ArrowRight');
    const pictures = new Set<string>();
    for (const [name, sign] of [
      [/^\/ – Folder$/, ''],
      [/ – Ready, Host$/, '●'],
      [/^pair – Running, Team$/, '●'],
      [/^inside – Unused, Network$/, '○'],
      [/^marked – Image$/, ''],
      [/^second – Off, Virtual machine$/, '○'],
      [/^tablet – Running, Virtual machine$/, '●'],
    ] as const) {
      const icon = tree.getByRole('treeitem', { name }).first().locator('.sign');
      assert.equal((await icon.innerText()).trim(), sign);
      pictures.add(await icon.locator('svg').first().innerHTML());
    }
    assert.equal(pictures.size, 6, 'one of each kind');
    assert.deepEqual(await findBarriers(page), []);
    await gantry.must('vm', 'pause', 'tablet');
    await tree.getByRole('treeitem', { name: 'tablet – Paused, Virtual machine' }).waitFor();
    await gantry.must('vm', 'resume', 'tablet');
    await look(page, 'tree');
  });

  test('WEB-65 a right click on an image opens its commands', async () => {
    const { page } = person;
    await page.goto(`${gantry.client().server}/images`);
    const link = page.getByRole('link', { name: 'marked', exact: true });
    await page.getByRole('grid').getByRole('row').filter({ has: link }).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Delete' }).waitFor();
    await page.getByRole('menuitem', { name: 'Properties' }).click();
    await page.getByRole('heading', { level: 1, name: 'marked' }).waitFor();
  });

  test('RCON-31 key combinations that the browser would keep come from a menu, and text is typed in the layout of the guest', async () => {
    const { page } = person;
    await room.openScreen('tablet');
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

  test('on a phone what a screen offers is in one menu, which takes no mouse', async () => {
    const { page } = person;
    const size = page.viewportSize();
    assert.ok(size);
    await room.openScreen('tablet');
    const bar = page.locator('.console-bar');
    const tools = ['Type text', 'CD and floppy', 'Screenshot', 'View only', 'Full screen'];
    for (const name of tools) await bar.getByRole('button', { name, exact: true }).waitFor();
    await page.setViewportSize({ width: 390, height: 844 });
    const more = bar.getByRole('button', { name: 'More', exact: true });
    await more.press('Enter');
    for (const name of [...tools, 'Open in its own tab'])
      await bar.getByRole('menuitem', { name, exact: true }).waitFor();
    for (const name of tools)
      assert.equal(await bar.getByRole('button', { name, exact: true }).count(), 0, name);
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await look(page, 'screen-phone');
    await bar.getByRole('menuitem', { name: 'Type text', exact: true }).press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Cancel' }).press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await look(page, 'screen-phone-shut');
    await page.setViewportSize(size);
  });

  test('RCON-43 a still picture is as large as the screen, by API and command line, with the right to the console', async () => {
    await room.openScreen('tablet');
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
    await room.openScreen('tablet');
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
    await room.openScreen('tablet');
    await page.waitForTimeout(1000);
    const seconds = 4;
    receivedBytes = 0;
    await page.waitForTimeout(seconds * 1000);
    const kilobits = (receivedBytes * 8) / 1000 / seconds;
    assert.ok(kilobits < 10, `${kilobits} kbit/s`);
  });

  test('RCON-39 the screen stays or comes back within 5 seconds of its vm: pause, reset, save and restore', async () => {
    const { page } = person;
    await room.openScreen('tablet');
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
