/**
 * The master status page of 64 simulated vms in the distribution's Chromium, at the coordinator itself and through a front
 * end (`gantry web`) whose way to the coordinator takes 20 ms more in each direction.
 *
 *   node bench/console/front-end.ts [MILLISECONDS]
 *
 * The delay is added to each piece of bytes as it passes, without holding up those behind it, as a longer line does.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { makePair } from '../../src/lib/x509/testing/certificate-pair.ts';
import { openBrowser, password, sitAtBrowser, signInByLink } from '../../test/e2e/browser.ts';
import { startFrontEnd } from '../../test/e2e/front-end-program.ts';
import { newGantry } from '../../test/e2e/gantry.ts';
import { describeMachine, print, writeTable } from '../measure.ts';
import { measureVisits, noteFirstRow } from './visits.ts';

const delayMs = Number(process.argv[2] ?? 20);

/** Each piece later by the delay, and the end too. */
function passLate(from: Socket, to: Socket): void {
  from.on('data', (bytes) => setTimeout(() => to.writable && to.write(bytes), delayMs));
  from.on('close', () => setTimeout(() => to.destroy(), delayMs));
  from.on('error', () => from.destroy());
}

async function openLongWay(port: number): Promise<Server> {
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    near.setNoDelay(true);
    far.setNoDelay(true);
    passLate(near, far);
    passLate(far, near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

await using gantry = await newGantry();
const out = await gantry.must('up', '--listen', gantry.listen, '--simulate', '4x16');
const { server } = gantry.client();
const way = await openLongWay(Number(new URL(server).port));
const folder = mkdtempSync(join(tmpdir(), 'gf-'));
const pair = await makePair('front.example');
const [chain, key] = [join(folder, 'chain.pem'), join(folder, 'key.pem')];
writeFileSync(chain, pair.chain);
writeFileSync(key, pair.key);
const browser = await openBrowser();
try {
  await using frontEnd = await startFrontEnd(
    ['--listen', '127.0.0.1:0', '--certificate', chain, '--key', key],
    {
      HOME: folder,
      GANTRY_SERVER: `https://127.0.0.1:${(way.address() as AddressInfo).port}`,
      GANTRY_AUTHORITY: `${gantry.data}/coordinator/authority/authority.pem`,
    },
  );
  const { context, page } = await sitAtBrowser(browser);
  await page.addInitScript(noteFirstRow);
  await signInByLink(page, out);
  await page.getByRole('heading', { level: 1, name: 'Status' }).waitFor();
  const visits = async (where: string, url: string): Promise<readonly (readonly string[])[]> => [
    await measureVisits(`${where}, first visit`, 'empty', context, page, `${url}/status`),
    await measureVisits(where, 'kept', context, page, `${url}/status`),
  ];
  const near = await visits('at the coordinator', server);
  await page.goto(`${frontEnd.address}/status`);
  await page.locator('#user, h1').first().waitFor();
  // Cookies do not tell ports apart: whoever is signed in at one address of a machine is so at the other.
  if (await page.locator('#user').isVisible()) {
    await page.locator('#user').fill('admin');
    await page.locator('#password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }
  const far = await visits(`through a front end, ${delayMs} ms away`, frontEnd.address);
  print(`${describeMachine()}, load average ${(loadavg()[0] ?? 0).toFixed(1)}, 64 vms\n`);
  print(
    writeTable([['master status', 'requests', 'transferred', 'first row after'], ...near, ...far]),
  );
} finally {
  await browser.close();
  way.close();
  rmSync(folder, { recursive: true });
}
