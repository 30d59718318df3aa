/** What inspect shows of a VHD. */
import { isoTime } from '#lib';
import type { LayerFacts } from '../layer.ts';
import type { VhdFooter } from './footer.ts';

export function describeFooter(
  footer: VhdFooter,
  remarks: readonly string[],
  more: Readonly<Record<string, unknown>>,
): LayerFacts {
  return {
    variant: footer.variant,
    identity: footer.identity,
    fields: {
      created: isoTime(footer.createdMs),
      creatorApplication: footer.creator,
      creatorVersion: `${footer.creatorVersion >>> 16}.${footer.creatorVersion & 0xffff}`,
      creatorHost: footer.creatorHost,
      originalBytes: footer.originalBytes,
      currentBytes: footer.currentBytes,
      geometry: footer.geometry,
      savedState: footer.hasSavedState,
      ...more,
    },
    remarks,
  };
}
