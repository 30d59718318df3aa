/** Self-service on one real host, as a course in a browser: an administrator offers, somebody without rights makes and controls. */
import assert from 'node:assert/strict';
import type { Browser, Locator, Page } from 'playwright-core';
import { miB } from '#lib';
import {
  findBarriers,
  findBarriersInEachLight,
  sitAtBrowser,
  signInByLink,
  typeInto,
  type Person,
} from './browser.ts';
import type { Gantry } from './gantry.ts';
import { look } from './screen-room.ts';

interface Room {
  readonly gantry: Gantry;
  readonly browser: Browser;
  /** Signed in as admin. */
  readonly person: Person;
}

/** Folders of cleo and dora, a template that both are offered and one that nobody is, and a vm of dora's. Answers its id. */
async function prepare({ gantry }: Room): Promise<string> {
  const client = gantry.client();
  for (const [parent, name] of [
    ['/', 'people'],
    ['/', 'templates'],
    ['/people', 'cleo'],
    ['/people', 'dora'],
  ] as const)
    await client.call('folder.create', { body: { name, parent } });
  const places = { golden: '/templates', secret: '/', doras: '/people/dora' };
  const making = Object.entries(places).map(async ([name, folder]) => {
    const disk = { kind: 'new', sizeBytes: miB } as const;
    const definition = { hardware: { memory: { sizeBytes: 64 * miB } } };
    await client.wait(await client.call('vm.create', { body: { name, folder, disk, definition } }));
    if (name === 'doras') return;
    await client.wait(await client.call('vm.template.make', { params: { vm: name } }));
  });
  for (const subject of ['cleo', 'dora']) {
    await client.call('user.create', { body: { name: subject } });
    const roles = { 'self-service': `/people/${subject}`, 'template-user': '/templates' };
    for (const [role, object] of Object.entries(roles))
      await client.call('grant.create', { body: { subject, role, objectKind: 'folder', object } });
  }
  await Promise.all(making);
  return (await client.call('vm.show', { params: { vm: 'doras' } })).id;
}

async function setQuota(page: Page, server: string): Promise<void> {
  await page.goto(`${server}/site`);
  await page.getByText('No folder has a quota.').waitFor();
  await page.getByRole('button', { name: 'Set a quota' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Folder').selectOption('/people/cleo');
  await dialog.getByLabel('Virtual machines').fill('2');
  await dialog.getByLabel('Memory, GiB').fill('1');
  assert.deepEqual(await findBarriers(page), []);
  await look(page, 'quota-set');
  await dialog.getByRole('button', { name: 'Set a quota' }).click();
  const quota = page.getByRole('region', { name: 'Quota of /people/cleo' });
  await quota.getByText('0 of 2').waitFor();
  await quota.getByText('0 B of 1 GiB').waitFor();
  assert.deepEqual(await findBarriersInEachLight(page), []);
  await look(page, 'quotas');
}

async function askForVm(page: Page, name: string): Promise<Locator> {
  await page.getByRole('button', { name: 'Create a virtual machine of golden' }).press('Enter');
  await typeInto(page.locator('#make-name'), name);
  return page.getByRole('dialog');
}

const rowOf = (page: Page, name: string): Locator =>
  page.getByRole('row').filter({ hasText: name });

async function act(page: Page, name: string, verb: string): Promise<void> {
  await page.getByRole('button', { name: `Actions for ${name}`, exact: true }).click();
  await page.getByRole('menuitem', { name: verb, exact: true }).click();
}

/** What the page's session gets for a request. */
async function statusOf(page: Page, method: string, path: string): Promise<unknown> {
  return await page.evaluate(
    `fetch('/api/v1${path}', { method: '${method}' }).then(({ status }) => status)`,
  );
}

export async function walkSelfService(room: Room): Promise<void> {
  const { gantry, browser, person } = room;
  const { server } = gantry.client();
  const doras = await prepare(room);
  await setQuota(person.page, server);
  await using cleo = await sitAtBrowser(browser);
  const { page } = cleo;
  await signInByLink(page, await gantry.must('user', 'link', 'cleo'));
  // It is what one who has no right on the whole installation begins with.
  await page.getByRole('heading', { level: 1, name: 'Self-service' }).waitFor();
  const quota = page.getByRole('region', { name: 'Quota of /people/cleo' });
  await quota.getByText('0 of 2').waitFor();
  const offered = page.getByRole('heading', { level: 3 });
  assert.deepEqual(await offered.allInnerTexts(), ['golden']);
  for (const [at, name] of ['cleo-1', 'cleo-2'].entries()) {
    const dialog = await askForVm(page, name);
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await rowOf(page, name).getByText('Off').waitFor();
    await quota.getByText(`${at + 1} of 2`).waitFor();
  }
  await look(page, 'self-service');
  assert.deepEqual(await findBarriersInEachLight(page), []);
  const third = await askForVm(page, 'cleo-3');
  const refusal = 'folder /people/cleo may have 2 vms; it has 2 vms, and this is 1 vm more';
  await third.getByRole('button', { name: 'Create' }).click();
  await third.getByText(refusal).waitFor();
  assert.deepEqual(await findBarriers(page), []);
  await look(page, 'self-service-refused');
  await third.getByRole('button', { name: 'Cancel' }).click();
  // Of dora's nothing is seen, and nothing is done to it.
  assert.equal(await rowOf(page, 'doras').count(), 0);
  assert.equal(await statusOf(page, 'GET', `/vms/${doras}`), 404);
  assert.equal(await statusOf(page, 'POST', `/vms/${doras}/actions/turn-on`), 404);
  assert.equal(await statusOf(page, 'DELETE', `/vms/${doras}`), 404);
  await act(page, 'cleo-1', 'Turn on');
  await rowOf(page, 'cleo-1').getByText('Running').waitFor();
  await act(page, 'cleo-2', 'Delete');
  const deletion = page.getByRole('dialog');
  await deletion.getByRole('textbox').fill('cleo-2');
  await deletion.getByRole('button', { name: 'Delete' }).click();
  await rowOf(page, 'cleo-2').waitFor({ state: 'detached' });
  await quota.getByText('1 of 2').waitFor();
  await page.setViewportSize({ width: 390, height: 844 });
  await look(page, 'self-service-narrow');
  assert.deepEqual(await findBarriers(page), []);
  await page.goto(`${server}/vms/${doras}`);
  await page.getByText('This virtual machine is not here any more').waitFor();
  assert.deepEqual(cleo.complaints, []);
}
