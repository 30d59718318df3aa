/**
 * A host in memory behind the Links interface, stateful as an agent is: it refuses older generations, does
 * every call at most once, and what its answers report is taken in as from a link. One file because it is one host.
 */
import { isDeepStrictEqual } from 'node:util';
import { Fault } from '#lib';
import {
  judgeAction,
  linkMethods,
  placeName,
  type Disk,
  type LinkMethod,
  type LinkParams,
  type LinkResult,
  type MachineRecord,
  type MachineReport,
  type NetworkSpec,
  type PowerAction,
  type Snapshot,
  type VmDefinition,
  type VmState,
} from '#api';
import type { Links } from '../context.ts';
import type { LinkContext } from '../link/context.ts';
import { takeReports } from '../link/take-reports.ts';
import { facts, freeDrive } from './fake-agent.ts';
import { foreignMachine } from './foreign-machine.ts';
import { MemoryMoves } from './memory-moves.ts';

interface Machine {
  definition: VmDefinition;
  definitionVersion: number;
  generation: number;
  state: VmState;
  held: boolean;
  wasRunning: boolean;
  path: string;
  snapshots: readonly Snapshot[];
}

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

export class MemoryHost implements Links {
  readonly hostId: string;
  readonly #context: () => LinkContext;
  readonly machines = new Map<string, Machine>();
  /** Files by their absolute path. */
  readonly files = new Set<string>();
  serviceRunning = true;
  networks: readonly NetworkSpec[] = [];
  readonly #moves = new MemoryMoves();
  /** Vms that have configuration files but are not known to the host. */
  readonly adoptable = new Map<string, VmDefinition>();

  constructor(hostId: string, context: () => LinkContext) {
    this.hostId = hostId;
    this.#context = context;
  }

  connected(hostId: string): boolean {
    return hostId === this.hostId;
  }

  async call<M extends LinkMethod>(
    hostId: string,
    method: M,
    params: LinkParams<M>,
  ): Promise<LinkResult<M>> {
    if (hostId !== this.hostId) throw new Fault('unavailable', 'another host');
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
      serviceRunning: this.serviceRunning,
      moves: this.#moves.snapshot(),
    };
  }

  #absolute(path: string, file: string): string {
    return file.startsWith('/') ? file : `${path}/${file}`;
  }

  #machine(id: string, generation?: number): Machine {
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
    const machine = this.#machine(id);
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
    const { definition, definitionVersion } = this.#machine(id);
    return { report: this.report(id), definition, definitionVersion };
  }

  #act({ id, generation, action }: LinkParams<'machine.act'>): LinkResult<'machine.act'> {
    const machine = this.#machine(id, generation);
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

  #swapDisk(id: string, generation: number, before: Disk, after: Disk): void {
    this.#changeHardware(id, generation, ({ disks }) => ({
      disks: disks.map((disk) => (disk.file === before.file ? after : disk)),
    }));
  }

  #changeHardware(
    id: string,
    generation: number,
    change: (hardware: VmDefinition['hardware']) => Partial<VmDefinition['hardware']>,
  ): { live: boolean } {
    const machine = this.#machine(id, generation);
    const { hardware } = machine.definition;
    machine.definition = {
      ...machine.definition,
      hardware: { ...hardware, ...change(hardware) },
    };
    return { live: machine.state === 'running' };
  }

  readonly #handlers: Handlers = {
    ...this.#moves.handlers(this),
    'host.configure': () => ({}),
    'viewers.listen': () => ({ failed: [] }),
    'host.diagnose': () => ({ findings: [] }),
    'host.probe': () => ({ facts }),
    'host.disks': () => ({ disks: [], complete: true }),
    'host.media': () => ({ files: [], complete: true, inserted: [] }),
    'host.disk': ({ file }) => {
      throw new Fault('not-found', `there is no disk ${file}`);
    },
    'host.disk.files': () => ({ fileSystems: [], readOnly: null, folder: null }),
    'host.disk.file.send': () => ({ kind: 'file', sizeBytes: 0 }),
    'host.disk.file.take': () => ({}),
    'host.disk.plan': () => ({ files: [] }),
    'host.disk.work': () => ({ answer: {} }),
    'host.disk.stop': () => ({}),
    'host.drive': ({ device: path }) => ({ ...freeDrive, path }),
    'host.service': ({ run }) => {
      this.serviceRunning = run;
      return { running: run };
    },
    'host.discover': () => ({ machines: [...this.machines.keys()].map((id) => this.#record(id)) }),
    'machine.look': ({ id }) => ({ record: this.#record(id) }),
    'machine.plan': () => ({ ok: true, reasons: [], warnings: [] }),
    'machine.create': ({ id, generation, definition, definitionVersion, disks }) => {
      if (!this.machines.has(id)) {
        this.add({ ...definition, hardware: { ...definition.hardware } }, 'off', generation);
        this.#machine(id).definitionVersion = definitionVersion;
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
        this.#machine(definition.id).definitionVersion = 0;
      }
      return { record: this.#record(definition.id) };
    },
    'machine.forget': ({ id, generation }) => {
      if (this.machines.has(id)) this.#machine(id, generation);
      this.machines.delete(id);
      return {};
    },
    'machine.destroy': ({ id, generation, keep }) => {
      const machine = this.machines.get(id);
      if (machine === undefined) return { deleted: [], kept: [] };
      this.#machine(id, generation);
      if (machine.state !== 'off') throw new Fault('refused', `it is ${machine.state}`);
      const kept = new Set(keep.map((file) => this.#absolute(machine.path, file)));
      const deleted = [...this.files].filter(
        (file) => file.startsWith(`${machine.path}/`) && !kept.has(file),
      );
      for (const file of deleted) this.files.delete(file);
      this.machines.delete(id);
      return { deleted, kept: [...kept] };
    },
    'machine.read-foreign': ({ file }) => ({ machine: foreignMachine(file) }),
    'machine.clone': ({ id, generation, definition, definitionVersion, disks }) => {
      this.#machine(id, generation);
      if (!this.machines.has(definition.id)) {
        this.add(definition, 'off', 0);
        this.#machine(definition.id).definitionVersion = definitionVersion;
        for (const { to } of disks) this.files.add(this.#absolute(`/vms/${definition.name}`, to));
      }
      return { report: this.report(definition.id) };
    },
    'machine.disk.compact': ({ id, generation }) => {
      this.#machine(id, generation);
      return { fileBytes: 1, gainBytes: 0 };
    },
    'machine.disk.match': ({ id, generation }) => {
      this.#machine(id, generation);
      return { report: this.report(id) };
    },
    'machine.disk.put-child': ({ id, generation, parent, child }) => {
      this.#swapDisk(id, generation, parent, child);
      return { path: child.file, format: child.format, variant: 'v3', sizeBytes: 0 };
    },
    'machine.disk.drop-child': ({ id, generation, parent, child }) => {
      this.#swapDisk(id, generation, child, parent);
      return {};
    },
    'machine.hand-out': ({ id, generation }) => {
      this.#machine(id, generation);
      return {};
    },
    'machine.flatten': ({ id, generation }) => {
      this.#machine(id, generation);
      return { report: this.report(id) };
    },
    'machine.relocate': ({ id, generation, definition, definitionVersion, parent, disks }) => {
      const machine = this.#machine(id, generation);
      const path = parent === null ? machine.path : `${parent}/${definition.name}`;
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
      const { path } = this.#machine(id);
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
      const machine = this.#machine(id, generation);
      if (definitionVersion >= machine.definitionVersion) {
        machine.definition = definition;
        machine.definitionVersion = definitionVersion;
      }
      return { report: this.report(id) };
    },
    'machine.check': () => ({ ok: true, reasons: [], warnings: [] }),
    'machine.act': (params) => this.#act(params),
    'machine.snapshot.take': ({ id, generation, snapshot }) => {
      const machine = this.#machine(id, generation);
      const parent = machine.snapshots.find(({ present }) => present)?.id ?? null;
      const { exclude: _, memory, quiesce: quiesced, ...taken } = snapshot;
      const takenWhile = machine.state === 'running' ? 'running' : 'off';
      if (machine.snapshots.every((one) => one.id !== snapshot.id))
        machine.snapshots = [
          ...machine.snapshots.map((one) => ({ ...one, present: false })),
          {
            ...taken,
            parent,
            takenAt: '2026-01-01T00:00:00.000Z',
            present: true,
            sizeBytes: 1,
            takenWhile,
            memoryBytes: memory ? 1 : null,
            quiesced,
          },
        ];
      return { report: this.report(id) };
    },
    'machine.snapshot.revert': ({ id, generation, snapshotId }) => {
      const machine = this.#machine(id, generation);
      machine.snapshots = machine.snapshots.map((one) => ({
        ...one,
        present: one.id === snapshotId,
      }));
      machine.definition = {
        ...machine.definition,
        hardware: { ...machine.definition.hardware, sound: 'ac97' },
      };
      return { report: this.report(id), definition: machine.definition };
    },
    'machine.snapshot.recall': ({ id, generation }) => {
      this.#machine(id, generation).state = 'saved';
      return { report: this.report(id) };
    },
    'machine.snapshot.read': ({ id }) => ({ definition: this.#machine(id).definition }),
    'machine.snapshot.disk': () => ({ path: '/vms/a.qcow2', place: 'virtio0:0' }),
    'machine.snapshot.restore-file': ({ id, generation }) => {
      this.#machine(id, generation);
      return { sizeBytes: 1 };
    },
    'machine.snapshot.delete': ({ id, generation, snapshotId }) => {
      const machine = this.#machine(id, generation);
      const gone = machine.snapshots.find((one) => one.id === snapshotId);
      machine.snapshots = machine.snapshots
        .filter((one) => one !== gone)
        .map((one) => ({
          ...one,
          parent: one.parent === snapshotId ? (gone?.parent ?? null) : one.parent,
          present: one.present || (gone?.present === true && one.id === gone.parent),
        }));
      return { report: this.report(id) };
    },
    'machine.snapshot.change': ({ id, generation, snapshotId, name, description }) => {
      const machine = this.#machine(id, generation);
      machine.snapshots = machine.snapshots.map((one) =>
        one.id === snapshotId ? { ...one, name, description } : one,
      );
      return { report: this.report(id) };
    },
    'machine.disk.create': ({ id, generation, source }) => {
      const { path } = this.#machine(id, generation);
      this.files.add(this.#absolute(path, source.file));
      return { disk: { file: source.file, sizeBytes: source.sizeBytes } };
    },
    'machine.disk.inspect': () => ({ sizeBytes: 1024, fileBytes: 1024, backing: null }),
    'machine.disk.delete': ({ id, generation, file }) => {
      const machine = this.#machine(id, generation);
      if (machine.definition.hardware.disks.some((disk) => disk.file === file))
        throw new Fault('refused', `${file} is attached`);
      this.files.delete(this.#absolute(machine.path, file));
      return {};
    },
    'machine.disk.attach': ({ id, generation, disk }) =>
      this.#changeHardware(id, generation, ({ disks }) => ({
        disks: [...disks.filter((one) => placeName(one) !== placeName(disk)), disk],
      })),
    'machine.disk.detach': ({ id, generation, disk }) =>
      this.#changeHardware(id, generation, ({ disks }) => ({
        disks: disks.filter((one) => placeName(one) !== placeName(disk)),
      })),
    'machine.adapter.attach': ({ id, generation, adapter }) =>
      this.#changeHardware(id, generation, ({ adapters }) => ({
        adapters: [...adapters.filter(({ slot }) => slot !== adapter.slot), adapter],
      })),
    'machine.adapter.detach': ({ id, generation, adapter }) =>
      this.#changeHardware(id, generation, ({ adapters }) => ({
        adapters: adapters.filter((one) => !isDeepStrictEqual(one, adapter)),
      })),
    'machine.adapter.change': ({ id, generation, adapter }) =>
      this.#changeHardware(id, generation, ({ adapters }) => ({
        adapters: adapters.map((one) => (one.slot === adapter.slot ? adapter : one)),
      })),
    'network.configure': ({ networks }) => {
      this.networks = networks;
      return {};
    },
    'network.ports': () => ({ ports: [] }),
    'network.release': () => ({}),
    'host.adapters': () => ({ adapters: [] }),
    'host.adapter.set': () => ({ trial: null }),
    'host.adapter.confirm': () => ({}),
    'machine.share.add': ({ id, generation, share }) =>
      this.#changeHardware(id, generation, ({ sharedFolders }) => ({
        sharedFolders: [...sharedFolders.filter(({ slot }) => slot !== share.slot), share],
      })),
    'machine.share.remove': ({ id, generation, share }) =>
      this.#changeHardware(id, generation, ({ sharedFolders }) => ({
        sharedFolders: sharedFolders.filter((one) => !isDeepStrictEqual(one, share)),
      })),
    'machine.medium': ({ id, generation, place, medium, path }) =>
      this.#changeHardware(id, generation, ({ opticalDrives }) => ({
        opticalDrives: opticalDrives.map((drive) =>
          placeName(drive) === place
            ? { ...drive, medium: path === null ? medium : { kind: 'file', file: path } }
            : drive,
        ),
      })),
    'machine.hardware': () => ({ running: false, accelerator: 'tcg', devices: [] }),
    'machine.screenshot': () => ({ png: '' }),
    'machine.type': () => ({}),
    'machine.keys': () => ({}),
    'stream.open': () => ({}),
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
    'image.inspect': ({ file, format }) => ({
      path: file,
      format,
      sizeBytes: 1,
      fileBytes: 1,
      sha256: null,
    }),
    'image.delete': ({ path }) => {
      this.files.delete(path);
      return {};
    },
  };
}
