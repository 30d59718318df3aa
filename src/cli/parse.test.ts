import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '#lib';
import { commonOptions } from './command.ts';
import { commands } from './commands/mod.ts';
import { findCommand, longestGroup, nearest, parseWords } from './parse.ts';

function parse(line: readonly string[]) {
  const found = findCommand(commands, line);
  assert.ok(found, `no command in ${line.join(' ')}`);
  return parseWords(found.command, found.rest);
}

/** Splits as a shell would, as far as the examples need it. */
function words(example: string): readonly string[] {
  return [...example.replace(/ [>|].*$/, '').matchAll(/"([^"]*)"|(\S+)/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
}

void test('every example of every command is accepted by the parser', () => {
  for (const command of commands) {
    for (const example of command.examples) {
      const line = words(example.replace(/^source <\((.*)\)$/, '$1'));
      assert.equal(line[0], 'gantry', example);
      assert.equal(parse(line.slice(1)).command.name, command.name, example);
    }
  }
});

void test('names and aliases of commands are unique', () => {
  const all = commands.flatMap((command) => [command.name, ...(command.aliases ?? [])]);
  assert.deepEqual(
    all.filter((name, index) => all.indexOf(name) !== index),
    [],
  );
});

void test('no command redefines a common option, and short letters do not clash', () => {
  for (const command of commands) {
    const names = Object.keys(command.options);
    assert.deepEqual(
      names.filter((name) => Object.hasOwn(commonOptions, name)),
      [],
      command.name,
    );
    const letters = [...Object.values(commonOptions), ...Object.values(command.options)].flatMap(
      (option) => ('short' in option && option.short !== undefined ? [option.short] : []),
    );
    assert.equal(new Set(letters).size, letters.length, command.name);
  }
});

void test('options and arguments may be mixed, given with = or apart, short or long', () => {
  const parsed = parse([
    'vm',
    'create',
    '-m',
    '1G',
    'web',
    '--processors=2',
    '--forward',
    '8080:80',
    '--forward',
    '2222:22',
    '-s',
  ]);
  assert.deepEqual(parsed.args, ['web']);
  assert.deepEqual(parsed.options, {
    memory: 1024 ** 3,
    processors: 2,
    forward: ['8080:80', '2222:22'],
    start: true,
  });
});

void test('common options may stand before the command', () => {
  const parsed = parse(['--data', '/tmp/a', '-o', 'json', '--debug', 'vm', 'show', 'hello']);
  assert.equal(parsed.command.name, 'vm show');
  assert.deepEqual(parsed.args, ['hello']);
  assert.deepEqual(parsed.options, { data: '/tmp/a', output: 'json', debug: true });
  assert.deepEqual(parse(['--data=/tmp/a', 'vm', 'list']).options, { data: '/tmp/a' });
});

void test('what follows -- is an argument even with a hyphen in front', () => {
  assert.deepEqual(parse(['vm', 'type', 'hello', '--', '-v']).args, ['hello', '-v']);
});

void test('a mistake is a fault that names it and the next step', () => {
  const cases: readonly (readonly [readonly string[], RegExp, RegExp])[] = [
    [['vm', 'list', '--filtre', 'x'], /no option --filtre/, /--filter/],
    [['vm', 'show'], /needs vm/, /gantry vm show hello/],
    [['vm', 'show', 'a', 'b'], /does not take "b"/, /--help/],
    [['vm', 'start', 'a', '--boot', 'tape'], /cannot be "tape"/, /disk, cd/],
    [['vm', 'create', 'a', '--memory', 'lots'], /"lots" is not a size/, /512M/],
    [['vm', 'create', 'a', '--processors', 'two'], /not a number/, /^$/],
    [['vm', 'create', 'a', '--memory'], /needs a value/, /SIZE/],
    [['vm', 'create', 'a', '--disk', '10'], /--disk 10 is 10 B/, /the unit: 10G, 10M/],
    [['vm', 'create', 'a', '-m', '512k'], /--memory 512k is 512 KiB/, /at least 1 MiB/],
    [['vm', 'create', 'a', '--cpus', '2'], /no option --cpus/, /did you mean --processors/],
    [['vm', 'create', 'a', '--iso', 'x'], /no option --iso/, /vm create --help/],
  ];
  for (const [line, message, hint] of cases) {
    assert.throws(
      () => parse(line),
      (error: unknown) =>
        error instanceof Fault &&
        error.code === 'invalid' &&
        message.test(error.message) &&
        hint.test(error.hint ?? ''),
      line.join(' '),
    );
  }
});

void test('any words end in a parsed command or a fault, never in another error', () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'vm',
      'list',
      'create',
      '--',
      '-o',
      '--output',
      '--memory=1G',
      '-',
      '--help',
      '__proto__',
      '--__proto__',
      '--constructor=1',
    ),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), (line) => {
      try {
        const found = findCommand(commands, line);
        if (found) parseWords(found.command, found.rest);
      } catch (error) {
        assert.ok(error instanceof Fault, String(error));
      }
    }),
  );
});

void test('the nearest known word is found within a few letters, and nothing far away', () => {
  assert.equal(nearest('vm strat', ['vm start', 'vm stop', 'host list']), 'vm start');
  assert.equal(nearest('completely different', ['vm start']), undefined);
});

void test('words that begin commands are known as a group of them', () => {
  const names = commands.map(({ name }) => name);
  for (const [line, group] of [
    ['vm', 'vm'],
    ['vm snapshot', 'vm snapshot'],
    ['vm snapshot undo web', 'vm snapshot'],
    ['vm fly', 'vm'],
    ['v', ''],
    ['', ''],
  ] as const)
    assert.equal(longestGroup(names, line.split(' ')).join(' '), group, line);
});
