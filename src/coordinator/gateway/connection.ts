/**
 * One client's connection: what it sees and in whose name it acts. A vm is there for it when it is in the connection's
 * scope and its user may see it; everything is answered from the inventory, so that no host is waited for.
 *
 * A domain's UUID is the vm's id, its name the vm's name.
 */
import { randomUUID } from 'node:crypto';
import {
  vmStateFacts,
  type HypervisorNetwork,
  type HypervisorPool,
  type Operation,
  type RouteName,
  type Vm,
} from '#api';
import { Fault, faultFromData, type FaultCode } from '#lib';
import { libvirtFault, type DomainHandle } from '#libvirt';
import { nameOwner } from '../app/names.ts';
import type { Caller, Coordinator } from '../context.ts';
import type { Counters } from './counters.ts';
import type { NetworkDocument } from '../documents.ts';
import type { Asked, Desk } from './desk.ts';
import type { DiskJobs } from './disk-jobs.ts';
import { blockDevicesOf, type BlockDevice } from '../domain-xml/domain-devices.ts';
import type { DomainIds } from './domain-ids.ts';
import type { FolderPools } from './folder-pools.ts';
import type { HostLists } from './host-lists.ts';
import type { KeptLists } from './kept-lists.ts';
import type { NetworkStanding } from './network-standing.ts';
import { PartingDevices } from './parting-devices.ts';
import { isInScope, scopeText, type Named } from './scope.ts';
import type { Screens } from './screens.ts';
import type { StatsRecords } from './stats-records.ts';
import type { StatsSheets } from './stats-sheets.ts';
import type { StopReasons } from './stop-reasons.ts';
import { untilFree } from './until-free.ts';

export interface ConnectionParts {
  readonly coordinator: Coordinator;
  readonly desk: Desk;
  readonly ids: DomainIds;
  readonly counters: Counters;
  readonly stopReasons: StopReasons;
  readonly diskJobs: DiskJobs;
  readonly records: StatsRecords;
  readonly sheets: StatsSheets;
  readonly lists: KeptLists;
  readonly folderPools: FolderPools;
  readonly networkStanding: NetworkStanding;
  readonly hostNetworks: HostLists<HypervisorNetwork>;
  readonly hostPools: HostLists<HypervisorPool>;
  /** Undefined for clients that cannot reach them. */
  readonly screens: Screens | undefined;
  readonly named: Named;
  /** Who has connected. The connection ends with the proof. */
  readonly caller: Caller;
}

/** What a connection shows. */
export interface Sight {
  /** Where this is the same, so is what is shown of the same vms; undefined: that is a matter of the user's rights on each. */
  readonly key: string | undefined;
  readonly shows: (vm: Vm) => boolean;
}

type WorkRoute = Extract<
  RouteName,
  | 'vm.update'
  | 'vm.create'
  | 'vm.remove'
  | 'vm.delete'
  | 'vm.relocate'
  | 'vm.flatten'
  | 'host.disk.work'
  | `vm.disk.${'attach' | 'change' | 'detach' | 'relocate' | 'resize'}`
  | `vm.adapter.${'attach' | 'detach' | 'change'}`
  | `vm.medium.${'insert' | 'eject'}`
  | `vm.snapshot.${'take' | 'change' | 'revert' | 'delete'}`
>;

/** How long one wait for an operation lasts; there is another one behind it. */
const waitMs = 60_000;

export class Connection {
  readonly parts: ConnectionParts;
  readonly partingDevices = new PartingDevices();

  constructor(parts: ConnectionParts) {
    this.parts = parts;
  }

  /** Every vm that the connection shows, whether or not its host is there. */
  list(): Vm[] {
    const { shows } = this.sight();
    const vms: Vm[] = [];
    for (const vm of this.parts.coordinator.inventory.allVms()) if (shows(vm)) vms.push(vm);
    return vms;
  }

  /** Which vms it shows now. Errors: those of `vm.list`. */
  sight(): Sight {
    const { coordinator, desk, named, caller } = this.parts;
    const { inventory } = coordinator;
    desk.admit(caller, 'vm.list');
    const shows = (vm: Vm): boolean => isInScope(named, vm, inventory);
    if (caller.may('vm.view', { kind: 'everywhere' }))
      return { key: `${named.driver ?? ''} ${scopeText(named.scope)}`, shows };
    const sees = (vm: Vm): boolean => caller.may('vm.view', { kind: 'vm', id: vm.id });
    return { key: undefined, shows: (vm) => shows(vm) && sees(vm) };
  }

  /** By its id. Errors: `not-found`. */
  find(reference: string): Vm {
    const { coordinator, desk, named, caller } = this.parts;
    const { inventory } = coordinator;
    const { vmTable } = inventory;
    const place = vmTable.placeOf(desk.admit(caller, 'vm.show', { vm: reference }));
    // Nobody is told here how long it runs, which is another view of it each second.
    const vm = place === undefined ? undefined : vmTable.viewAt(place);
    if (vm === undefined || !isInScope(named, vm, inventory)) throw noDomain(reference);
    return vm;
  }

  /** By its name, exactly. Errors: NO_DOMAIN, also for what is an id. */
  findByName(name: string): Vm {
    const vmId = nameOwner(this.parts.coordinator.inventory, 'vm', name);
    if (vmId === undefined) throw noDomain(name);
    return this.find(vmId);
  }

  /** By the number it has while it runs. Errors: NO_DOMAIN. */
  findById(id: number): Vm {
    const vmId = this.parts.ids.find(id);
    if (vmId === undefined) throw noDomain(`with id ${id}`);
    return this.find(vmId);
  }

  handleOf(vm: Vm): DomainHandle {
    return { name: vm.name, uuid: vm.id, id: this.parts.ids.of(vm) };
  }

  blockDevicesOf(vm: Vm): readonly BlockDevice[] {
    const { inventory } = this.parts.coordinator;
    return blockDevicesOf(vm, (reference) => {
      const image = inventory.find('image', reference);
      return image && inventory.image(image.id)?.path;
    });
  }

  /** Does it as the API would, when no other operation is in the way, and waits for its end. Errors: those of the route, or of the operation. */
  async act(vm: Vm, word: string, signal: AbortSignal): Promise<void> {
    const begun = await this.begin(vm, word, signal);
    await this.end(begun, signal);
  }

  /** The operation, which goes on. */
  async begin(vm: Vm, word: string, signal: AbortSignal): Promise<Operation> {
    const { desk, coordinator } = this.parts;
    await untilFree(coordinator, vm.id, `vm.${word}`, signal);
    const asked = { params: { vm: vm.id, action: word } };
    return submitted(await desk.ask(this.#asking(), 'vm.act', asked, signal));
  }

  /** Waits for the end, and answers it as it is then. Errors: the operation's. */
  async end({ id }: Operation, signal: AbortSignal): Promise<Operation> {
    const { operations } = this.parts.coordinator;
    for (;;) {
      const ended = await operations.wait(id, waitMs, signal);
      const { state, fault } = ended;
      signal.throwIfAborted();
      if (state === 'done') return ended;
      if (fault !== null) throw faultFromData({ ...fault, code: fault.code as FaultCode });
      if (state === 'cancelled') throw new Fault('cancelled', 'the operation was cancelled');
    }
  }

  /** The caller of one piece of work: what belongs to it has an id of its own. */
  #asking(): Caller {
    return { ...this.parts.caller, correlationId: randomUUID() };
  }

  /** Changes the definition, and waits until that is done. */
  async change(
    vm: Vm,
    patch: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<void> {
    await this.work('vm.update', { params: { vm: vm.id }, body: patch }, signal);
  }

  /** Asks for an operation, and waits for its end. Errors: those of the route, or of the operation. */
  async work(name: WorkRoute, asked: Asked, signal: AbortSignal): Promise<Operation> {
    return await this.end(await this.beginWork(name, asked, signal), signal);
  }

  /** The operation, which goes on. */
  async beginWork(name: WorkRoute, asked: Asked, signal: AbortSignal): Promise<Operation> {
    const { desk, coordinator } = this.parts;
    const vmId = asked.params?.['vm'];
    if (vmId !== undefined) await untilFree(coordinator, vmId, name, signal);
    return submitted(await desk.ask(this.#asking(), name, asked, signal));
  }

  networkName(id: string): string {
    const { inventory } = this.parts.coordinator;
    return inventory.document<NetworkDocument>('network', id)?.data.name ?? id;
  }
}

export function isActive({ state }: Pick<Vm, 'state'>): boolean {
  return vmStateFacts[state].live;
}

/** A vm of a host that is away may be running: what is asked of it says by itself what is the matter. Errors: OPERATION_INVALID. */
export function requireActive(vm: Pick<Vm, 'state'>): void {
  if (!isActive(vm) && vm.state !== 'unknown') throw notNow('domain is not running');
}

/** As libvirt says that something does not fit the state of a domain. */
export function notNow(message: string): Fault {
  return libvirtFault('OPERATION_INVALID', `Requested operation is not valid: ${message}`);
}

/** Nothing here asks for a dry run. */
function submitted(answer: Operation | { readonly dryRun: boolean }): Operation {
  if ('dryRun' in answer) throw new Error('bug: a dry run that nobody asked for');
  return answer;
}

function noDomain(what: string): Fault {
  return libvirtFault('NO_DOMAIN', `Domain not found: no domain ${what.slice(0, 100)}`);
}
