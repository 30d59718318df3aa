/** The machines that a simulated host has from its first start: the same for the same seed. */
import {
  profiles,
  vmDefinitionSchema,
  type Disk,
  type Hardware,
  type VmDefinition,
  type VmState,
} from '#api';
import { giB, isoTime, miB } from '#lib';
import { newMachineFile, type MachineFile } from '../../machine/record.ts';
import type { Chance } from './chance.ts';
import type { SimulatedOptions } from './options.ts';

const roles = ['web', 'db', 'app', 'build', 'test', 'mail', 'cache', 'proxy'] as const;
const guests = ['debian', 'ubuntu', 'rhel', 'windows-server-2022', 'freebsd'] as const;
const memories = [512 * miB, giB, 2 * giB, 2 * giB] as const;
const processorCounts = [1, 1, 2, 4] as const;

export function makeFleet(options: SimulatedOptions, chance: Chance): MachineFile[] {
  const template = vmDefinitionSchema.parse({
    id: chance.uuid('template'),
    name: 'template',
    hardware: profiles.modern.hardware,
  });
  const bootMs = options.clock.now();
  const kinds = shareHardware(template.hardware);
  return Array.from({ length: options.vms }, (_, index) =>
    makeMachine(options, chance, { template, kinds, index, bootMs }),
  );
}

interface Mould {
  readonly template: VmDefinition;
  readonly kinds: ReturnType<typeof shareHardware>;
  readonly index: number;
  readonly bootMs: number;
}

/** One object per size of machine. */
function shareHardware(base: Hardware): (sizeBytes: number, count: number) => Hardware {
  const made = new Map<string, Hardware>();
  return (sizeBytes, count) => {
    const key = `${sizeBytes}/${count}`;
    const hardware = made.get(key) ?? {
      ...base,
      processor: { ...base.processor, count },
      memory: { sizeBytes, maxBytes: null },
      disks: [disk],
    };
    made.set(key, hardware);
    return hardware;
  };
}

const disk: Disk = {
  bus: 'virtio',
  controller: 0,
  position: 0,
  file: 'disk.qcow2',
  format: 'qcow2',
  sizeBytes: 20 * giB,
  readOnly: false,
  shared: false,
  discard: true,
  cache: 'writeback',
  serial: '',
};

/** What machines have in common is one object in memory, however many there are. */
function makeMachine(
  options: SimulatedOptions,
  chance: Chance,
  { template, kinds, index, bootMs }: Mould,
): MachineFile {
  const id = chance.uuid('vm', options.hostName, index);
  const role = chance.pick(roles, 'role', id);
  const definition: VmDefinition = {
    ...template,
    id,
    name: `${options.hostName}-${role}-${index + 1}`,
    guestOs: chance.pick(guests, 'guest', id),
    hardware: kinds(
      chance.pick(memories, 'memory', id),
      chance.pick(processorCounts, 'processors', id),
    ),
  };
  const folder = `/simulated/${options.hostName}/${definition.name}`;
  const file = newMachineFile(definition, 0, { folder, file: `${folder}/vm.json` }, bootMs);
  return { ...file, ...stateOf(chance, id, bootMs, definition, folder) };
}

function stateOf(
  chance: Chance,
  id: string,
  bootMs: number,
  definition: VmDefinition,
  folder: string,
): Partial<MachineFile> {
  const state = chance.pick<VmState>(
    ['running', 'running', 'running', 'running', 'off', 'off', 'paused', 'saved'],
    'state',
    id,
  );
  if (state === 'off') return {};
  if (state === 'saved') return { state, savedFile: `${folder}/vm.saved`, ranBefore: true };
  return {
    state,
    startedAt: isoTime(bootMs),
    startedWith: definition,
    accelerator: 'simulated',
    wasRunning: true,
    process: { pid: 1, startTicks: 0, bootId: 'simulated' },
  };
}
