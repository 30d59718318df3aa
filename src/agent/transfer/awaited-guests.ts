/**
 * Processes of this host that wait for guests of other ones (docs/rfd/0042), until each is a machine of this host, or its move
 * is given up. They are no machines: nothing of them is kept on the disk but the arrival that they belong to.
 *
 * Invariant: the end of the agent ends them, and one that is started anew ends those of one that was killed: the guest goes on where
 * it came from.
 */
import { Fault } from '#lib';
import type { Observation, Observer } from '../drivers/driver.ts';
import type { Received } from '../drivers/hand-over.ts';
import type { Machine } from '../machine/machine.ts';
import type { MachineFile } from '../machine/record.ts';

/** Observations are kept until somebody listens. */
export class Ear {
  #observer: Observer | undefined;
  #kept: Observation[] = [];

  readonly hear: Observer = (seen) => {
    if (this.#observer === undefined) this.#kept.push(seen);
    else this.#observer(seen);
  };

  listen(observer: Observer): void {
    this.#observer = observer;
    for (const seen of this.#kept.splice(0)) observer(seen);
  }
}

export interface AwaitedGuest {
  readonly moveId: string;
  /** As the record will be, but for what the process is known by. */
  readonly file: MachineFile;
  readonly ear: Ear;
  /** Undefined while it is being started. */
  readonly received: Received | undefined;
}

/** What whoever starts such a process is given. */
export interface Opening {
  /** Aborts as well when the move is given up meanwhile. */
  readonly signal: AbortSignal;
  /** As the record is to be by now. */
  readonly keep: (file: MachineFile) => void;
}

interface Waiting {
  guest: AwaitedGuest;
  readonly over: AbortController;
  begun: Promise<void>;
}

export class AwaitedGuests implements AsyncDisposable {
  readonly #waiting = new Map<string, Waiting>();
  readonly #taking = new Map<string, Promise<Machine>>();

  /** Records of machines that are not there yet: networks are carried for them, too. */
  *files(): Iterable<MachineFile> {
    for (const { guest } of this.#waiting.values()) yield guest.file;
  }

  find(id: string, moveId: string): AwaitedGuest | undefined {
    const guest = this.#waiting.get(id)?.guest;
    return guest?.moveId === moveId ? guest : undefined;
  }

  /** In the place of one that waited before. Errors: those of `receive`, which leaves nothing then. */
  async open(
    first: Omit<AwaitedGuest, 'received'>,
    receive: (opening: Opening) => Promise<Received>,
    signal: AbortSignal,
  ): Promise<void> {
    const { id } = first.file.definition;
    while (this.#waiting.has(id)) await this.end(id);
    const over = new AbortController();
    const guest = { ...first, received: undefined };
    const waiting: Waiting = { guest, over, begun: Promise.resolve() };
    this.#waiting.set(id, waiting);
    const opening: Opening = {
      signal: AbortSignal.any([signal, over.signal]),
      keep: (file) => {
        waiting.guest = { ...waiting.guest, file };
      },
    };
    const begun = receive(opening).then((received) => {
      waiting.guest = { ...waiting.guest, received };
    });
    waiting.begun = begun.catch(() => undefined);
    try {
      await begun;
    } catch (error) {
      if (this.#waiting.get(id) === waiting) this.#waiting.delete(id);
      throw error;
    }
    over.signal.throwIfAborted();
  }

  /** One at a time: whoever asks meanwhile is answered the same. */
  async takeOnce(id: string, take: () => Promise<Machine>): Promise<Machine> {
    const taking = this.#taking.get(id) ?? take();
    this.#taking.set(id, taking);
    try {
      return await taking;
    } finally {
      this.#taking.delete(id);
    }
  }

  /** It is a machine by now. */
  forget(id: string): void {
    this.#waiting.delete(id);
  }

  /** Resolves when its process has gone, also where it is only being started. */
  async end(id: string): Promise<void> {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    waiting.over.abort(new Fault('cancelled', 'the move was given up'));
    await waiting.begun;
    await waiting.guest.received?.running.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#waiting.keys()].map((id) => this.end(id)));
  }
}
