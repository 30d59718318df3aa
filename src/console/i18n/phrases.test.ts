import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPhraseBook } from './phrases.ts';

const say = createPhraseBook({
  'cannot start {name}': '{name} startet nicht',
  '{what} is not there': '{what} ist nicht da',
  'the disk {place}, {file}': 'die Platte {place}, {file}',
  'the network fails: {why}': 'das Netz geht nicht: {why}',
  '{name} is missing': '{name} fehlt',
  'the log {name} is missing': 'dem Protokoll {name} fehlt alles',
  'no place (at all)': 'kein Platz',
  '{path} is locked': '{path} ist gesperrt',
});

test('a sentence is said with its values in their places, those that are sentences said as well', () => {
  assert.equal(say('cannot start web-1'), 'web-1 startet nicht');
  assert.equal(say('the disk a, /x is not there'), 'die Platte a, /x ist nicht da');
  assert.equal(say('no place (at all)'), 'kein Platz');
  assert.equal(
    say('the network fails: /run/x is locked'),
    'das Netz geht nicht: /run/x ist gesperrt',
  );
});

test('a fault is said cause by cause, and what another program has said stays as it came', () => {
  assert.equal(
    say('cannot start web-1: the disk a, /x is not there'),
    'web-1 startet nicht: die Platte a, /x ist nicht da',
  );
  assert.equal(
    say('cannot start web-1: qemu: No such file'),
    'web-1 startet nicht: qemu: No such file',
  );
  assert.equal(say('a is missing; b is missing'), 'a fehlt; b fehlt');
  assert.equal(say('something new: cannot start x'), 'something new: x startet nicht');
  assert.equal(say('something new: something else'), undefined);
});

test('what says most of itself is taken, and nothing that is only like it', () => {
  assert.equal(say('the log x is missing'), 'dem Protokoll x fehlt alles');
  for (const other of [
    '',
    'web-1',
    'cannot start ',
    'Cannot start x',
    'run/x is locked',
    'toString',
  ])
    assert.equal(say(other), undefined, other);
});

test('values are taken as they are, also such as would be places or patterns', () => {
  assert.equal(say('cannot start {file} $& (.+)'), '{file} $& (.+) startet nicht');
  assert.equal(say(`cannot start ${'x'.repeat(5000)}`), undefined);
});
