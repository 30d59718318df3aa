/**
 * Where the things of the picture stand. Columns: hosts, networks and vms from left to right, each network beside the
 * first of the vms that are on it before others. Stacked, for windows that have no room for that: one below the other,
 * further in from kind to kind, with the lines to the left of them. No two things of a column overlap. Pure.
 */
import type { Picture } from './picture.ts';

const heights = { large: 56, small: 46 } as const;
const between = 8;
const groupGap = 18;

export interface Spot {
  readonly x: number;
  readonly y: number;
  /** Null: to the right end. */
  readonly width: number | null;
  readonly height: number;
}

export type Look = 'columns' | 'stacked';

export interface Layout {
  readonly look: Look;
  /** By the ids of things. */
  readonly spots: ReadonlyMap<string, Spot>;
  /** Null: all that there is. */
  readonly width: number | null;
  readonly height: number;
}

/** How wide a thing and the way to the next column are. */
const width = 232;
const gap = 96;
/** How far a kind of things stands in from the one before: the lines have their room there. */
const indent = 20;

export function layOut(picture: Picture, look: Look): Layout {
  return look === 'columns' ? layInColumns(picture) : stack(picture);
}

/** Of each vm. */
function firstNetworks({ plugs }: Picture): ReadonlyMap<string, string> {
  const first = new Map<string, string>();
  for (const { vm, network } of plugs) if (!first.has(vm.id)) first.set(vm.id, network.id);
  return first;
}

function stack(picture: Picture): Layout {
  const { hosts, networks, vms } = picture;
  const spots = new Map<string, Spot>();
  const firstNetwork = firstNetworks(picture);
  let free = 0;
  const put = (id: string, level: number, height: number): void => {
    spots.set(id, { x: level * indent, y: free, width: null, height });
    free += height + between;
  };
  for (const { id } of hosts) put(id, 0, heights.large);
  for (const { id } of networks) {
    if (free > 0) free += groupGap - between;
    put(id, 1, heights.large);
    for (const vm of vms) if (firstNetwork.get(vm.id) === id) put(vm.id, 2, heights.small);
  }
  return { look: 'stacked', spots, width: null, height: Math.max(0, free - between) };
}

function layInColumns(picture: Picture): Layout {
  const { hosts, networks, vms, carries } = picture;
  const spots = new Map<string, Spot>();
  const column = (index: number): number => index * (width + gap);
  const firstNetwork = firstNetworks(picture);
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
    look: 'columns',
    spots,
    width: column(2) + width,
    height: Math.max(top - groupGap, free - between),
  };
}

/** A line from one thing to another (SVG 2, 9.3). */
export function lineOf({ look, spots }: Layout, from: string, to: string): string {
  const [start, end] = [spots.get(from), spots.get(to)];
  if (start === undefined || end === undefined) return '';
  return look === 'columns' ? curve(start, end) : elbow(start, end);
}

/** From the right side to the left side. */
function curve(from: Spot, to: Spot): string {
  const [x1, y1] = [from.x + (from.width ?? 0), from.y + from.height / 2];
  const [x2, y2] = [to.x, to.y + to.height / 2];
  const middle = (x1 + x2) / 2;
  return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
}

/** Along the room to the left of what stands further in. */
function elbow(from: Spot, to: Spot): string {
  const x = from.x + indent / 2;
  const middle = to.y + to.height / 2;
  return `M${x} ${to.y > from.y ? from.y + from.height : from.y}V${middle}H${to.x}`;
}
