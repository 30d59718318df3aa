/** From text and from names of keys to what `send-key` takes. */
import { Fault } from '#lib';
import { characterChords, type KeyChord, type Layout } from './layouts.ts';

const maxCharacters = 4096;
/** QEMU takes more; no keyboard has a use for them. */
const maxKeysTogether = 8;

/**
 * The chords that type the text on a keyboard of that layout, in order. A line end of any kind is Enter.
 * Errors: `invalid` naming the first character that the keyboard does not have; `too-large`.
 */
export function typeText(text: string, layout: Layout): readonly KeyChord[] {
  if (text.length > maxCharacters) {
    throw new Fault('too-large', `more than ${maxCharacters} characters cannot be typed at once`);
  }
  const chords = characterChords[layout];
  return Array.from(text.replaceAll(/\r\n?/g, '\n')).flatMap((character) => {
    const known = chords.get(character);
    if (known) return known;
    const point = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
    const shown = /\p{Cc}/u.test(character) ? `U+${point}` : `"${character}" (U+${point})`;
    throw new Fault('invalid', `a ${layout} keyboard has no key for ${shown}`, {
      facts: { character, layout },
      hint: 'choose the keyboard layout that the guest uses, or leave the character out',
    });
  });
}

/** Names people use for keys, beside QEMU's own. */
const aliases: Readonly<Record<string, string>> = {
  control: 'ctrl',
  altgr: 'alt_r',
  win: 'meta_l',
  windows: 'meta_l',
  super: 'meta_l',
  meta: 'meta_l',
  del: 'delete',
  ins: 'insert',
  escape: 'esc',
  enter: 'ret',
  return: 'ret',
  space: 'spc',
  pageup: 'pgup',
  pagedown: 'pgdn',
  printscreen: 'print',
  scrolllock: 'scroll_lock',
  capslock: 'caps_lock',
  numlock: 'num_lock',
  plus: 'kp_add',
};

const namedKeys: ReadonlySet<string> = new Set(
  [
    'shift shift_r ctrl ctrl_r alt alt_r meta_l meta_r menu',
    'esc tab ret spc backspace insert delete home end pgup pgdn up down left right',
    'print sysrq pause scroll_lock caps_lock num_lock power sleep wake',
    'minus equal bracket_left bracket_right backslash semicolon apostrophe grave_accent',
    'comma dot slash less kp_enter kp_add kp_subtract kp_multiply kp_divide kp_decimal',
    'kp_0 kp_1 kp_2 kp_3 kp_4 kp_5 kp_6 kp_7 kp_8 kp_9',
    'f1 f2 f3 f4 f5 f6 f7 f8 f9 f10 f11 f12',
    'a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5 6 7 8 9',
  ].flatMap((names) => names.split(' ')),
);

/**
 * The keys of a combination such as `ctrl-alt-del`, `ctrl+alt+f2` or `win-r`, to be pressed together.
 * Keys have their names on a US keyboard, in any case.
 * Errors: `invalid` naming the part that is not a key.
 */
export function parseKeys(combination: string): KeyChord {
  const parts = combination.slice(0, 256).toLowerCase().split(/[-+]/);
  if (parts.length > maxKeysTogether) {
    throw new Fault('invalid', `more than ${maxKeysTogether} keys cannot be pressed together`);
  }
  return parts.map((part) => {
    const name = part.trim();
    const key = aliases[name] ?? name;
    if (namedKeys.has(key)) return key;
    throw new Fault(
      'invalid',
      `"${name.slice(0, 40)}" in "${combination.slice(0, 80)}" is not a key`,
      {
        hint: 'write for example ctrl-alt-del, ctrl-alt-f2 or win-r',
      },
    );
  });
}
