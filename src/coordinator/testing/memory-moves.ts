/** Hosts in memory between which vms move: what memory-host.ts does of it. */
import { Fault } from '#lib';
import type { LinkParams, LinkResult, MachineReport, VmDefinition } from '#api';

type MoveMethod =
  | `machine.departure.${'plan' | 'begin' | 'send' | 'cancel' | 'end'}`
  | `machine.arrival.${'plan' | 'begin' | 'receive' | 'cancel' | 'end'}`;
type MoveHandlers = { readonly [M in MoveMethod]: (params: LinkParams<M>) => LinkResult<M> };

interface Moving {
  readonly machines: Map<string, { readonly definition: VmDefinition; readonly path: string }>;
  readonly files: Set<string>;
  add(definition: VmDefinition, state: 'off', generation: number): MachineReport;
  report(id: string): MachineReport;
}

/** Vms that leave and vms that come, by id, with their moves. */
export class MemoryMoves {
  readonly #departures = new Map<string, string>();
  readonly #arrivals = new Map<string, { readonly moveId: string; complete: boolean }>();

  /** Without what differs from run to run. */
  snapshot(): unknown {
    return { leaving: [...this.#departures.keys()], coming: [...this.#arrivals.keys()] };
  }

  handlers(host: Moving): MoveHandlers {
    const departures = this.#departures;
    const arrivals = this.#arrivals;
    const fine = { ok: true, reasons: [], warnings: [] };
    const found = (id: string): { readonly definition: VmDefinition; readonly path: string } => {
      const machine = host.machines.get(id);
      if (machine === undefined) throw new Fault('not-found', `there is no machine ${id}`);
      return machine;
    };
    const coming = (id: string, moveId: string): { complete: boolean } | undefined => {
      const arrival = arrivals.get(id);
      return arrival?.moveId === moveId ? arrival : undefined;
    };
    return {
      'machine.departure.plan': () => ({ ...fine, storedBytes: 1 }),
      'machine.departure.begin': ({ id, moveId }) => {
        const { path } = found(id);
        departures.set(id, moveId);
        const names = [...host.files].flatMap((file) =>
          file.startsWith(`${path}/`) ? [file.slice(path.length + 1)] : [],
        );
        const files = names.map((name) => ({
          kind: 'file' as const,
          path: name,
          mode: 0o600,
          sizeBytes: 1,
          storedBytes: 1,
          modified: '1',
        }));
        return { files, fileName: 'vm.json', record: {} };
      },
      'machine.departure.send': ({ id, moveId }) => {
        if (departures.get(id) !== moveId) throw new Fault('refused', 'it does not leave');
        return {};
      },
      'machine.departure.cancel': ({ id, moveId }) => {
        if (departures.get(id) === moveId) departures.delete(id);
        return {};
      },
      'machine.departure.end': ({ id, moveId, files }) => {
        if (departures.get(id) !== moveId) return {};
        const { path } = found(id);
        for (const file of files) host.files.delete(`${path}/${file}`);
        departures.delete(id);
        host.machines.delete(id);
        return {};
      },
      'machine.arrival.plan': () => fine,
      'machine.arrival.begin': ({ id, moveId, definition }) => {
        const arrival = coming(id, moveId) ?? { complete: false };
        arrivals.set(id, { moveId, ...arrival });
        return {
          folder: `/vms/${definition.name}`,
          state: arrival.complete ? 'complete' : 'incomplete',
          doneBytes: 0,
          trouble: null,
        };
      },
      'machine.arrival.receive': ({ id, moveId }) => {
        if (coming(id, moveId) === undefined) throw new Fault('not-found', 'it does not come');
        arrivals.set(id, { moveId, complete: true });
        return {};
      },
      'machine.arrival.cancel': ({ id, moveId }) => {
        if (coming(id, moveId) !== undefined) arrivals.delete(id);
        return {};
      },
      'machine.arrival.end': ({ id, moveId, generation, definition }) => {
        const arrival = coming(id, moveId);
        if (!host.machines.has(id)) {
          if (arrival?.complete !== true) throw new Fault('not-found', 'it does not come');
          host.add(definition, 'off', generation);
        }
        arrivals.delete(id);
        return { report: host.report(id) };
      },
    };
  }
}
