/**
 * Where the things of the picture stand: hosts, networks and vms in three columns from left to right. Each network
 * stands beside the first of the vms that are on it before others; no two things of a column overlap. Pure.
 */
import type { Picture } from './picture.ts';

const heights = { large: 56, small: 46 } as const;
const between = 8;
const groupGap = 18;

export interface Spot {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  /** By the ids of things. */
  readonly spots: ReadonlyMap<string, Spot>;
  readonly width: number;
  readonly height: number;
}

/** How wide a thing and the way to the next column are. */
export const scales = {
  wide: { width: 232, gap: 96 },
  narrow: { width: 168, gap: 40 },
} as const;
export type Scale = (typeof scales)[keyof typeof scales];

export function layOut(
  { hosts, networks, vms, carries, plugs }: Picture,
  { width, gap }: Scale,
): Layout {
  const spots = new Map<string, Spot>();
  const column = (index: number): number => index * (width + gap);
  const firstNetwork = new Map<string, string>();
  for (const { vm, network } of plugs)
    if (!firstNetwork.has(vm.id)) firstNetwork.set(vm.id, network.id);
  let top = 0;
  for (const { id } of networks) {
    spots.set(id, { x: column(1), y: top, width, height: heights.large });
    let y = top;
    for (const vm of vms)
      if (firstNetwork.get(vm.id) === id) {
        spots.set(vm.id, { x: column(2), y, width, height: heights.small });
        y += heights.small + between;
      }
    top = Math.max(top + heights.large, y - between) + groupGap;
  }
  const below = (id: string): number =>
    Math.min(
      ...carries.filter(({ host }) => host === id).map(({ network }) => spots.get(network)?.y ?? 0),
    );
  // The sort keeps the order of those that wish for the same place, which is that of their names.
  const wished = hosts.map(({ id }) => ({ id, y: below(id) })).sort((a, b) => a.y - b.y);
  let free = 0;
  for (const { id, y: wish } of wished) {
    const y = Math.max(free, wish);
    spots.set(id, { x: 0, y, width, height: heights.large });
    free = y + heights.large + between;
  }
  return {
    spots,
    width: column(2) + width,
    height: Math.max(top - groupGap, free - between),
  };
}

/** A line from the right side of one thing to the left side of another (SVG 2, 9.3). */
export function curve(from: Spot, to: Spot): string {
  const [x1, y1] = [from.x + from.width, from.y + from.height / 2];
  const [x2, y2] = [to.x, to.y + to.height / 2];
  const middle = (x1 + x2) / 2;
  return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
}
