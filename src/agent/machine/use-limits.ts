/** A machine that uses more of its processors or memory than its settings allow without a warning: told once, and once when it does not (EVT-35). */
import { measuredUses, useLimitPercent, type MeasuredUse } from '#api';
import type { Hands } from './hands.ts';
import type { MachineFile } from './record.ts';

/** In percent of its own; null: not measured yet. */
export type MeanUse = Readonly<Record<MeasuredUse, number | null>>;

/** The uses that are on the other side of their limits than what was told. What has no limit is never above it. */
export function findCrossings(file: MachineFile, mean: MeanUse): readonly MeasuredUse[] {
  return measuredUses.filter((use) => {
    const [limit, used] = [useLimitPercent(file.definition, use), mean[use]];
    if (limit !== null && used === null) return false;
    return (limit !== null && used !== null && used > limit) !== file.aboveUse.includes(use);
  });
}

/** Of a limit that was taken away nothing is told. */
export async function tellUse(hands: Hands, mean: MeanUse): Promise<void> {
  const crossed = findCrossings(hands.file, mean);
  if (crossed.length === 0) return;
  const { aboveUse, definition } = hands.file;
  hands.set({
    aboveUse: measuredUses.filter((use) => aboveUse.includes(use) !== crossed.includes(use)),
  });
  for (const use of crossed) {
    const [limitPercent, usedPercent] = [useLimitPercent(definition, use), mean[use]];
    const side = aboveUse.includes(use) ? 'within' : 'above';
    if (limitPercent !== null && usedPercent !== null)
      hands.emit(`vm.threshold.${use}`, { side, limitPercent, usedPercent });
  }
  await hands.persist();
}
