/** Hosts in memory between which vms move, off or as they run: what memory-host.ts does of it. */
import { Fault } from '#lib';
import type { LinkParams, LinkResult, MachineReport, VmDefinition, VmState } from '#api';

type MoveMethod =
  | `machine.departure.${'plan' | 'begin' | 'channel' | 'hand-over' | 'send' | 'cancel' | 'end'}`
  | `machine.arrival.${'plan' | 'begin' | 'receive' | 'await' | 'channel' | 'cancel' | 'end'}`;
type MoveHandlers = { readonly [M in MoveMethod]: (params: LinkParams<M>) => LinkResult<M> };

interface MovingMachine {
  readonly definition: VmDefinition;
  readonly path: string;
  readonly state: VmState;
}

interface Moving {
  readonly hostId: string;
  readonly machines: ReadonlyMap<string, MovingMachine> & { delete(id: string): boolean };
  readonly files: Set<string>;
  /** Every host of the world, this one among them. */
  readonly peers: readonly { readonly hostId: string; readonly moves: MemoryMoves }[];
  add(definition: VmDefinition, state: VmState, generation: number): MachineReport;
  report(id: string): MachineReport;
}

interface Departure {
  readonly moveId: string;
  /** By name; joined from this end. */
  readonly channels: Set<string>;
  /** Its guest stands still, and does not go on by itself. */
  handedOver: boolean;
}

interface Arrival {
  readonly moveId: string;
  complete: boolean;
  /** A process that waits for a guest, or has it; undefined: none. */
  waiting: { readonly channels: Set<string>; guest: VmState | undefined } | undefined;
}

const channels = ['memory', 'disk-virtio0'] as const;

/** Vms that leave and vms that come, by id, with their moves. */
export class MemoryMoves {
  readonly #departures = new Map<string, Departure>();
  readonly #arrivals = new Map<string, Arrival>();

  /** Without what differs from run to run. */
  snapshot(): unknown {
    return { leaving: [...this.#departures.keys()], coming: [...this.#arrivals.keys()] };
  }

  /** Whether the guest of a machine of this host executes nothing since all of it is elsewhere. */
  standsStill(id: string): boolean {
    return this.#departures.get(id)?.handedOver ?? false;
  }

  coming(id: string, moveId: string): Arrival | undefined {
    const arrival = this.#arrivals.get(id);
    return arrival?.moveId === moveId ? arrival : undefined;
  }

  /** As after the loss of its folder and its process. */
  lose(): void {
    this.#arrivals.clear();
  }

  handlers(host: Moving): MoveHandlers {
    const departures = this.#departures;
    const arrivals = this.#arrivals;
    const fine = { ok: true, reasons: [], warnings: [] };
    const found = (id: string): MovingMachine => {
      const machine = host.machines.get(id);
      if (machine === undefined) throw new Fault('not-found', `there is no machine ${id}`);
      return machine;
    };
    const isLive = (id: string): boolean => ['running', 'paused'].includes(found(id).state);
    const leaving = (id: string, moveId: string): Departure => {
      const departure = departures.get(id);
      if (departure?.moveId === moveId) return departure;
      throw new Fault('refused', 'it does not leave');
    };
    return {
      'machine.departure.plan': ({ id }) => ({
        ...fine,
        storedBytes: 1,
        guest: isLive(id) ? { of: 'memory' } : null,
      }),
      'machine.departure.begin': ({ id, moveId }) => {
        const { path } = found(id);
        if (departures.get(id)?.moveId !== moveId)
          departures.set(id, { moveId, channels: new Set(), handedOver: false });
        const names = [...host.files].flatMap((file) =>
          file.startsWith(`${path}/`) ? [file.slice(path.length + 1)] : [],
        );
        const written = isLive(id) ? names.filter((name) => name !== 'vm.json') : [];
        const files = names.flatMap((name) =>
          written.includes(name)
            ? []
            : [
                {
                  kind: 'file' as const,
                  path: name,
                  mode: 0o600,
                  sizeBytes: 1,
                  storedBytes: 1,
                  modified: '1',
                },
              ],
        );
        return {
          files,
          fileName: 'vm.json',
          record: {},
          channels: isLive(id) ? [...channels] : [],
          written,
        };
      },
      'machine.departure.channel': ({ id, moveId, channel }) => {
        leaving(id, moveId).channels.add(channel);
        return {};
      },
      'machine.departure.hand-over': ({ id, moveId }) => {
        const departure = leaving(id, moveId);
        const done = { sentBytes: 4096, stoodMs: 5 };
        if (departure.handedOver) return done;
        const arrival = host.peers
          .map(({ moves }) => moves.coming(id, moveId))
          .find((one) => one !== undefined);
        const there = arrival?.waiting;
        const isJoined = (end: Set<string>): boolean => channels.every((one) => end.has(one));
        if (there === undefined || !isJoined(departure.channels) || !isJoined(there.channels))
          throw new Fault('unavailable', 'a stream of the guest is not there');
        departure.handedOver = true;
        there.guest = found(id).state;
        return done;
      },
      'machine.departure.send': ({ id, moveId }) => {
        leaving(id, moveId);
        return {};
      },
      'machine.departure.cancel': ({ id, moveId }) => {
        if (departures.get(id)?.moveId === moveId) departures.delete(id);
        return {};
      },
      'machine.departure.end': ({ id, moveId, files }) => {
        if (departures.get(id)?.moveId !== moveId) return {};
        const { path } = found(id);
        for (const file of files) host.files.delete(`${path}/${file}`);
        departures.delete(id);
        host.machines.delete(id);
        return {};
      },
      'machine.arrival.plan': () => fine,
      'machine.arrival.begin': ({ id, moveId, definition }) => {
        const arrival = this.coming(id, moveId) ?? { moveId, complete: false, waiting: undefined };
        arrivals.set(id, arrival);
        return {
          folder: `/vms/${definition.name}`,
          state: arrival.complete ? 'complete' : 'incomplete',
          doneBytes: 0,
          trouble: null,
        };
      },
      'machine.arrival.receive': ({ id, moveId }) => {
        const arrival = this.coming(id, moveId);
        if (arrival === undefined) throw new Fault('not-found', 'it does not come');
        arrival.complete = true;
        return {};
      },
      'machine.arrival.await': ({ id, moveId }) => {
        const arrival = this.coming(id, moveId);
        if (arrival?.complete !== true) throw new Fault('not-found', 'it does not come');
        arrival.waiting = { channels: new Set(), guest: undefined };
        return {};
      },
      'machine.arrival.channel': ({ id, moveId, channel }) => {
        const waiting = this.coming(id, moveId)?.waiting;
        if (waiting === undefined) throw new Fault('not-found', 'nothing waits for it');
        waiting.channels.add(channel);
        return {};
      },
      'machine.arrival.cancel': ({ id, moveId }) => {
        if (this.coming(id, moveId) !== undefined) arrivals.delete(id);
        return {};
      },
      'machine.arrival.end': ({ id, moveId, generation, definition }) => {
        const arrival = this.coming(id, moveId);
        if (!host.machines.has(id)) {
          const guest = arrival?.waiting?.guest;
          if (arrival?.complete !== true || (arrival.waiting !== undefined && guest === undefined))
            throw new Fault('not-found', 'it does not come');
          host.add(definition, guest ?? 'off', generation);
        }
        arrivals.delete(id);
        return { report: host.report(id) };
      },
    };
  }
}
