/** What vms have of their host's processors, counted in whole processors; percentages of a definition are of the vm's own. */
import type { VmDefinition } from '#api';

export interface Share {
  /** Processors of the host, as those below. */
  readonly reserved: number;
  readonly maximum: number;
  readonly weight: number;
}

/** What of a vm says it. */
interface Sharing {
  readonly definition: Pick<VmDefinition, 'resources'> & {
    readonly hardware: { readonly processor: { readonly count: number } };
  };
}

export function shareOf({ definition }: Sharing): Share {
  const { count } = definition.hardware.processor;
  const { cpuReservePercent, cpuMaximumPercent, cpuWeight } = definition.resources;
  return {
    reserved: (count * cpuReservePercent) / 100,
    maximum: (count * cpuMaximumPercent) / 100,
    weight: cpuWeight,
  };
}

export function sumShares(shares: readonly Share[]): Share {
  return shares.reduce(
    (sum, share) => ({
      reserved: sum.reserved + share.reserved,
      maximum: sum.maximum + share.maximum,
      weight: sum.weight + share.weight,
    }),
    { reserved: 0, maximum: 0, weight: 0 },
  );
}
