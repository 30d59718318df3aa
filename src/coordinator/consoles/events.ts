/** What happens at consoles, as events of the vm: whoever did it is their actor, with address. */
import type { EventAttributes, EventName } from '#api';
import type { Caller, Coordinator } from '../context.ts';
import type { VmDocument } from '../documents.ts';
import { ancestorsOf, vmThing } from '../app/things.ts';

export type ConsoleEvent = Extract<EventName, `console.${string}`>;

export type TellConsole = <N extends ConsoleEvent>(
  caller: Caller,
  name: N,
  attributes: EventAttributes<N>,
) => void;

/** Nobody at a console waits for the disk. */
export function tellOfConsole(coordinator: Coordinator, id: string): TellConsole {
  const { inventory, log } = coordinator;
  return (caller, name, attributes) => {
    const vm = inventory.document<VmDocument>('vm', id)?.data;
    const target = vm === undefined ? { kind: 'vm' as const, id, name: id } : vmThing(id, vm);
    const { actor, origin, correlationId } = caller;
    const ancestors = ancestorsOf(inventory, target);
    coordinator
      .commit({ events: [{ name, target, ancestors, actor, origin, correlationId, attributes }] })
      .catch((error: unknown) => log.error({ err: error }, 'cannot tell of a console'));
  };
}
