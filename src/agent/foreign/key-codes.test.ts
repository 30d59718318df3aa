import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyCode, keyName } from '#libvirt';
import { parseKeys, typeText } from '#qemu';

void test('every key that text or a combination asks for has the number of Linux', () => {
  const ascii = String.fromCharCode(...Array.from({ length: 95 }, (_, at) => 32 + at));
  for (const layout of ['us', 'de'] as const) typeText(ascii, layout).flat().forEach(keyCode);
  assert.deepEqual(parseKeys('ctrl-alt-del').map(keyCode), [29, 56, 111]);
  assert.deepEqual(parseKeys('win-f12').map(keyCode), [125, 88]);
  assert.deepEqual([29, 56, 111, 125].map(keyName), ['ctrl', 'alt', 'delete', 'meta_l']);
  assert.deepEqual(
    typeText('A1\n', 'us').map((chord) => chord.map(keyCode)),
    [[42, 30], [2], [28]],
  );
  const others =
    'altgr pgup pgdn up down left right home end ins print sysrq pause menu sleep wake';
  const pads = 'kp_0 kp_5 kp_9 kp_enter kp_divide kp_decimal num_lock scroll_lock caps_lock power';
  for (const key of `${others} ${pads}`.split(' ')) assert.ok(keyCode(parseKeys(key)[0] ?? '') > 0);
});
