/** The menus of things of every kind: each leads to all attributes of its thing, and to the help on its kind. */
import assert from 'node:assert/strict';
import { listAttributes, writeValue } from '../../src/console/attributes/list-attributes.ts';
import { attributeKinds, type AttributeKind } from '../../src/console/attributes/place.ts';
import { thingHelp } from '../../src/console/manual/help.ts';
import { findBarriersInEachLight, followTo } from './browser.ts';
import { look, type ScreenRoom } from './screen-room.ts';

interface Shown {
  /** Where its menu is opened by a right click on its row; undefined: in the palette, or on the page of the site. */
  readonly list: string | undefined;
  readonly name: string;
  readonly read: () => Promise<unknown>;
}

/** What passes: it may be another value each time that it is read. */
const figures = /^(use|load|status|counts)\/|At$/;

/** The room has a vm `tablet`, a team `pair`, a network `inside` and an image `starter`. */
export async function walkAttributes(room: ScreenRoom): Promise<void> {
  const { page } = room.person;
  const client = room.gantry.client();
  const vm = await client.call('vm.show', { params: { vm: 'tablet' } });
  await room.gantry.must('folder', 'create', '/drawer');
  const host = vm.hostId;
  const { disks } = await client.call('host.disks', { params: { host } });
  const file = disks.find(({ vms }) => vms.includes(vm.name) || vms.includes(vm.id))?.path ?? '';
  const things: Readonly<Record<AttributeKind, Shown>> = {
    vm: {
      list: '/vms',
      name: 'tablet',
      read: () => client.call('vm.show', { params: { vm: vm.id } }),
    },
    host: {
      list: '/hosts',
      name: vm.host,
      read: () => client.call('host.show', { params: { host } }),
    },
    team: {
      list: '/teams',
      name: 'pair',
      read: () => client.call('team.show', { params: { team: 'pair' } }),
    },
    network: {
      list: '/networks',
      name: 'inside',
      read: () => client.call('network.show', { params: { network: 'inside' } }),
    },
    image: {
      list: '/images',
      name: 'starter',
      read: () => client.call('image.show', { params: { image: 'starter' } }),
    },
    disk: {
      list: `/hosts/${host}?tab=virtualDisks`,
      name: file.split('/').at(-1) ?? '',
      read: () => client.call('host.disk', { params: { host }, query: { file } }),
    },
    folder: {
      list: undefined,
      name: '/drawer',
      read: () => client.call('folder.show', { params: { folder: '/drawer' } }),
    },
    installation: {
      list: undefined,
      name: 'Gantry',
      read: () => client.call('installation.show', {}),
    },
  };
  await page.goto(`${client.server}/site`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  for (const kind of attributeKinds) {
    const { list, name, read } = things[kind];
    const choose = async (item: string): Promise<void> => {
      await followTo(page, list ?? '/site');
      if (kind === 'installation') {
        const link = item === 'Help' ? 'Help: Site settings' : item;
        await page.getByRole('main').getByRole('link', { name: link }).first().click();
      } else if (list === undefined) {
        await page.keyboard.press('Control+k');
        await page.getByRole('dialog').getByRole('combobox').fill('drawer');
        await page.getByRole('option', { name: `${name} Folder`, exact: true }).click();
        await page.getByRole('option', { name: item, exact: true }).click();
      } else {
        const row = page.getByRole('row').filter({ hasText: name }).first();
        await row.waitFor();
        await page.getByRole('button', { name: `Actions for ${name}`, exact: true }).click();
        await page.getByRole('menuitem', { name: item, exact: true }).click();
      }
    };
    await choose('Help');
    await page.waitForURL(`${client.server}/docs/${thingHelp[kind]}`);
    await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor();
    const before = new Map(
      listAttributes(await read()).map((one) => [one.path, writeValue(one)] as const),
    );
    await choose('Object attributes');
    const table = page.getByRole('grid', { name: 'Object attributes' });
    await table.waitFor();
    const column = (title: string): Promise<string[]> =>
      table.locator(`td[data-label="${title}"]`).allTextContents();
    const values = await column('Value');
    const shown = new Map((await column('Attribute')).map((path, at) => [path, values[at]]));
    const now = listAttributes(await read());
    assert.ok(now.length >= 6, kind);
    for (const one of now) {
      const was = before.get(one.path);
      if (was === undefined) continue;
      assert.ok(shown.has(one.path), `${kind}: ${one.path}`);
      if (was === writeValue(one) && !figures.test(one.path))
        assert.equal(shown.get(one.path), was, `${kind}: ${one.path}`);
    }
    if (kind !== 'vm') continue;
    await page.getByRole('textbox', { name: 'Find an attribute or a value' }).fill(vm.id);
    await table.getByRole('row').filter({ hasText: 'definition/id' }).waitFor();
    assert.ok((await table.locator('tbody tr').count()) < 10);
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await look(page, 'attributes');
    await page.getByRole('link', { name: 'Open', exact: true }).click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
  }
}
