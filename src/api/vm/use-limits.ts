/** What a vm uses of its processors and memory, against what its settings allow without a warning (EVT-35). */
import type { VmDefinition } from './definition.ts';

export const measuredUses = ['cpu', 'memory'] as const;
export type MeasuredUse = (typeof measuredUses)[number];

/** Null where it has none. */
export function useLimitPercent({ settings }: VmDefinition, use: MeasuredUse): number | null {
  return settings[use === 'cpu' ? 'processorUse' : 'memoryUse'].warnPercent;
}
