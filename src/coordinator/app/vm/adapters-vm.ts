/** Network adapters of a vm. What a request leaves out comes from the guest and from what the vm has. */
import { Fault } from '#lib';
import {
  adapterSchema,
  findGuest,
  type Adapter,
  type AdapterAttach,
  type AdapterChange,
  type DryRun,
  type Operation,
  type VmDefinition,
} from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { parseDefinition } from '../check-definition.ts';
import { asJson } from '../json.ts';
import { giveMac, requireFreeMacs, requireOwnMacs, usedMacs } from '../macs.ts';
import type { Kind, Step, Work } from '../work.ts';
import { pushStep } from './change-vm.ts';
import { causeOf, changeDefinition, targetVm } from './common-steps.ts';
import { begin, machineOf, prepare, withHardware } from './device-change.ts';
import { plugIn } from './tell-hypervisor.ts';

function addAdapter(definition: VmDefinition, adapter: Adapter): VmDefinition {
  const others = definition.hardware.adapters.filter(({ slot }) => slot !== adapter.slot);
  return withHardware(definition, {
    adapters: [...others, adapter].sort((one, other) => one.slot - other.slot),
  });
}

function dropAdapter(definition: VmDefinition, adapter: Adapter): VmDefinition {
  const { adapters } = definition.hardware;
  return withHardware(definition, {
    adapters: adapters.filter(({ slot, mac }) => slot !== adapter.slot || mac !== adapter.mac),
  });
}

export async function attachAdapter(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  request: AdapterAttach,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm, definition } = prepare(coordinator, id, 'configure');
  const { hardware, guestOs, name } = definition;
  const taken = new Set(hardware.adapters.map(({ slot }) => slot));
  const slot =
    request.slot ?? Array.from({ length: 16 }, (_, at) => at).find((at) => !taken.has(at));
  if (slot === undefined || taken.has(slot))
    throw new Fault(
      slot === undefined ? 'exhausted' : 'exists',
      slot === undefined
        ? `${name} has 16 network adapters already`
        : `slot ${slot} of ${name} is taken`,
      { hint: 'detach an adapter first' },
    );
  const adapter = adapterSchema.parse({
    model:
      (hardware.machine === 'virt' ? undefined : findGuest(guestOs)?.adapter) ??
      hardware.adapters[0]?.model ??
      (hardware.machine === 'pc' ? 'tulip' : 'virtio'),
    attachment: { kind: 'user' },
    macMode: request.mac === undefined ? 'dynamic' : 'static',
    ...request,
    mac: request.mac ?? giveMac(coordinator.inventory, usedMacs(coordinator.inventory)),
    slot,
  });
  const after = plugIn(
    coordinator.inventory,
    vm.data.hostId,
    addAdapter(definition, adapter),
    definition,
  );
  requireFreeMacs(coordinator.inventory, caller, after);
  parseDefinition(after, name, definition);
  return await begin(
    coordinator,
    caller,
    vm,
    attachAdapterKind,
    { adapter: asJson(adapterIn(after, slot)) },
    dryRun,
    after,
  );
}

/** Plugs an adapter into another network, or its cable in or out. */
export async function changeAdapter(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  slot: number,
  change: AdapterChange,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm, definition } = prepare(coordinator, id, 'configure');
  const before = adapterIn(definition, slot);
  const { inventory } = coordinator;
  const changed = adapterSchema.parse({ ...before, ...change, ...macAfter(inventory, change) });
  const after = plugIn(inventory, vm.data.hostId, addAdapter(definition, changed), definition);
  requireFreeMacs(inventory, caller, after);
  if (change.attachment !== undefined) requireOwnMacs(inventory, { ...vm.data, definition: after });
  parseDefinition(after, definition.name, definition);
  return await begin(
    coordinator,
    caller,
    vm,
    changeAdapterKind,
    { adapter: asJson(adapterIn(after, slot)), before: asJson(before) },
    dryRun,
    after,
  );
}

/** An address that somebody gives is theirs to keep; who wants one given gets a new one. */
function macAfter(inventory: Inventory, { mac, macMode }: AdapterChange): Partial<Adapter> {
  if (mac !== undefined) return { mac, macMode: macMode ?? 'static' };
  return macMode === 'dynamic' ? { mac: giveMac(inventory, usedMacs(inventory)) } : {};
}

/** Errors: `not-found`. */
function adapterIn({ hardware, name }: VmDefinition, slot: number): Adapter {
  const adapter = hardware.adapters.find((one) => one.slot === slot);
  if (adapter !== undefined) return adapter;
  throw new Fault('not-found', `${name} has no network adapter in slot ${slot}`, {
    hint: `look at those that it has: gantry vm show ${name}`,
  });
}

export async function detachAdapter(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  slot: number,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm, definition } = prepare(coordinator, id, 'configure');
  const adapter = adapterIn(definition, slot);
  return await begin(
    coordinator,
    caller,
    vm,
    detachAdapterKind,
    { adapter: asJson(adapter) },
    dryRun,
  );
}

function adapterOf(work: Work): Adapter {
  return adapterSchema.parse(work.input['adapter']);
}

function adapterBefore(work: Work): Adapter {
  return adapterSchema.parse(work.input['before']);
}

/** Hypervisors that others run number adapters by themselves; the address stays. */
function slotNow(work: Work): number {
  const { slot, mac } = adapterOf(work);
  const { adapters } = targetVm(work).data.definition.hardware;
  return adapters.find((one) => one.mac === mac)?.slot ?? slot;
}

async function callAdapter(
  work: Work,
  method: 'machine.adapter.attach' | 'machine.adapter.detach' | 'machine.adapter.change',
  adapter = adapterOf(work),
): Promise<void> {
  const { hostId, machine } = machineOf(work);
  const { live } = await work.coordinator.links.call(
    hostId,
    method,
    { ...machine, adapter },
    { signal: work.signal },
  );
  await work.conclude({ live });
}

const writeAdapter = (how: 'add' | 'drop'): Step => ({
  name: 'write',
  run: async (work) => {
    const change = how === 'add' ? addAdapter : dropAdapter;
    await changeDefinition(work, (definition) => change(definition, adapterOf(work)));
  },
  undo: async (work) => {
    const change = how === 'add' ? dropAdapter : addAdapter;
    await changeDefinition(work, (definition) => change(definition, adapterOf(work)));
    await work.pusher.pushOrLater(work.target.id, causeOf(work));
  },
});

export const attachAdapterKind: Kind = {
  action: 'vm.adapter.attach',
  steps: [
    {
      name: 'attach',
      run: (work) => callAdapter(work, 'machine.adapter.attach'),
      undo: (work) => callAdapter(work, 'machine.adapter.detach'),
    },
    writeAdapter('add'),
    {
      ...pushStep,
      run: async (work) => {
        await pushStep.run(work);
        await work.conclude({ slot: slotNow(work) });
      },
    },
  ],
};

export const changeAdapterKind: Kind = {
  action: 'vm.adapter.change',
  steps: [
    {
      name: 'change',
      run: (work) => callAdapter(work, 'machine.adapter.change'),
      undo: (work) => callAdapter(work, 'machine.adapter.change', adapterBefore(work)),
    },
    {
      name: 'write',
      run: async (work) => {
        await changeDefinition(work, (definition) => addAdapter(definition, adapterOf(work)));
      },
      undo: async (work) => {
        await changeDefinition(work, (definition) => addAdapter(definition, adapterBefore(work)));
        await work.pusher.pushOrLater(work.target.id, causeOf(work));
      },
    },
    pushStep,
  ],
};

export const detachAdapterKind: Kind = {
  action: 'vm.adapter.detach',
  steps: [
    {
      name: 'detach',
      run: (work) => callAdapter(work, 'machine.adapter.detach'),
      undo: (work) => callAdapter(work, 'machine.adapter.attach'),
    },
    writeAdapter('drop'),
    pushStep,
  ],
};
