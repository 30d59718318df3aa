/**
 * Automatic start of a vm and the account that it runs under, on its page in a browser and by the command line, in a
 * system of its own, in which accounts are made and locked.
 */
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Vm } from '#api';
import { ensureConsole } from '../../src/cli/system/console-build.ts';
import {
  browserInNetwork,
  findBarriersInEachLight,
  noBrowser,
  openBrowser,
  signInByLink,
  sitAtBrowser,
} from './browser.ts';
import { look } from './screen-room.ts';
import { SystemdMachine, withoutSystemd } from './systemd-machine.ts';

const skip = noBrowser || withoutSystemd;

test(
  'WEB-41 automatic start is off at first, the general page shows the account of the vm, one of few rights where none is chosen, and the setting is refused while that account is missing or locked',
  { skip },
  async () => {
    const signal = AbortSignal.timeout(120_000);
    // The machine cannot: the tree is read-only there.
    await ensureConsole({ out: { note: () => undefined } as never, signal });
    await using machine = await SystemdMachine.make();
    machine.gantry('up', '--yes', '--no-vm', '--no-install');
    machine.must('pwconv');
    machine.must('useradd', '--system', '--password', 'x', 'keeper');
    machine.gantry('vm', 'create', 'mailer', '--memory', '64M', '--network', 'none');
    const show = (): Vm => JSON.parse(machine.gantry('vm', 'show', 'mailer', '-o', 'json')) as Vm;
    const { id, definition } = show();
    assert.deepEqual(
      [definition.settings.start.onHostStart, definition.settings.runAs],
      ['off', null],
    );
    const folder = await mkdtemp(join(tmpdir(), 'gb-'));
    const program = join(folder, 'browser');
    await writeFile(program, browserInNetwork(machine.firstProcess ?? ''));
    await chmod(program, 0o755);
    const browser = await openBrowser(program);
    try {
      const { page, complaints } = await sitAtBrowser(browser);
      const link = machine.gantry('user', 'link', 'admin');
      await signInByLink(page, link);
      await page.getByRole('heading', { level: 1, name: 'Status' }).waitFor();
      await page.goto(`${new URL(page.url()).origin}/vms/${id}?tab=identity`);
      const panel = page.getByRole('tabpanel');
      const dialog = page.getByRole('dialog');
      const automatic = page.locator('#setting-settings-start-onHostStart');
      const account = page.locator('#setting-settings-runAs');
      const shown = panel
        .locator('dl > div')
        .filter({ has: page.getByText('Runs under the account', { exact: true }) });
      const saveRefused = async (why: string): Promise<void> => {
        await page.getByRole('button', { name: 'Review and save' }).click();
        await dialog.getByRole('button', { name: 'Save' }).click();
        await dialog.getByText(`cannot let mailer start with its host: ${why}`).waitFor();
      };
      await shown.getByText('one of its own, with no rights but to its files').waitFor();
      assert.equal(await automatic.inputValue(), 'off');
      await automatic.selectOption('always');
      await account.fill('ghost');
      await shown.getByText('ghost', { exact: true }).waitFor();
      await saveRefused('there is no account ghost on this host');
      assert.deepEqual(await findBarriersInEachLight(page), []);
      await look(page, 'automatic-start-refused');
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      machine.must('usermod', '--lock', 'keeper');
      await account.fill('keeper');
      await saveRefused('the account keeper is closed');
      const { start, runAs } = show().definition.settings;
      assert.deepEqual([start.onHostStart, runAs], ['off', null]);
      machine.must('usermod', '--unlock', 'keeper');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.waitFor({ state: 'detached' });
      await shown.getByText('keeper', { exact: true }).waitFor();
      await shown.scrollIntoViewIfNeeded();
      await look(page, 'automatic-start');
      assert.deepEqual(complaints, []);
    } finally {
      await browser.close();
      await rm(folder, { recursive: true });
    }
    assert.equal(show().definition.settings.start.onHostStart, 'always');
    const refused = (why: RegExp, ...settings: readonly string[]): void => {
      const { code, err } = machine.run('/opt/gantry/gantry', 'vm', 'set', 'mailer', ...settings);
      assert.notEqual(code, 0);
      assert.match(err, why);
    };
    refused(/start with its host: there is no account ghost/, 'settings.runAs=ghost');
    machine.gantry('vm', 'set', 'mailer', 'settings.start.onHostStart=off');
    machine.must('usermod', '--lock', 'keeper');
    refused(/the account keeper is closed/, 'settings.start.onHostStart=if-was-running');
  },
);
