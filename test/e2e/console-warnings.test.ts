/** What is wrong, and certificates: the pages of a coordinator in this process, whose hosts are agents made of bytes. One file because all share them. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect } from 'node:tls';
import type { Browser, Locator } from 'playwright-core';
import {
  linkServerName,
  tellFinding,
  type HostTrouble,
  type Installation,
  type VmDefinition,
} from '#api';
import { ensureConsole } from '../../src/cli/system/console-build.ts';
import { makePair } from '../../src/lib/x509/testing/certificate-pair.ts';
import {
  FakeAgent,
  load,
  makeDefinition,
  makeRecord,
  makeReport,
} from '../../src/coordinator/testing/fake-agent.ts';
import { foreignMachine } from '../../src/coordinator/testing/foreign-machine.ts';
import { Stage } from '../../src/coordinator/testing/stage.ts';
import {
  assertSaved,
  findBarriersInEachLight,
  noBrowser,
  openBrowser,
  password,
  signInByLink,
  sitAtBrowser,
  type Person,
} from './browser.ts';
import { startFrontEnd, type FrontEndProgram } from './front-end-program.ts';
import { openInsecure } from './insecure-stage.ts';

describe('what is wrong in the console', { skip: noBrowser }, () => {
  let stage: Stage;
  let agent: FakeAgent;
  let browser: Browser;
  let person: Person;
  const [web, db] = [makeDefinition('web-1'), makeDefinition('db-1')];

  before(async () => {
    const signal = AbortSignal.timeout(120_000);
    await ensureConsole({ out: { note: () => undefined } as never, signal });
    stage = await Stage.open();
    agent = await FakeAgent.join(stage, 'h1');
    agent.handlers['host.configure'] = () => ({});
    const running = { state: 'running', startedAt: '2026-01-01T00:00:00.000Z' } as const;
    await agent.connect([makeRecord(web, 1, running), makeRecord(db, 1)]);
    browser = await openBrowser();
    person = await sitAtBrowser(browser);
    const { json } = await stage.send('POST', '/users/admin/link');
    await signIn(person, stage.url, (json as { code: string }).code);
  });
  after(async () => {
    await browser?.close();
    await agent?.[Symbol.asyncDispose]();
    await stage?.[Symbol.asyncDispose]();
  });

  async function signIn({ page }: Person, url: string, code: string): Promise<void> {
    await signInByLink(page, `${url}/#link=${code}`);
    await page.getByRole('heading', { level: 1, name: 'Status' }).waitFor();
  }

  const panel = ({ page }: Person): Locator => page.getByRole('region', { name: 'What is wrong' });
  /** A warning by what it says, with the page that it leads to. */
  async function leadsTo(who: Person, text: RegExp, path: string, link: string): Promise<void> {
    const warning = panel(who).locator('.pf-v6-c-alert').filter({ hasText: text });
    const found = warning.getByRole('link', { name: link, exact: true });
    assert.equal(await found.getAttribute('href'), path, String(text));
  }

  function heardOf(definition: VmDefinition, state: 'outdated' | 'running'): void {
    const time = '2026-01-01T00:00:00.000Z';
    agent.send({
      type: 'samples',
      load: { ...load, volumes: [{ path: '/srv', totalBytes: 1e12, freeBytes: 1e6 }] },
      samples: [
        {
          id: definition.id,
          cpuPercent: 1,
          memoryBytes: 1,
          diskUse: null,
          networkUse: null,
          heartbeat: { state: 'good', lastAt: time, beats: 1 },
          guestHealth: 'working',
          additions: { state, version: '0.9', agentVersion: '8', functions: {} },
          guest: null,
        },
      ],
    });
  }

  test('WEB-55 a panel lists with links what is wrong: encryption, passwords, space, hosts, guest additions, parents of disks, accounts, the log of the system', async () => {
    const { page } = person;
    await panel(person).getByText('Nothing is wrong.').waitFor();
    const of = (kind: HostTrouble['kind'], vm: VmDefinition | null, text: string): HostTrouble => ({
      kind,
      vmId: vm?.id ?? null,
      text,
      remedy: 'mend it',
    });
    agent.send({
      type: 'troubles',
      troubles: [
        of('no-space', web, 'paused since the volume /srv has no room'),
        of('invalid-parent', db, 'base.qcow2, below the disk virtio0:0, was changed'),
        of('unprotected-parent', db, '/vms/base.qcow2 is not write-protected'),
        of('run-account', db, 'there is no account robot on this host'),
        of('system-log', null, 'events do not reach the log of the operating system'),
      ],
    });
    heardOf(web, 'outdated');
    const gone = await FakeAgent.join(stage, 'h2');
    await gone.connect();
    await gone.close();
    const body = { allowPasswordWithoutTls: true };
    assert.equal((await stage.send('PATCH', '/installation', { body })).status, 200);
    await panel(person)
      .getByText(/host h2 is unreachable/)
      .waitFor();
    await panel(person)
      .getByText(/older than those of its host/)
      .waitFor();
    const [h1, h2] = [`/hosts/${agent.hostId}`, `/hosts/${gone.hostId}`];
    await leadsTo(person, /volume \/srv of host h1 has .* left/, h1, 'h1');
    await leadsTo(person, /host h2 is unreachable/, h2, 'h2');
    await leadsTo(person, /events do not reach the log/, h1, 'h1');
    await leadsTo(person, /vm web-1: paused since .* no room/, `/vms/${web.id}`, 'web-1');
    await leadsTo(person, /additions of vm web-1 .0\.9. are older/, `/vms/${web.id}`, 'web-1');
    for (const text of [/was changed/, /is not write-protected/, /there is no account robot/])
      await leadsTo(person, text, `/vms/${db.id}`, 'db-1');
    await leadsTo(person, /passwords are taken over .* without TLS/, '/site', 'Site settings');
    assert.deepEqual(await findBarriersInEachLight(page), []);

    // In the words of the reader, without the command line; an agent that sends no codes is told as it tells.
    const { evidence: text, ...told } = tellFinding('no-space', { volume: '/srv' });
    const coded = { kind: 'no-space', vmId: web.id, text, ...told } as const;
    const bare = of('run-account', db, 'there is no account robot on this host');
    agent.send({ type: 'troubles', troubles: [coded, bare] });
    await panel(person).getByText('volume /srv has no room for its disks').waitFor();
    assert.doesNotMatch(await panel(person).innerText(), /gantry /);
    await page.getByRole('button', { name: 'Signed in as admin' }).click();
    await page.getByRole('menuitem', { name: 'Deutsch' }).click();
    const german = page.getByRole('region', { name: 'Was nicht stimmt' });
    for (const said of [
      'Platz: angehalten, weil der Datenträger /srv keinen Platz mehr für ihre Platten hat',
      'Hosts: Host h2: Nicht erreichbar',
      'sie aktualisieren, unter den Aktionen der VM',
      'vm db-1: there is no account robot on this host',
    ])
      await german.getByText(said).waitFor();
    // The menu stays open, to be seen in the other language.
    await page.getByRole('menuitem', { name: 'English' }).click();
    await page.keyboard.press('Escape');
    await panel(person).waitFor();

    await using insecure = await openInsecure();
    await using other = await sitAtBrowser(browser);
    await signIn(other, insecure.url, insecure.code);
    await leadsTo(other, /speaks without TLS/, '/site', 'Site settings');
    assert.deepEqual(await findBarriersInEachLight(other.page), []);
    assert.deepEqual(other.complaints, []);
  });

  test('a warning is acknowledged with a note, put aside, and withdrawn again', async () => {
    const { page } = person;
    await page.goto(`${stage.url}/status`);
    const alert = panel(person).locator('.pf-v6-c-alert').filter({ hasText: 'no account robot' });
    await alert.getByRole('button', { name: 'Acknowledge' }).click();
    const dialog = page.getByRole('dialog');
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await dialog.getByLabel('Note').fill('robot is created on Monday');
    await dialog.getByRole('button', { name: 'Acknowledge' }).click();
    await dialog.waitFor({ state: 'detached' });
    await panel(person).getByRole('button', { name: 'Acknowledged (1)' }).click();
    await alert.getByText(/Acknowledged by admin, .*: robot is created on Monday/).waitFor();
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await alert.getByRole('button', { name: 'Withdraw' }).click();
    await alert.getByRole('button', { name: 'Acknowledge' }).waitFor();
  });

  test('WEB-54 certificates are uploaded, generated and renewed on the page of the site, and take effect while the coordinator, its links and vms go on', async () => {
    const { page } = person;
    await stage.addHost('s1', 4);
    const running = (): readonly unknown[] =>
      [...stage.coordinator.inventory.documents('vm')].map(({ id }) => {
        const { state, generation, status } = stage.coordinator.inventory.vm(id) ?? {};
        return [state, generation, status?.startedAt];
      });
    const before = running();
    const links = (): readonly unknown[] =>
      ['h1', 's1'].map((name) => [stage.host(name)?.status, stage.host(name)?.version]);
    const linked = links();
    const { startedAt } = (await stage.send('GET', '/installation')).json as { startedAt: string };
    const own = await shownTo(stage.url, 'localhost');
    const toAgents = await shownTo(stage.url, linkServerName);

    await page.goto(`${stage.url}/site`);
    const table = page.getByRole('grid', { name: 'Certificates' });
    await table.getByText(own).waitFor();
    const given = await makePair('gantry.example');
    const fingerprint = fingerprintOf(new X509Certificate(given.chain));
    await page.getByRole('button', { name: 'Upload' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('#certificate-chain').fill(given.chain);
    await dialog.locator('#certificate-key').fill(given.chain);
    await dialog.getByRole('button', { name: 'Upload' }).click();
    await dialog.getByText(/the key does not hold a private key/).waitFor();
    assert.equal(await shownTo(stage.url, 'localhost'), own, 'what does not fit changes nothing');
    await dialog.locator('#certificate-key').fill(given.key);
    assert.deepEqual(await findBarriersInEachLight(page), []);
    await dialog.getByRole('button', { name: 'Upload' }).click();
    await page.getByText('The new certificate is shown from now on.').waitFor();
    assert.equal(await shownTo(stage.url, 'localhost'), fingerprint);
    assert.equal(await shownTo(stage.url, linkServerName), toAgents, 'agents meet the authority');
    await table.getByText(fingerprint).waitFor();
    assert.deepEqual(await findBarriersInEachLight(page), []);

    const generate = async (): Promise<string> => {
      await page.getByRole('button', { name: 'Generate anew' }).click();
      await dialog.getByRole('button', { name: 'Generate anew' }).click();
      await dialog.waitFor({ state: 'detached' });
      return shownTo(stage.url, 'localhost');
    };
    const generated = await generate();
    assert.ok(generated !== own && generated !== fingerprint);
    await table.getByText(generated).waitFor();
    const renewed = await generate();
    assert.notEqual(renewed, generated);
    await table.getByText(renewed).waitFor();

    const after = (await stage.send('GET', '/installation')).json as { startedAt: string };
    assert.equal(after.startedAt, startedAt, 'the coordinator was not started anew');
    assert.deepEqual(running(), before);
    assert.deepEqual(links(), linked);
  });

  test('the addresses that a network has leased are listed and saved as a file', async () => {
    const { page } = person;
    const body = { name: 'office', type: 'nat', ipv4: { subnet: '10.9.0.0/24' } };
    const { id } = (await stage.send('POST', '/networks', { body })).json as { id: string };
    const lease = {
      address: '10.9.0.20',
      mac: '52:47:59:00:00:07',
      hostName: 'guest-7',
      startsAt: '2026-01-01T00:00:00.000Z',
      expiresAt: '2099-01-01T00:00:00.000Z',
    };
    agent.send({ type: 'leases', network: id, leases: [lease] });
    const { inventory } = stage.coordinator;
    await stage.until(() => inventory.networkLeases(id).size > 0, 'the lease is known');
    await page.goto(`${stage.url}/networks/${id}?tab=addresses`);
    await page.getByRole('grid', { name: 'Leased addresses' }).getByText('guest-7').waitFor();
    await assertSaved(page, [{ ...lease, host: 'h1', vm: null }], '10.9.0.20');
  });

  test('WEB-37 the event viewer has the whole log with filters and paging, and follows an import, a creation and a deployment while they run', async () => {
    const { page } = person;
    const count = 130;
    for (let at = 0; at < count; at += 1)
      await stage.send('PATCH', '/installation', { body: { sessionHours: (at % 2) + 20 } });
    await page.goto(`${stage.url}/events`);
    const log = page.getByRole('grid', { name: 'Events' });
    await log
      .getByText(/sessionHours|session_hours/)
      .first()
      .waitFor();
    assert.equal(await log.getAttribute('aria-rowcount'), '-1', 'the newest are read first');
    const oldest = log.getByText('The coordinator started', { exact: true }).last();
    for (let look = 0; look < 100 && !(await oldest.isVisible()); look += 1) {
      await page.locator('.list-window').evaluate((box) => {
        box.scrollTop = box.scrollHeight;
      });
      await page.waitForTimeout(50);
    }
    await oldest.waitFor();
    assert.ok(Number(await log.getAttribute('aria-rowcount')) > count, 'to the first');
    await page.getByRole('combobox', { name: 'Filter' }).fill('name = coordinator.started');
    await page.keyboard.press('Enter');
    await page.waitForURL(/filter=/);
    await log.getByText('The coordinator started').first().waitFor();
    assert.equal(await log.getByText(/session_hours/).count(), 0);

    const held = Promise.withResolvers<void>();
    agent.handlers['machine.read-foreign'] = () => ({ machine: foreignMachine('/srv/boat.vmx') });
    agent.handlers['machine.plan'] = () => ({ ok: true, reasons: [], warnings: [] });
    agent.handlers['network.configure'] = () => ({});
    agent.handlers['machine.create'] = async ({ definition }: { definition: VmDefinition }) => {
      await held.promise;
      return { report: makeRecord(definition, 1).report };
    };
    const built = Promise.withResolvers<void>();
    agent.handlers['image.build'] = async () => {
      await built.promise;
      const image = { format: 'qcow2', sizeBytes: 1000, fileBytes: 500, imageKind: 'disk' };
      return { ...image, path: '/images/starter.qcow2', sha256: 'a'.repeat(64) };
    };
    const begin = async (path: string, body: object): Promise<void> => {
      const { status, text } = await stage.send('POST', path, { body: { host: 'h1', ...body } });
      assert.equal(status, 202, text);
    };
    const running = page.getByRole('region', { name: 'Operations', exact: true });
    const row = (name: string): Locator => running.getByRole('row').filter({ hasText: name });
    await begin('/images/build', { recipe: 'starter' });
    await row('starter').getByText('Running').waitFor();
    built.resolve();
    await row('starter').waitFor({ state: 'detached' });
    await begin('/vms/import', { file: '/srv/boat.vmx', name: 'boat' });
    await begin('/vms', { name: 'made', disk: { kind: 'new', sizeBytes: 1024 ** 2 } });
    await begin('/vms', { name: 'rolled-out', disk: { kind: 'image', image: 'starter' } });
    for (const name of ['boat', 'made', 'rolled-out'])
      await row(name).getByText('Running').waitFor();
    const [call] = agent.calls('machine.create');
    const toldAt = async (progress: number, note: string): Promise<number> => {
      agent.send({ type: 'progress', id: call?.id ?? 0, progress, note });
      return Number(await row(note).getByRole('progressbar').getAttribute('aria-valuenow'));
    };
    const early = await toldAt(0.2, 'converts the disk');
    assert.ok((await toldAt(0.9, 'converts the rest')) > early);
    assert.deepEqual(await findBarriersInEachLight(page), []);
    held.resolve();
    await running.waitFor({ state: 'detached' });
  });

  test('WEB-04 the front end runs with nothing of the installation but what its settings tell: the address and the authority of the coordinator; another authority is not trusted', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gw-'));
    const file = (name: string): string => join(folder, name);
    const pair = await makePair('front.example');
    await writeFile(file('chain.pem'), pair.chain);
    await writeFile(file('key.pem'), pair.key);
    await writeFile(file('other.pem'), pair.chain);
    const { paths } = stage.coordinator;
    await copyFile(join(paths.data, 'authority/authority.pem'), file('authority.pem'));
    const before = (await readdir(folder)).sort();
    const begin = (trusted: string): Promise<FrontEndProgram> =>
      startFrontEnd(
        ['--listen', '127.0.0.1:0', '--certificate', file('chain.pem'), '--key', file('key.pem')],
        {
          HOME: folder,
          GANTRY_DATA: file('none'),
          GANTRY_SERVER: stage.url,
          GANTRY_AUTHORITY: file(trusted),
        },
      );
    await using frontEnd = await begin('authority.pem');
    await using away = await sitAtBrowser(browser);
    const { page } = away;
    await page.goto(`${frontEnd.address}/vms`);
    await page.locator('#user').fill('admin');
    await page.locator('#password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    const row = page.getByRole('row').filter({ hasText: 'web-1' });
    await row.getByText('Running', { exact: true }).waitFor();
    agent.send({ type: 'reports', reports: [makeReport(web, { state: 'paused' })] });
    await row.getByText('Paused', { exact: true }).waitFor();
    await page.goto(`${frontEnd.address}/site`);
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('#setting-recentEvents').fill('7');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    const { json } = await stage.send('GET', '/installation');
    assert.equal((json as Installation).settings.recentEvents, 7);
    assert.equal(new URL(page.url()).origin, frontEnd.address);
    assert.deepEqual(away.complaints, []);
    await using wary = await begin('other.pem');
    const refused = await page.request.get(`${wary.address}/status`);
    assert.equal(refused.status(), 503);
    assert.match(await refused.text(), /cannot reach the coordinator/);
    assert.deepEqual((await readdir(folder)).sort(), before, 'it writes nothing');
    await rm(folder, { recursive: true });
  });

  test('no page caused an error, asked for what its policy refuses, or called what the API does not publish', () => {
    assert.deepEqual(person.complaints, []);
  });
});

/** SHA-256 in lower-case hex of what a new connection is shown. */
async function shownTo(url: string, servername: string): Promise<string> {
  const { hostname: host, port } = new URL(url);
  const socket = connect({ host, port: Number(port), servername, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const shown = socket.getPeerX509Certificate();
  socket.destroy();
  return fingerprintOf(shown);
}

/** As the console shows it. */
function fingerprintOf(certificate: X509Certificate | undefined): string {
  return (certificate?.fingerprint256 ?? '').replaceAll(':', '').toLowerCase();
}
