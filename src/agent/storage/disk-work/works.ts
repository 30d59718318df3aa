/**
 * Work on disk files of this host while it is under way.
 *
 * Invariant: no file is changed by one work while another reads or changes it; what is under way or was done lately by an id is
 * joined, not begun again; when work has ended, however it did, nothing unfinished is left of it.
 */
import { isDeepStrictEqual } from 'node:util';
import type { DiskVerb, DiskWork } from '#api';
import type { FileStore, OpenOptions, Progress } from '#disk';
import { Fault, formatBytes } from '#lib';
import type { DiskWorkAsked, DiskWorkshop, TravelWork } from '../../drivers/files.ts';
import type { MachineFile } from '../../machine/record.ts';
import { realPath } from '../allowed.ts';
import type { DiskFolders } from '../disk-catalogue.ts';
import type { Doing, WorkOf } from './doing.ts';
import { planFile, planWork, type FileAsked, type Plan } from './plan.ts';
import { WorkRecords } from './rests.ts';
import { watchSpace } from './space-guard.ts';
import { verbTable } from './verbs.ts';

/** Works that have ended and are still known by their ids. */
const maxEnded = 64;

export interface WorksOptions {
  readonly folders: DiskFolders;
  /** Where it is written down which works are under way. */
  readonly recordFolder: string;
  /** What must stay free on each volume. */
  readonly keepFreeBytes: () => number;
  readonly uploads: Doing['uploads'];
}

type Answer = Readonly<Record<string, unknown>>;

export interface HeldFile extends Disposable {
  /** With all links followed. */
  readonly path: string;
  readonly store: FileStore;
  /** As the settings of a vm say it; undefined where its content decides. */
  readonly format: string | undefined;
  /** What lies below it, where it is a vm's. */
  readonly parent: OpenOptions['parent'];
}

interface Running {
  readonly asked: DiskWork;
  readonly answer: Promise<Answer>;
  readonly stop: AbortController;
  /** Whoever has asked for it last. */
  progress: TravelWork['progress'];
}

export class DiskWorks implements DiskWorkshop {
  readonly #options: WorksOptions;
  readonly #records: WorkRecords;
  readonly #swept: Promise<void>;
  readonly #running = new Map<string, Running>();
  readonly #ended = new Map<string, { readonly asked: DiskWork; readonly answer: Answer }>();
  /** By path, how it is held by the works under way. */
  readonly #held = new Map<string, { readonly kind: 'read' | 'write'; count: number }>();

  constructor(options: WorksOptions) {
    this.#options = options;
    this.#records = new WorkRecords(options.recordFolder);
    this.#swept = this.#records.sweep();
    // Told to whoever asks for work.
    this.#swept.catch(() => undefined);
  }

  async plan(
    work: DiskWork,
    machines: readonly MachineFile[],
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const { changes, makes } = await this.#plan(work, machines, signal, false);
    return [...changes, ...makes];
  }

  async perform(
    { id, work: asked, again }: DiskWorkAsked,
    machines: readonly MachineFile[],
    { signal, progress }: TravelWork,
  ): Promise<Answer> {
    await this.#swept;
    const known = this.#ended.get(id) ?? this.#running.get(id);
    if (known !== undefined && !isDeepStrictEqual(known.asked, asked))
      throw new Fault('invalid', `work ${id} is another one`);
    const ended = this.#ended.get(id);
    if (ended !== undefined) return ended.answer;
    const running = this.#running.get(id) ?? this.#begin(id, asked, again, machines);
    running.progress = progress;
    const stop = (): void => running.stop.abort(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await running.answer;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async stop(id: string): Promise<void> {
    await this.#swept;
    const running = this.#running.get(id);
    if (running === undefined) return await this.#records.forget(id);
    running.stop.abort(new Fault('cancelled', 'the work was cancelled'));
    await running.answer.catch(() => undefined);
  }

  /** A disk that is looked into or changed inside, kept from other work until it is given back. Errors: as `plan`. */
  async hold(
    asked: FileAsked,
    machines: readonly MachineFile[],
    signal: AbortSignal,
  ): Promise<HeldFile> {
    await this.#swept;
    const plan = await this.#planFile(asked, machines, signal);
    const { reads, changes, store, formatOf, parentOf } = plan;
    const [path = ''] = [...reads, ...changes];
    const held = this.#hold(plan);
    return {
      path,
      store,
      format: formatOf(path),
      parent: parentOf(path),
      [Symbol.dispose]: () => held[Symbol.dispose](),
    };
  }

  /** Whether it could be held; the path with all links followed. Errors: as `plan`. */
  async judge(
    asked: FileAsked,
    machines: readonly MachineFile[],
    signal: AbortSignal,
  ): Promise<string> {
    const { reads, changes } = await this.#planFile(asked, machines, signal);
    return [...reads, ...changes][0] ?? asked.file;
  }

  async isChanging(path: string): Promise<boolean> {
    return this.#held.get(await realPath(path))?.kind === 'write';
  }

  #begin(id: string, asked: DiskWork, again: boolean, machines: readonly MachineFile[]): Running {
    const stop = new AbortController();
    const running: Running = {
      asked,
      stop,
      progress: () => undefined,
      answer: this.#run(id, asked, again, machines, stop.signal).finally(() =>
        this.#running.delete(id),
      ),
    };
    this.#running.set(id, running);
    return running;
  }

  async #run(
    id: string,
    asked: DiskWork,
    again: boolean,
    machines: readonly MachineFile[],
    signal: AbortSignal,
  ): Promise<Answer> {
    const plan = await this.#plan(asked, machines, signal, again);
    using _held = this.#hold(plan);
    const written = [...plan.changes, ...plan.makes];
    await this.#records.begin(id, written);
    try {
      using space = watchSpace(written, this.#options);
      const either = AbortSignal.any([signal, space.signal]);
      const { store, formatOf, parentOf } = plan;
      const onProgress = (told: Progress): void =>
        this.#running.get(id)?.progress(partOf(told), textOf(told));
      const answer = await perform(plan.work, {
        id,
        again,
        store,
        formatOf,
        parentOf,
        uploads: this.#options.uploads,
        signal: either,
        onProgress,
      });
      this.#remember(id, asked, answer);
      return answer;
    } finally {
      await this.#records.end(id, written);
    }
  }

  #planFile(
    asked: FileAsked,
    machines: readonly MachineFile[],
    signal: AbortSignal,
  ): ReturnType<typeof planFile> {
    const { folders } = this.#options;
    return planFile(asked, { folders, machines, signal, again: false, space: this.#options });
  }

  #plan(
    work: DiskWork,
    machines: readonly MachineFile[],
    signal: AbortSignal,
    again: boolean,
  ): Promise<Plan> {
    const { folders } = this.#options;
    return planWork(work, { folders, machines, signal, again, space: this.#options });
  }

  /** Errors: `refused` for a file that other work is at. */
  #hold({ reads, changes, makes }: Pick<Plan, 'reads' | 'changes' | 'makes'>): Disposable {
    const wanted = new Map<string, 'read' | 'write'>(reads.map((path) => [path, 'read']));
    for (const path of [...changes, ...makes]) wanted.set(path, 'write');
    for (const [path, kind] of wanted) {
      const held = this.#held.get(path);
      if (held === undefined || (held.kind === 'read' && kind === 'read')) continue;
      throw new Fault('refused', `${path} is being worked on`, {
        facts: { file: path },
        hint: 'wait for the operation that has it',
      });
    }
    for (const [path, kind] of wanted) {
      const held = this.#held.get(path);
      if (held === undefined) this.#held.set(path, { kind, count: 1 });
      else held.count += 1;
    }
    return {
      [Symbol.dispose]: () => {
        for (const path of wanted.keys()) {
          const held = this.#held.get(path);
          if (held === undefined) continue;
          held.count -= 1;
          if (held.count === 0) this.#held.delete(path);
        }
      },
    };
  }

  #remember(id: string, asked: DiskWork, answer: Answer): void {
    this.#ended.set(id, { asked, answer });
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > maxEnded && oldest !== undefined) this.#ended.delete(oldest);
  }
}

function perform<V extends DiskVerb>(work: WorkOf<V>, doing: Doing): Promise<Answer> {
  const verb: V = work.verb;
  return verbTable[verb].perform(work, doing);
}

function partOf({ doneBytes, totalBytes }: Progress): number {
  return totalBytes === 0 ? 1 : doneBytes / totalBytes;
}

/** Bytes, rate and time left, for people. */
function textOf({ doneBytes, totalBytes, bytesPerSecond, remainingMs }: Progress): string {
  const share = `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
  const left = remainingMs === undefined ? '' : `, ${Math.ceil(remainingMs / 1000)} s left`;
  return `${share}, ${formatBytes(bytesPerSecond)}/s${left}`;
}
