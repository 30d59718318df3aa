/** What happens at consoles, as events of the vm: whoever did it is their actor, with address. */
import type { EventAttributes, EventName } from '#api';
import type { Caller, Coordinator } from '../context.ts';
import type { VmDocument } from '../documents.ts';
import { ancestorsOf, vmThing } from '../app/things.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { NewEvent } from '../store/store.ts';

export type ConsoleEvent = Extract<EventName, `console.${string}`>;

export type TellConsole = <N extends ConsoleEvent>(
  caller: Caller,
  name: N,
  attributes: EventAttributes<N>,
) => void;

/** Who does what is told. */
export type Teller = Pick<NewEvent, 'actor' | 'origin' | 'correlationId'>;

export function consoleEvent<N extends ConsoleEvent>(
  inventory: Inventory,
  vmId: string,
  { actor, origin, correlationId }: Teller,
  name: N,
  attributes: EventAttributes<N>,
): NewEvent<N> {
  const vm = inventory.document<VmDocument>('vm', vmId)?.data;
  const target =
    vm === undefined ? { kind: 'vm' as const, id: vmId, name: vmId } : vmThing(vmId, vm);
  const ancestors = ancestorsOf(inventory, target);
  return { name, target, ancestors, actor, origin, correlationId, attributes };
}

/** Nobody at a console waits for the disk. */
export function tellOfConsole(coordinator: Coordinator, id: string): TellConsole {
  const { inventory, log } = coordinator;
  return (caller, name, attributes) => {
    coordinator
      .commit({ events: [consoleEvent(inventory, id, caller, name, attributes)] })
      .catch((error: unknown) => log.error({ err: error }, 'cannot tell of a console'));
  };
}
