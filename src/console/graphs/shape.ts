/** From points to the paths of an SVG whose plot is `width` by `height`, with the top of the scale at `top`. */
import type { Point } from './tail.ts';

export const width = 600;
export const height = 120;

/** The next round figure: powers of two of bytes, 1, 2 or 5 with noughts of others. */
export function topOf(most: number, counts: 'bytes' | 'others'): number {
  if (most <= 0) return 1;
  if (counts === 'bytes') return 2 ** Math.ceil(Math.log2(most));
  const power = 10 ** Math.floor(Math.log10(most));
  return ([1, 2, 5, 10].find((factor) => factor * power >= most) ?? 10) * power;
}

interface Tick {
  readonly ms: number;
  /** Of the way from the beginning to the end. */
  readonly share: number;
}

/** Round times of this place's clock, but for those whose words would reach over an end. */
export function ticksOf(startMs: number, lengthMs: number, tickMs: number): readonly Tick[] {
  const ticks: Tick[] = [];
  const offsetMs = new Date(startMs).getTimezoneOffset() * 60_000;
  const first = Math.ceil((startMs - offsetMs) / tickMs) * tickMs + offsetMs;
  for (let ms = first; ms <= startMs + lengthMs; ms += tickMs) {
    const share = (ms - startMs) / lengthMs;
    if (share > 0.04 && share < 0.96) ticks.push({ ms, share });
  }
  return ticks;
}

interface Place {
  readonly x: number;
  readonly point: Point;
}

/** Stretches without a gap. */
function stretches(points: readonly (Point | null)[]): readonly (readonly Place[])[] {
  const found: Place[][] = [];
  let open: Place[] | undefined;
  for (const [index, point] of points.entries()) {
    if (point === null) {
      open = undefined;
      continue;
    }
    if (open === undefined) found.push((open = []));
    open.push({ x: (index / Math.max(1, points.length - 1)) * width, point });
  }
  return found;
}

const write = (x: number, value: number, top: number): string =>
  `${x.toFixed(1)} ${(height - (Math.min(value, top) / top) * height).toFixed(1)}`;

/** The averages as a line. A point alone is a dot: a line of no length with round ends. */
export function linePath(points: readonly (Point | null)[], top: number): string {
  return stretches(points)
    .map((places) => {
      const line = places.map(({ x, point }) => write(x, point.average, top)).join('L');
      return places.length === 1 ? `M${line}h0.01` : `M${line}`;
    })
    .join('');
}

/** What lies between the least and the most; nothing where they are one. */
export function bandPath(points: readonly (Point | null)[], top: number): string {
  return stretches(points)
    .filter((places) => places.some(({ point }) => point.least < point.most))
    .map((places) => {
      const above = places.map(({ x, point }) => write(x, point.most, top));
      const below = places.toReversed().map(({ x, point }) => write(x, point.least, top));
      return `M${[...above, ...below].join('L')}Z`;
    })
    .join('');
}
