import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findInstallation, type Installation } from '../installation.ts';
import { checkDataFolder, foldersMade, removeFolders } from './footprint.ts';
import { writeStartSettings } from './settings.ts';

const program = fileURLToPath(new URL('../main.ts', import.meta.url));

function folderFor(context: TestContext): string {
  const data = mkdtempSync(join(tmpdir(), 'gantry-foot-'));
  context.after(() => rmSync(data, { recursive: true, force: true }));
  return data;
}

function installationAt(data: string): Installation {
  return findInstallation({ data }, { environment: {}, uid: 0, home: '/root' });
}

function uninstall(data: string): { readonly code: number | null; readonly text: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [program, 'uninstall', '--yes', '--data', data],
    { encoding: 'utf8', env: { PATH: process.env['PATH'] } },
  );
  return { code: status, text: stdout + stderr };
}

void test('uninstall touches nothing in a folder where Gantry is not installed', (context) => {
  const data = folderFor(context);
  for (const name of ['agent', 'config', 'log', 'run', 'ssl']) {
    mkdirSync(join(data, name));
    writeFileSync(join(data, name, 'precious'), 'x');
  }
  const { code, text } = uninstall(data);
  assert.equal(code, 0);
  assert.match(text, /nothing is installed at /);
  for (const name of ['agent', 'config', 'log', 'run', 'ssl'])
    assert.ok(existsSync(join(data, name, 'precious')), name);
});

void test('uninstall deletes what the programs made, and leaves what else lies in the data folder', (context) => {
  const data = folderFor(context);
  writeStartSettings(installationAt(data), { listen: '127.0.0.1:1', simulate: null });
  mkdirSync(join(data, 'coordinator'));
  writeFileSync(join(data, 'precious'), 'x');
  const { code, text } = uninstall(data);
  assert.equal(code, 0, text);
  assert.match(text, /it holds other things: precious/);
  assert.deepEqual(readdirSync(data), ['precious']);
});

void test('of a user who is not root the folders above go too, where nothing else is in them', (context) => {
  const home = folderFor(context);
  const installation = findInstallation({}, { environment: {}, uid: 987_654_321, home });
  const { data, config, runtime } = installation;
  const remove = (): void => {
    writeStartSettings(installation, { listen: '127.0.0.1:1', simulate: null });
    for (const folder of [join(data, 'log'), runtime]) mkdirSync(folder, { recursive: true });
    removeFolders(installation, foldersMade(installation, 'with-data'), home);
  };
  remove();
  assert.deepEqual(readdirSync(home), []);
  assert.equal(existsSync(dirname(runtime)), false);
  writeFileSync(join(home, '.profile'), '');
  mkdirSync(join(dirname(config), 'editor'), { recursive: true });
  remove();
  assert.deepEqual(readdirSync(home, { recursive: true }), [
    '.config',
    '.profile',
    '.config/editor',
  ]);
});

void test('a data folder goes with the last that was made in it', (context) => {
  const data = folderFor(context);
  writeStartSettings(installationAt(data), { listen: '127.0.0.1:1', simulate: null });
  assert.equal(uninstall(data).code, 0);
  assert.ok(!existsSync(data));
});

void test('up begins beside other things, but not where one of its own names is taken', (context) => {
  const data = folderFor(context);
  writeFileSync(join(data, 'passwd'), 'x');
  mkdirSync(join(data, 'config'));
  writeFileSync(join(data, 'config', 'certificate.pem'), 'x');
  mkdirSync(join(data, 'log'));
  checkDataFolder(installationAt(data));
  assert.throws(() => checkDataFolder(installationAt(join(data, 'passwd'))), { code: 'invalid' });
  for (const name of ['agent', 'coordinator', 'log', 'run']) {
    mkdirSync(join(data, name), { recursive: true });
    writeFileSync(join(data, name, 'precious'), 'x');
    assert.throws(() => checkDataFolder(installationAt(data)), {
      code: 'refused',
      message: `${join(data, name)} is there already, and no installation of Gantry`,
    });
    rmSync(join(data, name), { recursive: true });
  }
  writeStartSettings(installationAt(data), { listen: '127.0.0.1:1', simulate: null });
  mkdirSync(join(data, 'log'));
  writeFileSync(join(data, 'log', 'agent.log'), 'x');
  checkDataFolder(installationAt(data));
});

void test('the folders of the system are not taken', () => {
  for (const data of ['/', '/etc', '/opt', '/run', '/usr', '/var'])
    assert.throws(
      () => checkDataFolder(installationAt(data)),
      { code: 'refused', message: `${data} is a folder of the system` },
      data,
    );
});
