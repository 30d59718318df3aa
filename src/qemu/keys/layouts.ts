/**
 * How characters are typed on two keyboards, in QEMU's names for keys (qcodes, named after the US keyboard
 * whatever the layout: qapi/ui.json).
 */

/** The keys of one character: pressed together, or one combination after another (dead keys). */
export type KeyChord = readonly string[];

export const layouts = ['us', 'de'] as const;
export type Layout = (typeof layouts)[number];

const shift = 'shift';
const altGr = 'alt_r';

const digits = '0123456789';

/** Each pair of texts: what the keys give, in the order of the keys. */
type Row = readonly [keys: readonly string[], plain: string, shifted: string];

/** Names set apart by spaces, or letters in a row. */
function keysOf(names: string): readonly string[] {
  return names.includes(' ') ? names.split(' ') : Array.from(names);
}

const usRows: readonly Row[] = [
  [
    keysOf('qwertyuiopasdfghjklzxcvbnm'),
    'qwertyuiopasdfghjklzxcvbnm',
    'QWERTYUIOPASDFGHJKLZXCVBNM',
  ],
  [keysOf(digits), digits, ')!@#$%^&*('],
  [
    keysOf(
      'grave_accent minus equal bracket_left bracket_right backslash semicolon apostrophe comma dot slash',
    ),
    "`-=[]\\;',./",
    '~_+{}|:"<>?',
  ],
];

const deRows: readonly Row[] = [
  [
    keysOf('qwertzuiopasdfghjklyxcvbnm').map(swapYz),
    'qwertzuiopasdfghjklyxcvbnm',
    'QWERTZUIOPASDFGHJKLYXCVBNM',
  ],
  [keysOf(digits), digits, '=!"§$%&/()'],
  [
    keysOf('minus bracket_left bracket_right semicolon apostrophe backslash comma dot slash less'),
    'ßü+öä#,.-<',
    "?Ü*ÖÄ';:_>",
  ],
];

/** With AltGr, on the German keyboard. */
const deThird: Readonly<Record<string, string>> = {
  '@': 'q',
  '€': 'e',
  µ: 'm',
  '²': '2',
  '³': '3',
  '{': '7',
  '[': '8',
  ']': '9',
  '}': '0',
  '\\': 'minus',
  '~': 'bracket_right',
  '|': 'less',
};

/** Dead keys of the German keyboard: the accent appears after a space. */
const deDead: Readonly<Record<string, KeyChord>> = {
  '^': ['grave_accent'],
  '´': ['equal'],
  '`': [shift, 'equal'],
};

/** The key that gives Z on a German keyboard is the one called Y, and the other way round. */
function swapYz(key: string): string {
  if (key === 'z') return 'y';
  return key === 'y' ? 'z' : key;
}

const shared: readonly (readonly [character: string, chords: readonly KeyChord[]])[] = [
  [' ', [['spc']]],
  ['\n', [['ret']]],
  ['\t', [['tab']]],
  ['\b', [['backspace']]],
  ['\u001b', [['esc']]],
];

function compose(rows: readonly Row[]): Map<string, readonly KeyChord[]> {
  const map = new Map<string, readonly KeyChord[]>(shared);
  for (const [keys, plain, shifted] of rows) {
    const [low, high] = [Array.from(plain), Array.from(shifted)];
    for (const [index, key] of keys.entries()) {
      map.set(low[index] ?? '', [[key]]);
      map.set(high[index] ?? '', [[shift, key]]);
    }
  }
  return map;
}

function composeGerman(): Map<string, readonly KeyChord[]> {
  const map = compose(deRows);
  for (const [character, key] of Object.entries(deThird)) map.set(character, [[altGr, key]]);
  for (const [character, chord] of Object.entries(deDead)) map.set(character, [chord, ['spc']]);
  map.set('°', [[shift, 'grave_accent']]);
  return map;
}

/** For each layout: what to press for a character. */
export const characterChords: Readonly<Record<Layout, ReadonlyMap<string, readonly KeyChord[]>>> = {
  us: compose(usRows),
  de: composeGerman(),
};
