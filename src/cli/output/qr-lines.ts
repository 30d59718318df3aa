/** A QR code in a terminal: two modules in each character, light ones drawn, as most terminals are dark; with its quiet zone. */
import { makeQrCode } from '#lib';

const quiet = 2;
/** By the upper and the lower module: light is drawn. */
const blocks = { both: '█', upper: '▀', lower: '▄', none: ' ' } as const;

/** Errors: `too-large`. */
export function writeQrCode(text: string): readonly string[] {
  const code = makeQrCode(text);
  const isLight = (row: number, column: number): boolean => code[row]?.[column] !== true;
  const lines: string[] = [];
  for (let row = -quiet; row < code.length + quiet; row += 2) {
    let line = '';
    for (let column = -quiet; column < code.length + quiet; column += 1) {
      const [upper, lower] = [isLight(row, column), isLight(row + 1, column)];
      line += upper ? (lower ? blocks.both : blocks.upper) : lower ? blocks.lower : blocks.none;
    }
    lines.push(line);
  }
  return lines;
}
