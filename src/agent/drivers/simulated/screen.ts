/** A picture of a simulated screen: 160 × 120, stripes that differ from machine to machine. */
import { encodePng } from '../../png.ts';

const width = 160;
const height = 120;

/** PNG. `seed` has at least 32 bytes. */
export function drawScreen(seed: Buffer): Promise<Buffer> {
  const rgb = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const shade = seed[(x >> 4) + (y >> 4)] ?? 0;
      rgb.set([shade >> 2, shade >> 1, shade], (y * width + x) * 3);
    }
  }
  return encodePng({ width, height, rgb });
}
