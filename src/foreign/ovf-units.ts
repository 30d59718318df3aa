/** Programmatic units of sizes (DMTF DSP0004 annex C.1), and the words that were used before them. */

const words: ReadonlyMap<string, number> = new Map([
  ['byte', 1],
  ['bytes', 1],
  ['kilobytes', 2 ** 10],
  ['kb', 2 ** 10],
  ['megabytes', 2 ** 20],
  ['mb', 2 ** 20],
  ['gigabytes', 2 ** 30],
  ['gb', 2 ** 30],
]);

/** Bytes of one: of `byte * 2^20`, `byte*10^9`, `MegaBytes`; of nothing, what products take it for. Undefined for what is no size. */
export function bytesOfUnit(unit: string): number | undefined {
  const text = unit.trim().toLowerCase();
  if (text === '') return 2 ** 20;
  const power = /^bytes?\s*\*\s*(2|10)\s*\^\s*(\d{1,2})$/.exec(text);
  return power === null ? words.get(text) : Number(power[1]) ** Number(power[2]);
}
