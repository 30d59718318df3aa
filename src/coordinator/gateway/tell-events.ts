/** Tells a client of what happens to the vms that its connection shows, and to networks. */
import { placeName, type Event, type Vm } from '#api';
import type { Session } from '#libvirt';
import { seesEvent } from '../app/visibility.ts';
import { isForeignHost } from '../app/vm/tell-hypervisor.ts';
import type { HeardEvent } from '../link/hypervisor-events.ts';
import type { Connection } from './connection.ts';
import type { EndedJob } from './disk-jobs.ts';
import { DomainEvents, isOwnMemory, vmCame, vmWent, type DomainEvent } from './domain-events.ts';
import { inactiveId } from './domain-ids.ts';
import { isOfOneHypervisor } from './hypervisors.ts';
import { metadataChangeOf } from './metadata-events.ts';
import { networkEvents, networkEventsOf } from './network-events.ts';
import { isInScope, type Scope } from './scope.ts';
import { tellHostEvents } from './tell-host-events.ts';

/** Until what is answered is called. */
export function tellEvents(connection: Connection, session: Session): () => void {
  const { coordinator, networkStanding } = connection.parts;
  const reader = new DomainEvents();
  const stopStanding = networkStanding.onChange(({ id, name }, told) => {
    if (isOfOneHypervisor(connection)) return;
    const net = { name, uuid: id };
    session.emit('NETWORK_EVENT_LIFECYCLE', { net, event: networkEvents[told], detail: 0 });
  });
  const stopReading = coordinator.inventory.onChange(({ events }) => {
    for (const event of events) tellMetadata(connection, session, event);
    for (const event of onceDefined(events))
      if (event.target.kind === 'network') tellNetwork(connection, session, event);
      else tell(connection, session, reader, event);
  });
  const stopTold = coordinator.hypervisorEvents.onTold((event) =>
    giveOn(connection, session, event),
  );
  const stopJobs = connection.parts.diskJobs.onEnded((job) => tellJob(connection, session, job));
  const stopOfHosts = tellHostEvents(connection, session);
  return () => {
    stopOfHosts();
    stopJobs();
    stopTold();
    stopStanding();
    stopReading();
  };
}

/**
 * Of the settings of one thing that have changed at once only one is told: programs read the whole description again for each
 * event.
 */
export function onceDefined(events: readonly Event[]): Event[] {
  const changed = new Set<string>();
  return events.filter((event) => {
    const { name, target } = event;
    if (!name.endsWith('.setting.changed') || isOwnMemory(event)) return true;
    const isNew = !changed.has(target.id);
    changed.add(target.id);
    return isNew;
  });
}

function tell(connection: Connection, session: Session, reader: DomainEvents, event: Event): void {
  const { target } = event;
  const { scope, driver } = connection.parts.named;
  const told = target.kind === 'vm' ? moved(scope, event, reader.read(event)) : undefined;
  if (told === undefined) return;
  const { coordinator, caller } = connection.parts;
  if (!seesEvent(coordinator.inventory, caller, event)) return;
  const vm = coordinator.inventory.vm(target.id);
  if (driver !== undefined && vm?.driver !== driver) return;
  const dom =
    vm === undefined
      ? { name: target.name, uuid: target.id, id: inactiveId }
      : connection.handleOf(vm);
  if (told.kind === 'reboot') session.emit('DOMAIN_EVENT_CALLBACK_REBOOT', { msg: { dom } });
  else
    session.emit('DOMAIN_EVENT_CALLBACK_LIFECYCLE', {
      msg: { dom, event: told.event, detail: told.detail },
    });
}

/** Beside that its definition has changed, which most programs listen for alone. */
function tellMetadata(connection: Connection, session: Session, event: Event): void {
  const changed = metadataChangeOf(event);
  if (changed === undefined) return;
  const vm = shownVm(connection, event.target.id);
  if (vm === undefined) return;
  // Its hypervisor tells of what that keeps itself.
  if (changed.type !== 0 && isForeignHost(connection.parts.coordinator.inventory, vm.hostId))
    return;
  const dom = connection.handleOf(vm);
  session.emit('DOMAIN_EVENT_CALLBACK_METADATA_CHANGE', { dom, ...changed });
}

/** Of all disks of the vm, since an operation is about the vm. */
function tellJob(connection: Connection, session: Session, { vmId, type, status }: EndedJob): void {
  const vm = shownVm(connection, vmId);
  if (vm === undefined) return;
  const dom = connection.handleOf(vm);
  for (const { device, target, file = '' } of connection.blockDevicesOf(vm)) {
    if (device !== 'disk') continue;
    session.emit('DOMAIN_EVENT_CALLBACK_BLOCK_JOB', { msg: { dom, path: file, type, status } });
    session.emit('DOMAIN_EVENT_BLOCK_JOB_2', { dom, dst: target, type, status });
  }
}

/** Undefined for one that this connection does not show. */
function shownVm(connection: Connection, vmId: string): Vm | undefined {
  const { coordinator, caller, named } = connection.parts;
  const vm = coordinator.inventory.vm(vmId);
  if (vm === undefined || !isInScope(named, vm, coordinator.inventory)) return undefined;
  return caller.may('vm.view', { kind: 'vm', id: vmId }) ? vm : undefined;
}

/** What a hypervisor tells of a vm, as it tells it, but for what the vm is called. */
function giveOn(
  connection: Connection,
  session: Session,
  { vmId, name, fields, place }: HeardEvent,
): void {
  const vm = shownVm(connection, vmId);
  if (vm === undefined) return;
  const dom = connection.handleOf(vm);
  const here = 'dom' in fields ? { ...fields, dom } : { ...fields, msg: { ...fields.msg, dom } };
  const device = connection
    .blockDevicesOf(vm)
    .find((one) => one.bus !== 'fdc' && placeName({ ...one, bus: one.bus }) === place);
  const disk = device === undefined ? {} : diskNamed(fields, device.target);
  session.emit(name, { ...here, ...disk });
}

/** One of the files that a disk stands on is named behind it: `vda[3]`. */
function diskNamed(fields: HeardEvent['fields'], target: string): object {
  if ('dst' in fields) return { dst: target };
  if (!('threshold' in fields)) return {};
  return { dev: fields.dev.replace(/^[^[]*/, target) };
}

/** Of Gantry's own; those of hypervisors: tell-host-events.ts. */
function tellNetwork(connection: Connection, session: Session, event: Event): void {
  const { coordinator, caller, networkStanding } = connection.parts;
  if (isOfOneHypervisor(connection)) return;
  const { id, name } = event.target;
  const told = networkEventsOf(
    event.name,
    networkStanding.isStopped(id) || networkStanding.isComing(name),
  );
  if (told.length === 0 || !seesEvent(coordinator.inventory, caller, event)) return;
  const net = { name: event.target.name, uuid: event.target.id };
  for (const type of told) session.emit('NETWORK_EVENT_LIFECYCLE', { net, event: type, detail: 0 });
}

/** To a connection that is about one host, a vm that moves comes or goes. Undefined: nothing is told. */
function moved(scope: Scope, event: Event, told: DomainEvent | undefined): DomainEvent | undefined {
  const isHere = isAbout(scope, event);
  if (event.name !== 'vm.migration.completed' || scope.kind !== 'host')
    return isHere ? told : undefined;
  if (isHere) return vmCame;
  return event.attributes['from'] === scope.name ? vmWent : undefined;
}

/** By what stood above the vm when it happened: it may be gone by now. */
function isAbout(scope: Scope, { ancestors }: Event): boolean {
  return (
    scope.kind === 'all' || ancestors.some(({ kind, id }) => kind === scope.kind && id === scope.id)
  );
}
