/** The memory that snapshots keep belongs to hardware that names the disks' files, which are elsewhere now. */
import type { Hands } from '../hands.ts';
import { renameDisks, type Renaming } from './rename-files.ts';

/** The record has the new names. Can be done again. */
export async function carryMemories(
  { file, host }: Hands,
  renamings: readonly Renaming[],
): Promise<void> {
  const back = new Map(renamings.map(({ from, to }) => [to, from]));
  for (const { memory, state, definition } of file.layers.snapshots) {
    if (memory === null) continue;
    const now = memory.startedWith ?? definition;
    const before = renameDisks(now, back).hardware;
    await host.driver.storage.layers.carryMemory(file, state, before, now.hardware);
  }
}
