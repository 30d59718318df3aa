/**
 * Takes the pictures of the console that the manual shows, of a real host with real guests that it brings up for them, in
 * docs/manual/pictures. Look at them before committing them.
 *
 *   node tools/manual-pictures.ts
 */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openBrowser, signInByLink, sitAtBrowser } from '../test/e2e/browser.ts';
import { newGantry } from '../test/e2e/gantry.ts';
import { SerialPerson } from '../test/e2e/serial.ts';
import { makeShelf } from '../test/e2e/shelf.ts';

const folder = join(import.meta.dirname, '..', 'docs', 'manual', 'pictures');
const maxBytes = 80_000;
/** On a machine without acceleration, and busy. */
const bootMs = 600_000;
const size = { width: 1120, height: 700 };

mkdirSync(folder, { recursive: true });
await using stack = new AsyncDisposableStack();
const gantry = stack.use(await newGantry());
const told = await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
const shelf = stack.use(await makeShelf(gantry));
await gantry.must('image', 'add', 'starter', shelf.starter);
const small = ['--image', 'starter', '--memory', '128M'] as const;
await gantry.must('vm', 'create', 'web-1', ...small, '--start');
const browser = await openBrowser();
stack.defer(() => browser.close());
const { context, page } = await sitAtBrowser(browser);
await signInByLink(page, told);
await page.getByRole('button', { name: 'Signed in as admin' }).waitFor();
const { server } = gantry.client();
await page.setViewportSize(size);
context.setDefaultTimeout(60_000);

const idOf = async (vm: string): Promise<string> =>
  (await gantry.client().call('vm.show', { params: { vm } })).id;
const open = async (path: string): Promise<void> => {
  await page.goto(server + path);
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await page.getByRole('progressbar').first().waitFor({ state: 'detached' });
};
const take = async (name: string, height: number = size.height): Promise<void> => {
  const path = join(folder, `console-${name}.png`);
  // Half way between two colours nothing is read well.
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done, 300)))');
  const { width } = page.viewportSize() ?? size;
  const clip = { x: 0, y: 0, width, height };
  await page.screenshot({ path, clip, animations: 'disabled' });
  const { size: bytes } = statSync(path);
  process.stdout.write(`${path}: ${bytes} bytes${bytes > maxBytes ? ', too large' : ''}\n`);
};

await gantry.must('network', 'create', 'shop', '--type', 'internal');
await gantry.must('vm', 'create', 'db-1', ...small, '--network', 'shop');
await gantry.must('vm', 'create', 'test-1', '--memory', '64M', '--network', 'none');
await gantry.must('team', 'create', 'web-shop', 'db-1', 'web-1');
await gantry.must('vm', 'snapshot', 'take', 'web-1', 'installed');
await gantry.must('vm', 'snapshot', 'take', 'web-1', 'before the update');
const web = await idOf('web-1');

await open('/status');
await page.getByRole('link', { name: 'web-1', exact: true }).first().waitFor();
await take('status');

await open('/summary');
await page.getByText('Running virtual machines').first().waitFor();
await take('summary');

await open('/self-service');
await page.getByRole('link', { name: 'web-1', exact: true }).first().waitFor();
await take('self-service');

await open('/vms');
await page.getByText('Screens', { exact: true }).click();
await page.getByRole('img', { name: 'Screen of web-1' }).first().waitFor();
await take('vms');
await page.getByText('Screens', { exact: true }).click();

await page.getByRole('button', { name: 'Actions for web-1' }).click();
await page.getByRole('menuitem').filter({ hasText: 'Export' }).first().waitFor();
await take('actions');
await page.keyboard.press('Escape');

await page.keyboard.press('Control+k');
await page.getByRole('dialog').getByRole('combobox').fill('web-1');
await page.getByRole('option', { name: 'web-1 Virtual machine' }).first().click();
await page.getByRole('option', { name: 'Pause', exact: true }).waitFor();
await take('palette');

await open('/vms?create=true');
await page.getByRole('dialog').getByText('Advanced: every setting').first().waitFor();
await take('create');

await open(`/vms/${web}`);
await page.getByRole('img', { name: 'Screen of web-1' }).first().waitFor();
await take('vm');

await open(`/vms/${web}?tab=graphs`);
await page.getByText('Memory', { exact: true }).first().waitFor();
await take('graphs');

await open(`/vms/${web}?tab=configuration&section=hard-disks`);
await page.getByRole('grid').first().waitFor();
await take('configuration');

await open(`/vms/${web}?tab=configuration&section=memory`);
await page.locator('#setting-hardware-memory-sizeBytes').fill('384');
await page.getByRole('button', { name: 'Review and save' }).first().click();
await page.getByRole('dialog').waitFor();
await take('review');

await open(`/vms/${web}?tab=snapshots`);
await page.getByText('before the update').first().waitFor();
await take('snapshots');

const { items: networks } = await gantry.client().call('network.list', {});
await open(`/networks/${networks.find(({ name }) => name === 'shop')?.id}`);
await take('network');

const { items: teams } = await gantry.client().call('team.list', {});
await open(`/teams/${teams[0]?.id}`);
await page.getByRole('link', { name: 'db-1', exact: true }).first().waitFor();
await take('team');

await open('/images');
await page.getByRole('link', { name: 'starter', exact: true }).first().waitFor();
await take('images');

// A machine of its own opens the disk, after its image was built.
await page.getByRole('link', { name: 'starter', exact: true }).first().click();
await page.getByRole('link', { name: 'Files inside' }).click();
const opening = { timeout: bootMs };
await page.getByRole('row').filter({ hasText: 'FAT16' }).getByRole('link').click(opening);
await page.getByRole('row').filter({ hasText: 'vmlinuz' }).first().waitFor(opening);
await take('files');

await open('/topology');
await take('topology');

const { items: hosts } = await gantry.client().call('host.list', {});
await open(`/hosts/${hosts[0]?.id}`);
// Not the folders of this machine.
await take('host', 600);

await open('/hosts');
await page
  .getByRole('link', { name: hosts[0]?.name ?? '', exact: true })
  .first()
  .waitFor();
await take('hosts');

await open(`/hosts/${hosts[0]?.id}?tab=checks`);
await page
  .getByText(/qemu-img/)
  .first()
  .waitFor();
await take('checks');

// Where it has room for its columns.
await page.setViewportSize({ width: 1280, height: size.height });
await open('/disks');
await page.getByRole('grid').first().waitFor();
await take('disks');
await page.setViewportSize(size);

await open('/site');
await take('site');

await gantry.must('folder', 'create', '/lab');
await gantry.must('folder', 'create', '/lab/blue');
await open('/folders');
await take('folders', 480);

await gantry.must('user', 'create', 'kim', '--display-name', 'Kim Doe', '--group', 'lab');
await gantry.must('grant', 'create', 'kim', 'vm-operator', '--on', 'folder:/lab');
await open('/people');
await take('people');

await open('/operations');
await page.getByRole('link', { name: 'web-1', exact: true }).first().waitFor();
await take('operations');

await open('/events');
await page.getByRole('button', { name: 'Operations and events' }).first().click();
await take('events');
await page.getByRole('button', { name: 'Operations and events' }).first().click();

{
  await using serial = await SerialPerson.sit(gantry, 'web-1');
  serial.type('\r');
  await serial.until(/login: /, bootMs);
  serial.type('root\r');
  await serial.until(/assword: /);
  serial.type('gantry\r');
  serial.type('clear; uname -sr; free -m; echo ok-$((40+2))\r');
  await serial.until(/ok-42/);
  await open(`/vms/${web}?tab=serial`);
  await page.locator('.xterm-rows').getByText('ok-42').first().waitFor();
  await take('serial');
}
{
  await page.goto(`${server}/serial/${web}`);
  await page.getByText('Connected', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Record', exact: true }).click();
  await page.getByText('Recorded by admin').waitFor();
  await page.locator('.xterm').click();
  await page.keyboard.type('clear; uname -sr; free -m; echo ok-$((50+2))\n');
  await page.locator('.xterm-rows').getByText('ok-52').first().waitFor();
  await page.getByRole('button', { name: 'End recording' }).click();
  await page
    .getByRole('dialog')
    .getByRole('link', { name: /^Play: / })
    .waitFor();
  await take('recording');
}
await open(`/vms/${web}?tab=screen`);
await page.getByText('Connected', { exact: true }).waitFor();
await page.locator('.screen canvas').waitFor();
await take('screen');
