/**
 * Keys by their numbers in Linux (input-event-codes.h), which every libvirt knows (virKeycodeSet 0), with the names that
 * QEMU gives them.
 */
import { Fault } from '#lib';

/** virKeycodeSet: Linux. */
export const keyCodeSet = 0;

/** Runs of keys whose numbers follow each other. */
const runs: readonly (readonly [first: number, names: string])[] = [
  [1, 'esc 1 2 3 4 5 6 7 8 9 0 minus equal backspace tab'],
  [16, 'q w e r t y u i o p bracket_left bracket_right ret ctrl'],
  [30, 'a s d f g h j k l semicolon apostrophe grave_accent shift backslash'],
  [44, 'z x c v b n m comma dot slash shift_r kp_multiply alt spc caps_lock'],
  [59, 'f1 f2 f3 f4 f5 f6 f7 f8 f9 f10 num_lock scroll_lock'],
  [71, 'kp_7 kp_8 kp_9 kp_subtract kp_4 kp_5 kp_6 kp_add kp_1 kp_2 kp_3 kp_0 kp_decimal'],
  [86, 'less f11 f12'],
  [96, 'kp_enter ctrl_r kp_divide sysrq alt_r'],
  [102, 'home up pgup left right end down pgdn insert delete'],
  [116, 'power'],
  [119, 'pause'],
  [125, 'meta_l meta_r'],
  [139, 'menu'],
  [142, 'sleep wake'],
];

const codes: ReadonlyMap<string, number> = new Map([
  ...runs.flatMap(([first, names]) =>
    names.split(' ').map((name, at) => [name, first + at] as const),
  ),
  // One key has both names on it.
  ['print', 99],
]);

const names: ReadonlyMap<number, string> = new Map([...codes].map(([name, code]) => [code, name]));

/** Errors: `invalid` for a key that has no number. */
export function keyCode(name: string): number {
  const code = codes.get(name);
  if (code !== undefined) return code;
  throw new Fault('invalid', `the key ${name} cannot be pressed over a libvirt connection`);
}

/** Errors: `invalid` for a number that is no key's here. */
export function keyName(code: number): string {
  const name = names.get(code);
  if (name !== undefined) return name;
  throw new Fault('invalid', `no key has the number ${code} in Linux`);
}
