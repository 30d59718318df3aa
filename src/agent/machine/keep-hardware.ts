/** What was changed of a machine's hardware, kept: for the next start, and for the running process where it took part. */
import type { Hardware } from '#api';
import type { Hands } from './hands.ts';

export type Change = (hardware: Hardware) => Hardware;

/** Changes the definition, and what the running process has where it took part. */
export async function keep(hands: Hands, change: Change, live: boolean): Promise<void> {
  const { definition, startedWith } = hands.file;
  const changed = { ...definition, hardware: change(definition.hardware) };
  hands.set({
    definition: changed,
    ...(live && startedWith !== null
      ? { startedWith: { ...startedWith, hardware: change(startedWith.hardware) } }
      : {}),
  });
  await hands.host.driver.storage.writeDefinition(hands.file);
  await hands.persist();
}
