/** Events of vms as libvirt's lifecycle and reboot events (virDomainEventType and the details of each). Pure. */
import type { Event } from '#api';

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

const events: Readonly<Record<string, DomainEvent>> = {
  'vm.created': lifecycle('defined', 0),
  'vm.renamed': lifecycle('defined', 2),
  'vm.deleted': lifecycle('undefined', 0),
  'vm.state.powered-on': lifecycle('started', 0),
  'vm.state.restored': lifecycle('started', 2),
  'vm.state.suspended': lifecycle('suspended', 0),
  'vm.state.resumed': lifecycle('resumed', 0),
  'vm.state.released': lifecycle('resumed', 0),
  'vm.state.saved': lifecycle('stopped', 4),
  'vm.state.reset': { kind: 'reboot' },
};

/** Shut down by the guest, crashed; whoever else did it destroyed the domain. */
const stopDetails: Readonly<Record<string, number>> = { guest: 0, crash: 2 };
const destroyed = 1;

/** What Gantry itself writes into a definition whenever a vm comes or goes. */
const ownMemory = 'settings/shutdown/quit';

/** Undefined for events that libvirt has no word for. */
export function domainEventOf({
  name,
  attributes,
}: Pick<Event, 'name' | 'attributes'>): DomainEvent | undefined {
  if (name === 'vm.state.powered-off')
    return lifecycle('stopped', stopDetails[String(attributes['cause'])] ?? destroyed);
  if (name === 'vm.setting.changed')
    return String(attributes['path']).startsWith(ownMemory) ? undefined : lifecycle('defined', 1);
  return Object.hasOwn(events, name) ? events[name] : undefined;
}
