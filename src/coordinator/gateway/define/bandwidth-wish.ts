/** `<bandwidth>` of an `<interface>`: limits of an adapter as somebody wants them. Where nothing is said there are none. */
import { attributeOf, find, type XmlNode } from '#foreign';
import type { Bandwidth } from '#api';
import { libvirtFault } from '#libvirt';
import { bandwidthOfAverages, type Direction } from '../../domain-xml/bandwidth.ts';
import { countOf, type Lost } from './xml-words.ts';

/** In kilobytes per second. */
const most = 50_000_000;
const least = 13;

/** Errors: XML_ERROR, INVALID_ARG. */
export function readBandwidth(node: XmlNode, lost: Lost): Bandwidth {
  const bandwidth = find(node, 'bandwidth');
  lost.others(bandwidth, 'bandwidth', ['inbound', 'outbound']);
  const averageIn = (direction: Direction): number => {
    const limit = find(bandwidth, direction);
    const told = new Map(
      [...(limit?.attributes.keys() ?? [])].map((name) => [
        name,
        countOf(attributeOf(limit, name), `bandwidth/${direction}/@${name}`) ?? 0,
      ]),
    );
    const { average, unkept } = averageWanted(told);
    for (const name of unkept) lost.add(`bandwidth/${direction}/${name}`);
    return requireRate(average ?? 0);
  };
  return bandwidthOfAverages({ inbound: averageIn('inbound'), outbound: averageIn('outbound') });
}

/** A vm has one rate: a peak that is none above it is taken as said, and of all else there is nothing. */
export function averageWanted(told: ReadonlyMap<string, number>): {
  readonly average: number | undefined;
  readonly unkept: readonly string[];
} {
  const average = told.get('average');
  const isKept = ([name, value]: readonly [string, number]): boolean =>
    name === 'average' || value === 0 || (name === 'peak' && value === average);
  return { average, unkept: [...told].filter((one) => !isKept(one)).map(([name]) => name) };
}

/** Errors: INVALID_ARG. */
export function requireRate(average: number): number {
  if (average === 0 || (average >= least && average <= most)) return average;
  throw libvirtFault(
    'INVALID_ARG',
    `invalid argument: ${average} kilobytes per second: an adapter has from ${least} to ${most}, and 0 is no limit`,
  );
}
