/** Making, taking in, changing and ending machines; power actions. */
import { dirname } from 'node:path';
import { diffSettings, type MachineRecord, type VmAction, type VmDefinition } from '#api';
import { Fault } from '#lib';
import type { Handlers } from '../link/calls.ts';
import type { Host } from '../host/host.ts';
import { requireLayersKept, withoutLayersOf } from '../machine/layers/keep-layers.ts';
import { noLayers, withoutBorrowed } from '../machine/layers/layers.ts';
import { takeParents } from '../machine/layers/take-parents.ts';
import { pendingPaths, type MachineFile } from '../machine/record.ts';
import { checkRestore, checkStart } from '../machine/start.ts';
import { createMachine, planMachine } from './create.ts';

type MachineVerbs = Pick<
  Handlers,
  | 'machine.create'
  | 'machine.plan'
  | 'machine.adopt'
  | 'machine.forget'
  | 'machine.destroy'
  | 'machine.files'
  | 'machine.configure'
  | 'machine.look'
  | 'machine.check'
  | 'machine.act'
>;

export function machineVerbs(host: Host): MachineVerbs {
  const { storage } = host.driver;
  return {
    'machine.create': (params, { signal, progress }) =>
      createMachine(host, params, signal, progress),
    'machine.plan': (params) => planMachine(host, params.definition, params.disks),

    async 'machine.adopt'({ file }) {
      const definition = await storage.readDefinition(file);
      await storage.requirePermissions(dirname(file));
      const known = host.machines.get(definition.id);
      if (known && known.file.file !== file) {
        throw new Fault(
          'exists',
          `vm ${definition.name} is known already, from ${known.file.file}`,
          {
            hint: 'remove the other one first, or give this one another id',
          },
        );
      }
      return {
        record: recordOf(known ?? (await host.add(await adopted(host, file, definition)))),
      };
    },

    async 'machine.forget'({ id, generation, cause }) {
      const machine = host.machines.get(id);
      if (!machine) return {};
      await machine.change('remove', generation, cause, async () => host.remove(id));
      return {};
    },

    async 'machine.destroy'({ id, generation, cause, keep }) {
      const machine = host.machines.get(id);
      if (!machine) return { deleted: [], kept: [] };
      return machine.change('delete', generation, cause, async () => {
        const done = await storage.destroy(machine.file, new Set(keep), host.others(id));
        await host.remove(id);
        return done;
      });
    },

    async 'machine.files'({ id }) {
      const { file } = host.machine(id);
      const files = await storage.files(file, new Set(), host.others(id));
      return { folder: file.folder, files: [...files] };
    },

    async 'machine.configure'({ id, generation, cause, definition, definitionVersion }) {
      const machine = host.machine(id);
      if (definition.id !== id) throw new Fault('invalid', 'the definition is of another vm');
      if (definitionVersion < machine.file.definitionVersion) return { report: machine.report() };
      const action = configureAction(machine.file.definition, definition);
      await machine.change(action, generation, cause, async (hands) => {
        const { disks } = definition.hardware;
        requireLayersKept(hands.file, disks);
        const { layers: before, definition: old } = hands.file;
        const left = withoutLayersOf(before, disks);
        const after = { ...hands.file, definition, layers: left };
        const { layers } = await takeParents(host, after, old.hardware.disks);
        hands.set({
          layers,
          definition,
          definitionVersion,
          ...clockOf(hands.file, definition),
        });
        await storage.writeDefinition(hands.file);
        await hands.persist();
        if (layers !== before) await storage.layers.write(hands.file, layers);
        const { running, file } = hands;
        if (!running || file.startedWith === null) return;
        const configured = await running.devices.configure(file.startedWith, definition);
        const startedWith = configured.definition;
        hands.set({
          ...startedWithOf({ ...file, startedWith }, definition, startedWith),
          pluggedMemory: [...file.pluggedMemory, ...configured.pluggedMemory],
        });
        await hands.persist();
      });
      return { report: machine.report() };
    },

    'machine.look': async ({ id }) => ({ record: recordOf(host.machine(id)) }),

    async 'machine.check'({ id, action, request }) {
      const { file } = host.machine(id);
      if (action === 'restore') return checkRestore(host, file);
      return checkStart(host, file, request.without);
    },

    async 'machine.act'({ id, generation, cause, action, request }, { signal, progress }) {
      const machine = host.machine(id);
      const { correlationId } = cause;
      const call = { action, request, generation, correlationId, cause, signal };
      return { report: await machine.act({ ...call, onProgress: progress }) };
    },
  };
}

/** A vm that comes with its saved state is saved (VM-11, VM-88). */
function recordOf(machine: ReturnType<Host['machine']>): MachineRecord {
  const { definition, definitionVersion } = machine.file;
  return { report: machine.report(), definition, definitionVersion };
}

async function adopted(host: Host, file: string, definition: VmDefinition): Promise<MachineFile> {
  const folder = file.slice(0, Math.max(1, file.lastIndexOf('/')));
  const place = { folder, file };
  const carried = (await host.driver.storage.layers.read(place)) ?? noLayers;
  // What parents a disk has, and which of them it may have here, is not told by whoever has put the folder there.
  const machine = { ...host.newFile(definition, 0, place), layers: withoutBorrowed(carried) };
  await requireNobodysLayers(host, machine);
  const { layers } = await takeParents(host, machine, []);
  if (layers !== carried) await host.driver.storage.layers.write(machine, layers);
  const savedFile = `${file.replace(/\.[^./]*$/, '')}.saved`;
  const saved = await host.driver.storage.findSaved(savedFile);
  if (saved === undefined) return { ...machine, layers };
  return { ...machine, layers, state: 'saved', savedFile, ranBefore: saved === 'ran' };
}

/** Layers are protected, merged and removed. Errors: `refused` for one that another vm uses. */
async function requireNobodysLayers(host: Host, machine: MachineFile): Promise<void> {
  const others = host.others(machine.definition.id);
  for (const { file } of machine.layers.files) {
    const user = await host.driver.storage.layers.findUser(machine, file, others);
    if (user === undefined) continue;
    throw new Fault(
      'refused',
      `${file}, a layer of ${machine.definition.name}, is used by ${user}`,
      {
        hint: 'bring back the folder as it was when the vm was taken out',
      },
    );
  }
}

/** A saved vm keeps its hardware; its name and its settings may change (VM-52). */
function configureAction(before: VmDefinition, after: VmDefinition): VmAction {
  const touches = diffSettings(before, after).some(({ path }) =>
    /^(hardware|resources|guest_os)(\/|$)/.test(path),
  );
  return touches ? 'configure' : 'rename';
}

/** The administrator's word about the clock replaces the guest's. */
function clockOf(file: MachineFile, after: VmDefinition): Partial<MachineFile> {
  const before = file.definition.hardware.clock;
  const { clock } = after.hardware;
  const same = clock.base === before.base && clock.offsetSeconds === before.offsetSeconds;
  return same ? {} : { clockOffsetSeconds: null };
}

/** Where nothing is pending the running process has the new definition: one object is kept instead of two. */
function startedWithOf(
  file: MachineFile,
  definition: VmDefinition,
  startedWith: VmDefinition,
): Pick<MachineFile, 'startedWith'> {
  const isPending = pendingPaths({ ...file, definition }).length > 0;
  return { startedWith: isPending ? startedWith : definition };
}
