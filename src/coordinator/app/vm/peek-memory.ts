/** A piece of a guest's memory, read while it runs or is paused. It holds all that the guest knows, so that it takes more than looking. */
import { vmStateFacts, type MemoryPeek } from '#api';
import { Fault } from '#lib';
import type { Coordinator } from '../../context.ts';
import { shown, vmDocument } from '../find.ts';

/** Errors: `refused` where it has no memory, `invalid` for addresses where there is none; those of the agent. */
export async function peekMemory(
  { inventory, links }: Coordinator,
  id: string,
  peek: MemoryPeek,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { name, state } = shown('vm', id, inventory.vm(id));
  if (!vmStateFacts[state].live)
    throw new Fault('refused', `${name} has no memory: it does not run`, {
      hint: 'start it first; the memory of a saved vm is in its snapshots alone',
    });
  const { hostId } = vmDocument(inventory, id).data;
  const { bytes } = await links.call(hostId, 'machine.memory', { id, ...peek }, { signal });
  return Buffer.from(bytes, 'base64');
}
