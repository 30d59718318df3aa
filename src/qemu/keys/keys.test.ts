import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '#lib';
import * as qmp from '../qmp/commands.ts';
import { startBareQemu, TemporaryFolder, withoutQemu } from '../testing/real-qemu.ts';
import { parseKeys, typeText } from './keys.ts';
import { characterChords, layouts } from './layouts.ts';

void test('text is typed as on a US keyboard', () => {
  assert.deepEqual(typeText('Az-1!\n', 'us'), [
    ['shift', 'a'],
    ['z'],
    ['minus'],
    ['1'],
    ['shift', '1'],
    ['ret'],
  ]);
  assert.deepEqual(typeText('a\r\nb\rc', 'us').flat(), ['a', 'ret', 'b', 'ret', 'c']);
});

void test('text is typed as on a German keyboard, with swapped letters and dead keys', () => {
  assert.deepEqual(typeText('Zyß/@|', 'de'), [
    ['shift', 'y'],
    ['z'],
    ['minus'],
    ['shift', '7'],
    ['alt_r', 'q'],
    ['alt_r', 'less'],
  ]);
  assert.deepEqual(typeText('^`', 'de'), [['grave_accent'], ['spc'], ['shift', 'equal'], ['spc']]);
});

void test('every printable ASCII character can be typed on both keyboards', () => {
  const printable = Array.from({ length: 95 }, (_, nth) => String.fromCodePoint(0x20 + nth)).join(
    '',
  );
  for (const layout of layouts) assert.ok(typeText(printable, layout).length >= 95);
});

void test('no two characters of a keyboard are typed alike', () => {
  for (const layout of layouts) {
    const typed = Array.from(characterChords[layout].values(), (chords) => JSON.stringify(chords));
    assert.equal(new Set(typed).size, typed.length);
  }
});

void test('a character that the keyboard does not have is named', () => {
  for (const [text, shown] of [
    ['aß', '"ß" (U+00DF)'],
    ['😀', '"😀" (U+1F600)'],
    ['\u0007', 'U+0007'],
  ] as const) {
    assert.throws(
      () => typeText(text, 'us'),
      (error) =>
        error instanceof Fault && error.code === 'invalid' && error.message.includes(shown),
    );
  }
});

void test('too much text is refused', () => {
  assert.throws(
    () => typeText('x'.repeat(4097), 'us'),
    (error) => error instanceof Fault && error.code === 'too-large',
  );
});

void test('combinations have the names people use', () => {
  assert.deepEqual(parseKeys('ctrl-alt-del'), ['ctrl', 'alt', 'delete']);
  assert.deepEqual(parseKeys('Ctrl+Alt+F2'), ['ctrl', 'alt', 'f2']);
  assert.deepEqual(parseKeys('win-r'), ['meta_l', 'r']);
  for (const combination of ['', 'ctrl-', 'ctrl-alt-nothing', 'a-b-c-d-e-f-g-h-i']) {
    assert.throws(
      () => parseKeys(combination),
      (error) => error instanceof Fault && error.code === 'invalid',
    );
  }
});

void test('a real QEMU knows every key', { skip: withoutQemu }, async () => {
  await using folder = await TemporaryFolder.make();
  await using qemu = await startBareQemu(folder);
  await qmp.cont(qemu.qmp);
  const chords = layouts.flatMap((layout) => [...characterChords[layout].values()].flat());
  const names =
    'shift_r ctrl_r menu meta_r home end pgup pgdn up down left right print sysrq pause';
  const more = 'scroll-lock capslock numlock kp_0 kp_9 kp_enter kp_add kp_subtract kp_multiply';
  const rest = 'kp_divide kp_decimal power sleep wake f1 f12 insert ctrl-alt-del';
  const named = `${names} ${more.replace('scroll-lock', 'scrolllock')} ${rest}`.split(' ');
  const all = [...chords, ...named.map((name) => parseKeys(name))];
  const distinct = new Map(all.map((chord) => [JSON.stringify(chord), chord]));
  for (const chord of distinct.values()) await qmp.sendKey(qemu.qmp, chord, 1);
  await qmp.inputSendEvent(qemu.qmp, [
    { kind: 'key', qcode: 'a', motion: 'down' },
    { kind: 'key', qcode: 'a', motion: 'up' },
    { kind: 'movement', axis: 'x', value: 3 },
    { kind: 'button', button: 'left', motion: 'down' },
    { kind: 'button', button: 'left', motion: 'up' },
  ]);
});
