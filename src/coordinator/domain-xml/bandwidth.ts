/** Limits of an adapter in libvirt's words: whole kilobytes per second, which its traffic control takes as 1000 bytes. Pure. */
import type { Bandwidth } from '#api';
import { rateUnitBits } from '#foreign';
import { element, type Element } from './xml.ts';

export const directions = ['inbound', 'outbound'] as const;
export type Direction = (typeof directions)[number];

export const bitsOf = (bandwidth: Bandwidth, direction: Direction): number | null =>
  bandwidth[`${direction}BitsPerSecond`];

/** 0 is no limit. */
export function averageOf(bandwidth: Bandwidth, direction: Direction): number {
  const bits = bitsOf(bandwidth, direction);
  return bits === null ? 0 : Math.round(bits / rateUnitBits);
}

export function bandwidthOfAverages(averages: Readonly<Record<Direction, number>>): Bandwidth {
  const bits = (average: number): number | null => (average === 0 ? null : average * rateUnitBits);
  return {
    inboundBitsPerSecond: bits(averages.inbound),
    outboundBitsPerSecond: bits(averages.outbound),
  };
}

/** A limit that is told by the words that are wanted stays: a kilobyte has not all of its digits. */
export function keepBandwidth(before: Bandwidth, wanted: Bandwidth): Bandwidth {
  const isSame = (direction: Direction): boolean =>
    averageOf(before, direction) === averageOf(wanted, direction);
  return {
    inboundBitsPerSecond: bitsOf(isSame('inbound') ? before : wanted, 'inbound'),
    outboundBitsPerSecond: bitsOf(isSame('outbound') ? before : wanted, 'outbound'),
  };
}

/** `<bandwidth>`, where there is a limit. */
export function bandwidthXmlOf(bandwidth: Bandwidth): Element[] {
  const limits = directions.flatMap((direction) => {
    const average = averageOf(bandwidth, direction);
    return average === 0 ? [] : [element(direction, { average })];
  });
  return limits.length === 0 ? [] : [element('bandwidth', {}, limits)];
}
