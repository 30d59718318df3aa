import assert from 'node:assert/strict';
import { test } from 'node:test';
import { typedAs } from './typed-as.ts';

const first = new Set(['vm', 'operation']);
const hint = 'look at: gantry operation list';

void test('a command in a hint is shown as this person types it', () => {
  assert.equal(typedAs([], {}, first)(hint), hint);
  assert.equal(
    typedAs(['vm', 'list'], { GANTRY_COMMAND: './gantry' }, first)(hint),
    'look at: ./gantry operation list',
  );
});

void test('with the installation that was chosen on the command line, quoted for a shell', () => {
  const argv = [
    'vm',
    'list',
    '--data',
    "/tmp/it's mine",
    '--server=https://h:7443',
    '--',
    '--data',
  ];
  assert.equal(
    typedAs(argv, {}, first)(hint),
    String.raw`look at: gantry --data '/tmp/it'\''s mine' --server=https://h:7443 operation list`,
  );
});

void test('the name of the product in a sentence stays', () => {
  const text = 'gantry was started by another person';
  assert.equal(typedAs([], { GANTRY_COMMAND: './gantry' }, first)(text), text);
});
