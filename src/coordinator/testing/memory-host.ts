/**
 * A host in memory behind the Links interface, stateful as an agent is: it refuses older generations, does
 * every call at most once, and what its answers report is taken in as from a link.
 */
import { Fault } from '#lib';
import {
  archiveStem,
  judgeAction,
  linkMethods,
  type KeptContent,
  type LinkMethod,
  type LinkParams,
  type LinkResult,
  type MachineRecord,
  type MachineReport,
  type NetworkSpec,
  type PowerAction,
  type VmDefinition,
  type VmState,
} from '#api';
import type { Links } from '../context.ts';
import type { LinkContext } from '../link/context.ts';
import { takeReports } from '../link/take-reports.ts';
import { memoryAnswers } from './memory-answers.ts';
import { memoryDevices } from './memory-devices.ts';
import type { MemoryMachine, MemoryMachines } from './memory-machine.ts';
import { memoryHandover, type HandoverHost } from './memory-handover.ts';
import { MemoryMoves } from './memory-moves.ts';
import { memoryPassage, type PassageHost } from './memory-passage.ts';
import { memorySnapshots } from './memory-snapshots.ts';

const after: Readonly<Partial<Record<PowerAction, VmState>>> = {
  'turn-on': 'running',
  hold: 'paused',
  release: 'running',
  pause: 'paused',
  resume: 'running',
  save: 'saved',
  restore: 'running',
  discard: 'off',
  shutdown: 'off',
  'power-button': 'off',
  'turn-off': 'off',
};

type Handlers = { readonly [M in LinkMethod]: (params: LinkParams<M>) => LinkResult<M> };

export class MemoryHost implements Links, MemoryMachines, PassageHost, HandoverHost {
  readonly hostId: string;
  readonly #context: () => LinkContext;
  readonly machines = new Map<string, MemoryMachine>();
  /** Files by their absolute path. */
  readonly files = new Set<string>();
  readonly lentOut = new Map<string, MemoryMachine>();
  readonly keptContents = new Map<string, readonly KeptContent[]>();
  serviceRunning = true;
  /** Whether it answers nobody. */
  away = false;
  peers: readonly MemoryHost[] = [];
  networks: readonly NetworkSpec[] = [];
  readonly moves = new MemoryMoves();
  /** Vms that have configuration files but are not known to the host. */
  readonly adoptable = new Map<string, VmDefinition>();

  constructor(hostId: string, context: () => LinkContext) {
    this.hostId = hostId;
    this.#context = context;
  }

  connected(hostId: string): boolean {
    return hostId === this.hostId;
  }

  whenSettled(): Promise<void> {
    return Promise.resolve();
  }

  async call<M extends LinkMethod>(
    hostId: string,
    method: M,
    params: LinkParams<M>,
  ): Promise<LinkResult<M>> {
    if (hostId !== this.hostId) throw new Fault('unavailable', 'another host');
    if (this.away) throw new Fault('unavailable', 'the host is away');
    // As over the wire: only what the contract says gets through.
    const parsed = linkMethods[method].params.parse(
      JSON.parse(JSON.stringify(params)),
    ) as LinkParams<M>;
    const result = this.#handlers[method](parsed);
    const { report } = result as { readonly report?: MachineReport };
    if (report !== undefined) await takeReports(this.#context(), hostId, [report], () => undefined);
    return result;
  }

  add(definition: VmDefinition, state: VmState, generation = 1): MachineReport {
    const path = `/vms/${definition.name}`;
    this.machines.set(definition.id, {
      definition,
      definitionVersion: 1,
      generation,
      state,
      held: false,
      wasRunning: state === 'running' || state === 'paused',
      snapshots: [],
      path,
    });
    this.files.add(`${path}/vm.json`);
    for (const { file } of definition.hardware.disks) this.files.add(this.#absolute(path, file));
    return this.report(definition.id);
  }

  /** Without what differs from run to run. */
  snapshot(): unknown {
    return {
      machines: [...this.machines.values()].map(({ definition, state, held, path, snapshots }) => ({
        definition,
        state,
        held,
        path,
        snapshots,
      })),
      files: [...this.files].sort(),
      lentOut: [...this.lentOut.keys()].length,
      kept: [...this.keptContents.entries()],
      serviceRunning: this.serviceRunning,
      moves: this.moves.snapshot(),
    };
  }

  #absolute(path: string, file: string): string {
    return file.startsWith('/') ? file : `${path}/${file}`;
  }

  machine(id: string, generation?: number): MemoryMachine {
    const machine = this.machines.get(id);
    if (machine === undefined) throw new Fault('not-found', `there is no machine ${id}`);
    if (generation !== undefined) {
      if (generation < machine.generation)
        throw new Fault('stale', `generation ${generation} is older than ${machine.generation}`);
      machine.generation = generation;
    }
    return machine;
  }

  report(id: string): MachineReport {
    const machine = this.machine(id);
    return {
      id,
      name: machine.definition.name,
      generation: machine.generation,
      state: machine.state,
      held: machine.held,
      since: '2026-01-01T00:00:00.000Z',
      startedAt: null,
      accelerator: machine.state === 'running' ? 'tcg' : null,
      wasRunning: machine.wasRunning,
      path: machine.path,
      pending: [],
      forwards: [],
      snapshots: [...machine.snapshots],
      undo: null,
      lastFault: null,
    };
  }

  #record(id: string): MachineRecord {
    const { definition, definitionVersion } = this.machine(id);
    return { report: this.report(id), definition, definitionVersion };
  }

  #act({ id, generation, action }: LinkParams<'machine.act'>): LinkResult<'machine.act'> {
    const machine = this.machine(id, generation);
    const { state, held, definition } = machine;
    const { name } = definition;
    const judgement = judgeAction(action, {
      name,
      state,
      held,
      additions: 'running',
      undo: 'there',
      missing: {},
      hostReachable: true,
    });
    if (judgement.answer === 'refuse') {
      // A start that was done already is not done again, whatever it led to.
      const again = action === 'hold' && held;
      if (!again) throw new Fault('refused', judgement.why);
    } else if (judgement.answer === 'take') {
      machine.state = after[action] ?? state;
      machine.held = action === 'hold';
      machine.wasRunning = machine.state === 'running' || machine.state === 'paused';
    }
    return { report: this.report(id) };
  }

  readonly #handlers: Handlers = {
    ...memoryAnswers,
    ...memoryDevices(this),
    ...memorySnapshots(this),
    ...this.moves.handlers(this),
    ...memoryPassage(this),
    ...memoryHandover(this),
    'host.service': ({ run }) => {
      this.serviceRunning = run;
      return { running: run };
    },
    'host.discover': () => ({ machines: [...this.machines.keys()].map((id) => this.#record(id)) }),
    'machine.look': ({ id }) => ({ record: this.#record(id) }),
    'machine.create': ({ id, generation, definition, definitionVersion, disks, kept }) => {
      if (!this.machines.has(id)) {
        if (kept !== undefined) this.keptContents.set(id, kept);
        this.add({ ...definition, hardware: { ...definition.hardware } }, 'off', generation);
        this.machine(id).definitionVersion = definitionVersion;
        for (const { file } of disks)
          this.files.add(this.#absolute(`/vms/${definition.name}`, file));
      }
      return { report: this.report(id) };
    },
    'machine.adopt': ({ file }) => {
      const definition = this.adoptable.get(file);
      if (definition === undefined) throw new Fault('not-found', `there is no file ${file}`);
      if (!this.machines.has(definition.id)) {
        this.add(definition, 'off', 0);
        this.machine(definition.id).definitionVersion = 0;
      }
      return { record: this.#record(definition.id) };
    },
    'machine.forget': ({ id, generation }) => {
      if (this.machines.has(id)) this.machine(id, generation);
      this.machines.delete(id);
      return {};
    },
    'machine.destroy': ({ id, generation, keep }) => {
      const machine = this.machines.get(id);
      if (machine === undefined) return { deleted: [], kept: [] };
      this.machine(id, generation);
      if (machine.state !== 'off') throw new Fault('refused', `it is ${machine.state}`);
      const kept = new Set(keep.map((file) => this.#absolute(machine.path, file)));
      const deleted = [...this.files].filter(
        (file) => file.startsWith(`${machine.path}/`) && !kept.has(file),
      );
      for (const file of deleted) this.files.delete(file);
      this.machines.delete(id);
      this.keptContents.delete(id);
      return { deleted, kept: [...kept] };
    },
    'machine.clone': ({ id, generation, definition, definitionVersion, disks }) => {
      this.machine(id, generation);
      if (!this.machines.has(definition.id)) {
        this.add(definition, 'off', 0);
        this.machine(definition.id).definitionVersion = definitionVersion;
        for (const { to } of disks) this.files.add(this.#absolute(`/vms/${definition.name}`, to));
      }
      return { report: this.report(definition.id) };
    },
    'machine.disk.compact': ({ id, generation }) => {
      this.machine(id, generation);
      return { fileBytes: 1, gainBytes: 0 };
    },
    'machine.disk.resize': ({ id, generation }) => {
      this.machine(id, generation);
      return { live: false };
    },
    'machine.disk.match': ({ id, generation }) => {
      this.machine(id, generation);
      return { report: this.report(id) };
    },
    'host.disk.work': ({ work }) => {
      if (work.verb === 'delete-unpacked') {
        const remains = !this.files.delete(work.file);
        return { answer: { remains } };
      }
      if (work.verb !== 'unpack' || archiveStem(work.file) === undefined) return { answer: {} };
      this.files.add(work.target);
      const configurations = [`${work.target}/undo.vmc`];
      return { answer: { path: work.target, files: 1, sizeBytes: 1, configurations } };
    },
    'machine.hand-out': ({ id, generation }) => {
      this.machine(id, generation);
      return {};
    },
    'machine.flatten': ({ id, generation }) => {
      this.machine(id, generation);
      return { report: this.report(id) };
    },
    'machine.relocate': ({ id, generation, definition, definitionVersion, parent, disks }) => {
      const machine = this.machine(id, generation);
      const below = parent === 'usual' ? '/vms' : parent;
      const path = below === null ? machine.path : `${below}/${definition.name}`;
      const moved = new Map(
        disks.map(({ from, to }) => [this.#absolute(machine.path, from), this.#absolute(path, to)]),
      );
      for (const file of Array.from(this.files)) {
        const to =
          moved.get(file) ??
          (file.startsWith(`${machine.path}/`)
            ? `${path}${file.slice(machine.path.length)}`
            : undefined);
        if (to === undefined) continue;
        this.files.delete(file);
        this.files.add(to);
      }
      Object.assign(machine, { path, definition, definitionVersion });
      return { report: this.report(id) };
    },
    'machine.files': ({ id }) => {
      const { path } = this.machine(id);
      const files = [...this.files].filter((file) => file.startsWith(`${path}/`));
      return {
        folder: path,
        files: files.map((file) => ({
          path: file,
          role: 'disk',
          sizeBytes: 1,
          deleted: true,
          keptBecause: null,
          maxBytes: null,
          freeBytes: null,
          parent: null,
        })),
      };
    },
    'machine.configure': ({ id, generation, definition, definitionVersion }) => {
      const machine = this.machine(id, generation);
      if (definitionVersion >= machine.definitionVersion) {
        machine.definition = definition;
        machine.definitionVersion = definitionVersion;
      }
      return { report: this.report(id) };
    },
    'machine.act': (params) => this.#act(params),
    'machine.disk.create': ({ id, generation, source }) => {
      const { path } = this.machine(id, generation);
      this.files.add(this.#absolute(path, source.file));
      return { disk: { file: source.file, sizeBytes: source.sizeBytes } };
    },
    'machine.disk.delete': ({ id, generation, file }) => {
      const machine = this.machine(id, generation);
      if (machine.definition.hardware.disks.some((disk) => disk.file === file))
        throw new Fault('refused', `${file} is attached`);
      this.files.delete(this.#absolute(machine.path, file));
      return {};
    },
    'network.configure': ({ networks }) => {
      this.networks = networks;
      return {};
    },
    'image.build': ({ recipe }) => {
      this.files.add(`/images/${recipe}`);
      return {
        path: `/images/${recipe}`,
        format: 'raw',
        sizeBytes: 1,
        fileBytes: 1,
        sha256: null,
        imageKind: 'disk',
      };
    },
    'image.delete': ({ path }) => {
      this.files.delete(path);
      return {};
    },
  };
}
