/** The properties of a host with an agent of its own, on its page: looked at, changed, and its script run. */
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import type { HostSettings } from '#api';
import { freePort } from '../../src/coordinator/testing/free-port.ts';
import { findBarriersInEachLight } from './browser.ts';
import type { Gantry } from './gantry.ts';
import { look } from './screen-room.ts';

/** On the only host, on which no vm runs; its service is stopped in the end. */
export async function useHostProperties({
  gantry,
  page,
}: {
  readonly gantry: Gantry;
  readonly page: Page;
}): Promise<void> {
  const client = gantry.client();
  const [host] = (await client.call('host.list', {})).items;
  assert.ok(host?.facts);
  const shelf = await mkdtemp(join(tmpdir(), 'gs-'));
  const file = join(shelf, 'announce');
  await writeFile(file, '#!/bin/sh\nid -u; echo "said of $1"; echo "in vain" >&2; exit 3\n');
  await Promise.all([chmod(shelf, 0o755), chmod(file, 0o755)]);
  const panel = page.getByRole('tabpanel');
  const dialog = page.getByRole('dialog');
  const open = async (tab: string): Promise<void> => {
    await page.goto(`${client.server}/hosts/${host.id}?tab=${tab}`);
    await panel.waitFor();
  };
  const fact = (name: string): Locator =>
    panel.locator('dl > div').filter({ has: page.getByText(name, { exact: true }) });
  const save = async (): Promise<void> => {
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
  };
  const settings = async (): Promise<HostSettings> =>
    (await client.call('host.show', { params: { host: host.id } })).settings;
  // Its machine.
  const { facts } = host;
  await open('summary');
  await fact('Gantry version').getByText(facts.agentVersion, { exact: true }).waitFor();
  await fact('Processor').getByText(facts.processor.model).waitFor();
  await fact('Processor').getByText(`${facts.processor.threads} processors`).waitFor();
  await fact('Operating system').getByText(facts.operatingSystem).waitFor();
  await fact('Memory')
    .getByText(/[\d.]+ [GM]iB \/ [\d.]+ [GM]iB/)
    .waitFor();
  // How consoles are served.
  const firstPort = await freePort(20);
  await open('viewers');
  await panel.getByRole('button', { name: 'Change' }).click();
  await dialog.getByLabel('Let native viewers in').check();
  await dialog.getByLabel('Address to listen on').fill('127.0.0.1');
  await dialog.getByLabel('First port').fill(String(firstPort));
  await dialog.getByLabel('Number of ports').fill('20');
  await dialog.getByLabel('Way to sign in').selectOption('tickets');
  await dialog.getByLabel('Viewers without TLS').selectOption('allowed');
  await save();
  await fact('State').getByText('Listening').waitFor();
  await fact('Address').getByText('127.0.0.1').waitFor();
  await fact('Viewer ports')
    .getByText(`${firstPort}-${firstPort + 19}`)
    .waitFor();
  await fact('Way to sign in')
    .getByText(/^Tickets/)
    .waitFor();
  await fact('TLS')
    .getByText(/^Optional/)
    .waitFor();
  assert.deepEqual((await settings()).viewers, {
    enabled: true,
    address: '127.0.0.1',
    firstPort,
    ports: 20,
    signIn: 'tickets',
    unencrypted: 'allowed',
  });
  await open('settings');
  await fact('Several people at a console').getByText('As each vm is set').waitFor();
  await panel.getByRole('button', { name: `Change the settings of ${host.name}` }).click();
  await dialog.locator('#setting-searchPath').fill(shelf);
  await dialog.locator('#setting-consoleMode').selectOption('exclusive');
  await save();
  await fact('Several people at a console').getByText('Exclusive').waitFor();
  await fact('Folders to search').getByText(shelf, { exact: true }).waitFor();
  const { consoleMode, searchPath } = await settings();
  assert.deepEqual([consoleMode, searchPath], ['exclusive', [shelf]]);
  // Who has access.
  await page.locator('#grant-subject').fill('admin');
  await page.getByRole('button', { name: 'Grant a role' }).click();
  const grant = page.getByRole('row').filter({ hasText: `host ${host.name}` });
  await grant.getByRole('button', { name: 'Withdraw' }).click();
  await grant.waitFor({ state: 'detached' });
  // Its scripts.
  await gantry.must('system', 'set', 'eventScripts=false');
  await open('eventScripts');
  await panel.getByText('None is attached.').waitFor();
  await fact('They run as').getByText('an account of their own').waitFor();
  await panel.getByRole('button', { name: `Change the scripts of ${host.name}` }).click();
  await dialog.getByRole('button', { name: 'Add: Script' }).click();
  await dialog.locator('#setting-scripts-0-event').selectOption('host.stopped');
  await dialog.locator('#setting-scripts-0-file').fill(file);
  assert.deepEqual(await findBarriersInEachLight(page), []);
  await look(page, 'host-scripts-change');
  await save();
  await panel.getByText('Scripts are switched off').waitFor();
  await gantry.must('system', 'set', 'eventScripts=true');
  await panel.getByText('Scripts are switched off').waitFor({ state: 'detached' });
  const run = panel
    .getByRole('grid', { name: 'Last runs' })
    .getByRole('row')
    .filter({ hasText: file });
  await run.getByText('not yet').waitFor();
  await gantry.must('host', 'stop', host.name, '--yes');
  await run.locator('td[data-label="Exit status"]', { hasText: '3' }).waitFor();
  await run.getByRole('button', { name: 'Output' }).click();
  await run.getByText(`said of ${host.name}`).waitFor();
  await run.getByText('in vain').waitFor();
  assert.match(await run.locator('pre').first().innerText(), /^19\d{8}$/m);
  assert.match(await run.locator('td[data-label="Last run"]').innerText(), /\d+:\d+:\d+/);
  assert.deepEqual(await findBarriersInEachLight(page), []);
  await look(page, 'host-scripts');
  assert.match(
    await gantry.must('host', 'show', host.name),
    new RegExp(`^script +${file} at host\\.stopped$`, 'm'),
  );
  await rm(shelf, { recursive: true });
}
