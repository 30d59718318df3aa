/** What one way of using Gantry offers, the others offer too. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { routes, vmActions } from '#api';
import { commands } from '../src/cli/commands/mod.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Calls that the command line makes in another way, and the commands that do. */
const otherwise: Readonly<Record<string, readonly string[]>> = {
  // Each power verb takes any number of names.
  'vm.bulk': ['vm start', 'vm stop', 'vm save', 'vm pause', 'vm resume', 'vm turn-off'],
  // A screen in a terminal: looked at as a picture, driven by keys.
  'vm.screen.open': ['vm screenshot', 'vm type', 'vm send-keys'],
};

/** Actions whose command has a name of its own. */
const verbs: Readonly<Record<string, readonly string[]>> = {
  configure: ['vm set', 'vm attach-adapter', 'vm detach-adapter'],
  'change-disks': ['vm attach-disk', 'vm detach-disk', 'vm convert-disk'],
  relocate: ['vm move', 'vm move-disk'],
  'insert-media': ['vm insert', 'vm eject'],
  screen: ['vm screenshot', 'vm type', 'vm send-keys'],
};

function textOf(room: 'cli' | 'console'): string {
  const files = globSync(`src/${room}/**/*.{ts,tsx}`, { cwd: root });
  return files
    .filter((file) => !file.includes('.test.'))
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n');
}

const words = new Set(commands.flatMap(({ name, aliases = [] }) => [name, ...aliases]));
const ofVms = Object.keys(routes).filter((name) => name.startsWith('vm.'));

test('VM-20 every call about vms that the API has and the console makes is made by a command too', () => {
  const [cli, console] = [textOf('cli'), textOf('console')];
  assert.ok(ofVms.filter((name) => console.includes(`'${name}'`)).length > 10);
  const missing = ofVms.filter((name) => {
    if (cli.includes(`'${name}'`)) return false;
    return !(otherwise[name] ?? ['?']).every((word) => words.has(word));
  });
  assert.deepEqual(missing, []);
});

test('VM-20 every action on a vm has a command', () => {
  const missing = Object.keys(vmActions).filter(
    (action) => !(verbs[action] ?? [`vm ${action}`]).every((word) => words.has(word)),
  );
  assert.deepEqual(missing, []);
});
