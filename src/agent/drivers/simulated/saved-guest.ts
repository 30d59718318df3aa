/** What a simulated host keeps of a guest that was saved: how large it was, and whether it shall run again. */
import type { MachineFile } from '../../machine/record.ts';

export interface SavedGuest {
  readonly sizeBytes: number;
  readonly guest: 'ran' | 'paused';
}

export function savedGuest({ definition, ranBefore }: MachineFile): SavedGuest {
  return { sizeBytes: definition.hardware.memory.sizeBytes, guest: ranBefore ? 'ran' : 'paused' };
}
