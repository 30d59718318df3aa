/**
 * Processes of this host that wait for guests of other ones (docs/rfd/0042), until each is a machine of this host, or its move
 * is given up. They are no machines: nothing of them is kept on the disk but the arrival that they belong to.
 *
 * Invariant: the end of the agent ends them, and one that is started anew ends those of one that was killed: the guest goes on where
 * it came from.
 */
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

export class AwaitedGuests implements AsyncDisposable {
  readonly #guests = new Map<string, AwaitedGuest>();
  readonly #taking = new Map<string, Promise<Machine>>();

  /** Records of machines that are not there yet: networks are carried for them, too. */
  *files(): Iterable<MachineFile> {
    for (const { file } of this.#guests.values()) yield file;
  }

  find(id: string, moveId: string): AwaitedGuest | undefined {
    const guest = this.#guests.get(id);
    return guest?.moveId === moveId ? guest : undefined;
  }

  set(id: string, guest: AwaitedGuest): void {
    this.#guests.set(id, guest);
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
    this.#guests.delete(id);
  }

  /** Resolves when its process has gone. */
  async end(id: string): Promise<void> {
    const received = this.#guests.get(id)?.received;
    this.#guests.delete(id);
    await received?.running.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#guests.keys()].map((id) => this.end(id)));
  }
}
