/** Places for work that runs at the same time, so many per host (or whatever has the id); whoever finds none waits in line. */

export class Slots {
  readonly #perHost: number;
  readonly #hosts = new Map<string, { running: number; readonly line: (() => void)[] }>();

  constructor(perHost: number) {
    this.#perHost = perHost;
  }

  /** Resolves with the way to give the place back. Rejects with the signal's reason; then no place is taken. */
  async take(hostId: string, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    let host = this.#hosts.get(hostId);
    if (host === undefined) this.#hosts.set(hostId, (host = { running: 0, line: [] }));
    if (host.running < this.#perHost) host.running += 1;
    else await waitInLine(host.line, signal);
    let given = false;
    return () => {
      if (!given) this.#give(hostId);
      given = true;
    };
  }

  #give(hostId: string): void {
    const host = this.#hosts.get(hostId);
    if (host === undefined) return;
    const next = host.line.shift();
    // The place goes straight to the next in line.
    if (next !== undefined) return next();
    host.running -= 1;
    if (host.running === 0) this.#hosts.delete(hostId);
  }
}

function waitInLine(line: (() => void)[], signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = (): void => {
    const index = line.indexOf(called);
    // Called already: the place is ours, and its holder sees the signal itself.
    if (index < 0) return;
    line.splice(index, 1);
    reject(signal?.reason as Error);
  };
  const called = (): void => {
    signal?.removeEventListener('abort', onAbort);
    resolve();
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  line.push(called);
  return promise;
}
