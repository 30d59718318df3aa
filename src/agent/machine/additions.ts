/** The guest additions of a running machine brought to the version that its host ships (GA-21). */
import { Fault, present } from '#lib';
import type { Hands } from './hands.ts';

export async function updateAdditions(hands: Hands): Promise<void> {
  const running = present(hands.running, 'the process of a running machine');
  const { name } = hands.file.definition;
  if (!running.updateAdditions) {
    throw new Fault('unsupported', `the driver cannot update the guest additions of ${name}`);
  }
  hands.progress(null, 'installing in the guest');
  const { from, to } = await running.updateAdditions(hands.signal);
  if (from !== to) hands.emit('vm.additions.updated', { from: from ?? 'none', to });
}
