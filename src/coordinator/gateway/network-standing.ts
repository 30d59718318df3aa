/**
 * What clients are told of Gantry's networks that these have no word for. A network of libvirt is active or not, and goes with
 * its end where it was never defined; one of Gantry is there, and is brought up on a host where a vm needs it. So a client's
 * word is kept here, for all connections and for as long as the coordinator runs: what a client has defined or stopped is
 * inactive until it is started or a vm needs it, and what was made without being defined is deleted when it is stopped.
 */
type Told = 'started' | 'stopped';
type Listener = (network: { readonly id: string; readonly name: string }, told: Told) => void;

export class NetworkStanding {
  readonly #stopped = new Set<string>();
  readonly #passing = new Set<string>();
  /** Names of those that a client is defining. */
  readonly #coming = new Set<string>();
  readonly #listeners = new Set<Listener>();

  isStopped(id: string): boolean {
    return this.#stopped.has(id);
  }

  /** Whether it goes with its end. */
  isPassing(id: string): boolean {
    return this.#passing.has(id);
  }

  isComing(name: string): boolean {
    return this.#coming.has(name);
  }

  /** Makes one that is inactive from its first moment. Answers its id. Errors: those of `make`. */
  async define(name: string, make: () => Promise<string>): Promise<string> {
    this.#coming.add(name);
    try {
      const id = await make();
      this.#stopped.add(id);
      return id;
    } finally {
      this.#coming.delete(name);
    }
  }

  keep(id: string): void {
    this.#passing.delete(id);
  }

  pass(id: string): void {
    this.#passing.add(id);
  }

  start(network: { readonly id: string; readonly name: string }): void {
    if (this.#stopped.delete(network.id)) this.#tell(network, 'started');
  }

  stop(network: { readonly id: string; readonly name: string }): void {
    if (this.#stopped.has(network.id)) return;
    this.#stopped.add(network.id);
    this.#tell(network, 'stopped');
  }

  /** Of networks that are gone nothing is kept. */
  prune(exists: (id: string) => boolean): void {
    for (const ids of [this.#stopped, this.#passing])
      for (const id of ids) if (!exists(id)) ids.delete(id);
  }

  /** Answers the way to stop. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(network: { readonly id: string; readonly name: string }, told: Told): void {
    for (const listener of this.#listeners) listener(network, told);
  }
}
