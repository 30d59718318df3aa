/**
 * Recordings of consoles (docs/rfd/0022, 0033): begun and stopped by who may, told to everybody who is there while
 * they run, kept as files below the coordinator's data until somebody deletes them or the vm is gone.
 */
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Fault, isoTime } from '#lib';
import type { ConsoleName, Recording, RecordingEnd } from '#api';
import { vmDocument } from '../app/find.ts';
import type { Caller, Coordinator } from '../context.ts';
import type { RecordingDocument, VmDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { StreamHub } from '../link/streams.ts';
import type { Document } from '../store/store.ts';
import { consoleEvent, tellOfConsole, type Teller } from './events.ts';
import { Recorder } from './recorder.ts';
import type { Sessions } from './sessions.ts';

const maxRecordingsPerVm = 50;

const itself: Teller = {
  actor: { kind: 'system', name: 'coordinator' },
  origin: null,
  correlationId: null,
};

interface Running {
  readonly recorder: Recorder;
  /** Resolves when its end is written down. */
  readonly settled: Promise<void>;
}

export class Recordings implements AsyncDisposable {
  readonly #coordinator: Coordinator;
  readonly #streams: StreamHub;
  readonly #sessions: Sessions;
  readonly #running = new Map<string, Running>();
  /** `<vm id> <console>`, from the first question on. */
  readonly #taken = new Set<string>();
  readonly #stopWatching: () => void;

  constructor(coordinator: Coordinator, streams: StreamHub, sessions: Sessions) {
    this.#coordinator = coordinator;
    this.#streams = streams;
    this.#sessions = sessions;
    this.#endCutOff();
    this.#forgetOrphans();
    this.#stopWatching = coordinator.inventory.onChange(({ things }) => {
      if (things.some(({ kind, how }) => kind === 'vm' && how === 'deleted')) this.#forgetOrphans();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopWatching();
    for (const { recorder } of this.#running.values()) recorder.stop('coordinator');
    await Promise.all([...this.#running.values()].map(({ settled }) => settled));
  }

  async list(vm: string): Promise<readonly Recording[]> {
    const found = recordingsOf(this.#coordinator.inventory, vm);
    const shown = await Promise.all(found.map((document) => this.#show(document)));
    return shown.sort((one, other) => one.startedAt.localeCompare(other.startedAt));
  }

  /** Errors: `exists` where it is recorded already; `exhausted`; those of `StreamHub.open` and `Recorder.start`. */
  async start(caller: Caller, vm: string, console: ConsoleName): Promise<Recording> {
    const { inventory } = this.#coordinator;
    if (recordingsOf(inventory, vm).length >= maxRecordingsPerVm)
      throw new Fault('exhausted', `${maxRecordingsPerVm} recordings of this vm are kept already`, {
        hint: 'delete those that nobody needs',
      });
    const key = `${vm} ${console}`;
    if (this.#taken.has(key)) throw new Fault('exists', `${console} is being recorded already`);
    this.#taken.add(key);
    try {
      return await this.#begin(caller, vm, console, () => this.#taken.delete(key));
    } catch (error) {
      this.#taken.delete(key);
      throw error;
    }
  }

  async #begin(
    caller: Caller,
    vm: string,
    console: ConsoleName,
    onEnd: () => void,
  ): Promise<Recording> {
    const { inventory, clock, paths } = this.#coordinator;
    const { hostId, definition } = vmDocument(inventory, vm).data;
    const agent = await this.#streams.open(hostId, vm, console, 'read-only');
    const id = crypto.randomUUID();
    const data: RecordingDocument = {
      vmId: vm,
      console,
      by: caller.actor.name,
      startedAt: isoTime(clock.now()),
      endedAt: null,
      why: null,
    };
    let sizeBytes = 0;
    try {
      await mkdir(join(paths.data, 'recordings'), { recursive: true, mode: 0o700 });
      await this.#coordinator.commit({ writes: [{ kind: 'recording', id, data }] });
      const title = `${definition.name}: ${console}`;
      const path = this.#pathOf(id, console);
      const recorder = await Recorder.start(agent, { console, path, title, clock });
      ({ sizeBytes } = recorder);
      const settled = recorder.ended
        .then((why) => this.#settle(caller, id, data, why))
        .finally(onEnd);
      this.#running.set(id, { recorder, settled });
    } catch (error) {
      agent.close(1001, 'it is not recorded');
      await rm(this.#pathOf(id, console), { force: true }).catch(() => undefined);
      await this.#coordinator
        .commit({ writes: [{ kind: 'recording', id, delete: true }] })
        .catch(() => undefined);
      throw error;
    }
    tellOfConsole(this.#coordinator, vm)(caller, 'console.recording-started', { channel: console });
    this.#sessions.setRecorder(vm, console, data.by);
    return { ...show(id, data), state: 'running', sizeBytes };
  }

  /** Errors: `not-found`; `refused` for one that has ended. */
  async stop(vm: string, id: string): Promise<Recording> {
    this.#find(vm, id);
    const running = this.#running.get(id);
    if (running === undefined) throw new Fault('refused', 'this recording has ended already');
    running.recorder.stop('person');
    await running.settled;
    return await this.#show(this.#find(vm, id));
  }

  /** As far as it has come, where it still runs. Errors: `not-found`. */
  async read(vm: string, id: string): Promise<Readable> {
    const { console } = this.#find(vm, id).data;
    const file = await open(this.#pathOf(id, console)).catch((cause: unknown) => {
      throw new Fault('not-found', `the file of recording ${id} cannot be read`, { cause });
    });
    return file.createReadStream();
  }

  /** Errors: `not-found`; `refused` while it runs. */
  async delete(vm: string, id: string): Promise<void> {
    const { version, data } = this.#find(vm, id);
    if (this.#running.has(id))
      throw new Fault('refused', 'this recording is still running', { hint: 'stop it first' });
    await rm(this.#pathOf(id, data.console), { force: true });
    await this.#coordinator.commit({
      conditions: [{ kind: 'recording', id, version }],
      writes: [{ kind: 'recording', id, delete: true }],
    });
  }

  /** A coordinator that was killed wrote no end: the file tells when the last was. */
  #endCutOff(): void {
    const { inventory, log } = this.#coordinator;
    for (const document of inventory.documents<RecordingDocument>('recording'))
      if (document.data.endedAt === null && inventory.document('vm', document.data.vmId))
        this.#writeEnd(document).catch((error: unknown) =>
          log.warn({ err: error }, 'cannot write down the end of a recording that was cut off'),
        );
  }

  async #writeEnd({ id, version, data }: Document<RecordingDocument>): Promise<void> {
    const { inventory } = this.#coordinator;
    const conditions = [{ kind: 'recording', id, version } as const];
    const file = await stat(this.#pathOf(id, data.console)).catch(() => undefined);
    if (file === undefined) {
      // It had not begun.
      const writes = [{ kind: 'recording', id, delete: true } as const];
      await this.#coordinator.commit({ conditions, writes });
      return;
    }
    const why = 'coordinator';
    const ended = { ...data, endedAt: file.mtime.toISOString(), why } as const;
    const told = consoleEvent(inventory, data.vmId, itself, 'console.recording-ended', {
      channel: data.console,
      durationMs: Math.max(0, Math.round(file.mtimeMs) - Date.parse(data.startedAt)),
      why,
    });
    const writes = [{ kind: 'recording', id, data: ended } as const];
    await this.#coordinator.commit({ conditions, writes, events: [told] });
  }

  /** What is kept of vms that are gone goes as well. */
  #forgetOrphans(): void {
    const { inventory, log } = this.#coordinator;
    for (const { id, data } of inventory.documents<RecordingDocument>('recording')) {
      if (inventory.document('vm', data.vmId) !== undefined || this.#running.has(id)) continue;
      this.delete(data.vmId, id).catch((error: unknown) =>
        log.warn({ err: error }, 'cannot delete the recording of a vm that is gone'),
      );
    }
  }

  async #settle(
    caller: Caller,
    id: string,
    data: RecordingDocument,
    why: RecordingEnd,
  ): Promise<void> {
    const { clock, log } = this.#coordinator;
    const { vmId, console } = data;
    const durationMs = clock.now() - Date.parse(data.startedAt);
    tellOfConsole(this.#coordinator, vmId)(caller, 'console.recording-ended', {
      channel: console,
      durationMs,
      why,
    });
    const ended = { ...data, endedAt: isoTime(clock.now()), why };
    await this.#coordinator
      .commit({ writes: [{ kind: 'recording', id, data: ended }] })
      .catch((error: unknown) =>
        log.error({ err: error }, 'cannot write down the end of a recording'),
      );
    this.#running.delete(id);
    this.#sessions.setRecorder(vmId, console, null);
  }

  #find(vm: string, id: string): Document<RecordingDocument> {
    const { inventory } = this.#coordinator;
    const found = inventory.document<RecordingDocument>('recording', id);
    if (found?.data.vmId === vm) return found;
    const name = inventory.document<VmDocument>('vm', vm)?.data.definition.name ?? vm;
    throw new Fault('not-found', `there is no recording ${id} of ${name}`, {
      hint: `look at: gantry vm recording list ${name}`,
    });
  }

  /** Ids are our own. */
  #pathOf(id: string, console: ConsoleName): string {
    const ending = console === 'screen' ? 'fbs' : 'cast';
    return join(this.#coordinator.paths.data, 'recordings', `${id}.${ending}`);
  }

  async #show({ id, data }: Document<RecordingDocument>): Promise<Recording> {
    // As the document is now: an end is written before it runs no more.
    const state = this.#running.has(id) ? 'running' : 'ended';
    const file = await stat(this.#pathOf(id, data.console)).catch(() => undefined);
    return { ...show(id, data), state, sizeBytes: file?.size ?? 0 };
  }
}

function show(
  id: string,
  { console, by, startedAt, endedAt, why }: RecordingDocument,
): Omit<Recording, 'state' | 'sizeBytes'> {
  return { id, console, by, startedAt, endedAt, why };
}

function recordingsOf(inventory: Inventory, vm: string): readonly Document<RecordingDocument>[] {
  return [...inventory.documents<RecordingDocument>('recording')].filter(
    ({ data }) => data.vmId === vm,
  );
}
