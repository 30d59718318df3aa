/** A guest that can be asked something through its agent. */
import { Fault } from '#lib';
import type { Coordinator } from '../../context.ts';
import type { VmDocument } from '../../documents.ts';
import { shown, vmDocument } from '../find.ts';

/** Errors: `refused` where it does not run, with what cannot be done then. */
export function requireRunningGuest(
  { inventory }: Pick<Coordinator, 'inventory'>,
  id: string,
  what: string,
): VmDocument {
  const { name, state } = shown('vm', id, inventory.vm(id));
  if (state !== 'running')
    throw new Fault('refused', `no guest of ${name} can ${what}: it does not run`, {
      hint: 'start or resume it first',
    });
  return vmDocument(inventory, id).data;
}
