/** Events of vms as libvirt's lifecycle and reboot events (virDomainEventType and the details of each). Pure. */
import type { Event } from '#api';
import { isIdentity } from '../app/vm-identity.ts';

export type DomainEvent =
  | { readonly kind: 'lifecycle'; readonly event: number; readonly detail: number }
  | { readonly kind: 'reboot' };

const types = {
  defined: 0,
  undefined: 1,
  started: 2,
  suspended: 3,
  resumed: 4,
  stopped: 5,
} as const;

function lifecycle(type: keyof typeof types, detail: number): DomainEvent {
  return { kind: 'lifecycle', event: types[type], detail };
}

/** For whom sees one of two hosts. */
export const vmCame = lifecycle('defined', 0);
export const vmWent = lifecycle('undefined', 0);

const events: Readonly<Record<string, DomainEvent>> = {
  'vm.created': lifecycle('defined', 0),
  'vm.renamed': lifecycle('defined', 2),
  // As a client sees it whose connection shows both hosts (tell-events.ts).
  'vm.migration.completed': lifecycle('defined', 1),
  'vm.deleted': lifecycle('undefined', 0),
  'vm.state.powered-on': lifecycle('started', 0),
  'vm.state.restored': lifecycle('started', 2),
  'vm.state.suspended': lifecycle('suspended', 0),
  'vm.state.resumed': lifecycle('resumed', 0),
  'vm.state.released': lifecycle('resumed', 0),
  'vm.state.saved': lifecycle('stopped', 4),
  'vm.state.reset': { kind: 'reboot' },
};

/** How a domain has stopped (virDomainEventStoppedDetailType); undefined for other events. */
export function stopDetailOf(told: DomainEvent | undefined): number | undefined {
  return told?.kind === 'lifecycle' && told.event === types.stopped ? told.detail : undefined;
}

/** Shut down, crashed; all else destroyed the domain. */
const stopDetails: Readonly<Record<string, number>> = { guest: 0, crash: 2 };
const destroyed = 1;

const ownMemory = 'settings/shutdown/quit';

/** What Gantry itself writes into a definition whenever a vm comes or goes, and when it starts for the first time. */
export function isOwnMemory({ attributes }: Pick<Event, 'attributes'>): boolean {
  return String(attributes['path']).startsWith(ownMemory) || isIdentity(attributes);
}

/** Reads the events of all vms in their order. */
export class DomainEvents {
  /** Vms whose guests have shut down as they were asked to: what comes next of them is that they are off. */
  readonly #shutDown = new Set<string>();

  /** Undefined for events that libvirt has no word for. */
  read({
    name,
    attributes,
    target,
  }: Pick<Event, 'name' | 'attributes' | 'target'>): DomainEvent | undefined {
    switch (name) {
      case 'vm.shutdown.completed':
        this.#shutDown.add(target.id);
        return undefined;
      case 'vm.state.powered-off': {
        const cause = this.#shutDown.delete(target.id) ? 'guest' : String(attributes['cause']);
        return lifecycle('stopped', stopDetails[cause] ?? destroyed);
      }
      case 'vm.setting.changed': {
        return isOwnMemory({ attributes }) ? undefined : lifecycle('defined', 1);
      }
      default:
        return Object.hasOwn(events, name) ? events[name] : undefined;
    }
  }
}
