/** What one way of using Gantry offers, the others offer too. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  actionOfWord,
  routes,
  vmActions,
  type Client,
  type EventAttributes,
  type EventName,
  type Vm,
} from '#api';
import { Fault, faultCodes, type FaultCode } from '#lib';
import { commands } from '../src/cli/commands/mod.ts';
import { exitCodeOf } from '../src/cli/exit.ts';
import { parseWords } from '../src/cli/parse.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Calls that the command line makes in another way, and the commands that do. */
const otherwise: Readonly<Record<string, readonly string[]>> = {
  // Each power verb takes any number of names.
  'vm.bulk': ['vm start', 'vm stop', 'vm save', 'vm pause', 'vm resume', 'vm turn-off'],
  // The command line sends its token in a header.
  'vm.console.ticket': ['vm console'],
  // A screen in a terminal: looked at as a picture, driven by keys.
  'vm.screen.open': ['vm screenshot', 'vm type', 'vm send-keys'],
  // The client makes the calls, and makes them again where the stream or the way has broken off.
  'event.watch': ['event watch'],
  'host.upload.begin': ['host upload'],
  'host.upload.send': ['host upload'],
  'host.upload.show': ['host upload'],
};

/** Actions whose command has a name of its own. */
const verbs: Readonly<Record<string, readonly string[]>> = {
  configure: ['vm set', 'vm attach-adapter', 'vm detach-adapter'],
  'change-disks': ['vm attach-disk', 'vm detach-disk', 'vm convert-disk', 'vm compact-disk'],
  'clone-snapshot': ['vm clone'],
  'make-template': ['vm template'],
  'end-template': ['vm template'],
  relocate: ['vm move'],
  'move-disk': ['vm move-disk'],
  migrate: ['vm move'],
  'take-snapshot': ['vm snapshot take'],
  'revert-snapshot': ['vm snapshot revert'],
  'delete-snapshot': ['vm snapshot delete'],
  'insert-media': ['vm insert', 'vm eject'],
  screen: ['vm screenshot', 'vm type', 'vm send-keys'],
};

/** Calls for which the command line has no use: whoever makes them instead. */
const ofOthers: Readonly<Record<string, string>> = {
  'session.create': 'browsers, which keep a cookie',
  'session.password': 'browsers, at the first sign-in by a link',
  'session.second-factor.begin': 'browsers, at the sign-in',
  'session.second-factor.confirm': 'browsers, at the sign-in',
  'session.delete': 'browsers, at the sign-out',
  'console.link.open': 'browsers of people without an account',
  'host.join': 'agents',
  'host.certificate': 'agents',
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

test('API-08 every call of the API is made by a command of noun and verb, by name or id, in five formats, with a wait option and exit codes by kind of fault', () => {
  const cli = textOf('cli');
  const missing = Object.keys(routes).filter(
    (name) =>
      !cli.includes(`'${name}'`) &&
      !Object.hasOwn(ofOthers, name) &&
      !(otherwise[name] ?? ['?']).every((word) => words.has(word)),
  );
  assert.deepEqual(missing, []);
  const ofNouns = commands.filter(({ name }) => name.includes(' '));
  assert.deepEqual(
    commands.filter((one) => !ofNouns.includes(one)).map(({ name }) => name),
    ['up', 'down', 'status', 'uninstall', 'apply', 'test', 'web', 'completion', '__complete'],
  );
  for (const command of ofNouns) {
    const given = command.args.map(({ name }) => name);
    for (const format of ['table', 'wide', 'json', 'yaml', 'csv'])
      assert.equal(parseWords(command, [...given, '-o', format]).options['output'], format);
    assert.equal(parseWords(command, [...given, '--no-wait']).options['no-wait'], true);
    for (const { completes, meaning } of command.args)
      if (completes === 'vm' || completes === 'host' || completes === 'image')
        assert.match(meaning, /\b(names?|ids?|members)\b/, command.name);
  }
  const codes = Object.keys(faultCodes).map((code) => exitCodeOf(code as FaultCode));
  assert.equal(new Set(codes).size, codes.length);
  assert.ok(!codes.includes(0));
});

test('VM-20 every action on a vm has a command', () => {
  const missing = Object.keys(vmActions).filter(
    (action) => !(verbs[action] ?? [`vm ${action}`]).every((word) => words.has(word)),
  );
  assert.deepEqual(missing, []);
});

test('VM-40 VM-44 VM-45 each word that the API takes for a power action is one of the command line, for the same action', () => {
  const taken = routes['vm.act'].params.shape.action.options;
  assert.ok(taken.includes('power-off-now'));
  const now = { state: 'running', additions: 'running', onHostStop: 'save' } as const;
  for (const word of taken) {
    const verb = commands.find(
      ({ name, aliases = [] }) => name === `vm ${word}` || aliases.includes(`vm ${word}`),
    );
    const action = actionOfWord(verb?.name.replace(/^vm /, '') ?? '', now);
    assert.ok(action !== undefined, word);
    assert.equal(action, actionOfWord(word, now), word);
  }
});

test('API-07 command line and console speak HTTP through the typed client of the product alone', () => {
  const sources = globSync('src/{cli,console}/**/*.{ts,tsx}', { cwd: root })
    .filter((file) => !file.includes('.test.'))
    .map((file) => [file, readFileSync(join(root, file), 'utf8')] as const);
  const withText = (pattern: RegExp): readonly string[] =>
    sources.filter(([, text]) => pattern.test(text)).map(([file]) => file);
  const both = ['src/cli/connection.ts', 'src/console/main.tsx'];
  assert.deepEqual(withText(/\bnew Client\(/).toSorted(), both);
  // What the console fetches with, it gives to the client. The front end asks nothing: it passes on what browsers ask.
  const others = /\bfetch\(|XMLHttpRequest|EventSource\(|from 'node:https?'|from 'undici'/;
  const asking = withText(others).filter((file) => !file.startsWith('src/cli/web/'));
  assert.deepEqual(asking, ['src/console/main.tsx']);
  for (const file of both) assert.match(textIn(sources, file), /\bClient\b[^;]*from '#api'/);
  assert.equal(typeof typedCalls, 'function');
});

function textIn(sources: readonly (readonly [string, string])[], wanted: string): string {
  return sources.find(([file]) => file === wanted)?.[1] ?? '';
}

/** Never called: the compiler's judgement of resources, actions, events and faults is the test. */
async function typedCalls(client: Client): Promise<unknown> {
  const vm: Vm = await client.call('vm.show', { params: { vm: 'a' } });
  const sizeBytes: number = vm.definition.hardware.memory.sizeBytes;
  // @ts-expect-error there is no such call
  await client.call('vm.fly', { params: { vm: 'a' } });
  // @ts-expect-error a name is a text
  await client.call('vm.create', { body: { name: 1 } });
  // @ts-expect-error there is no such action
  const action: PowerAction = 'fly';
  const saved: EventAttributes<'vm.state.saved'> = { sizeBytes, durationMs: 1 };
  // @ts-expect-error there is no such event
  const none: EventName = 'vm.state.flown';
  // @ts-expect-error there is no such fault
  const fault = new Fault('flown', 'x');
  return [saved, none, action, fault];
}
