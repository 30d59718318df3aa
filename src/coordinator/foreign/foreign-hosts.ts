/**
 * Hosts without an agent, as the coordinator keeps them: each has a connection in its document, and one process
 * holds them all open (process.ts, docs/rfd/0024). How each stands goes to the inventory; what is on them comes
 * over their links, like what agents say.
 *
 * Invariant: the process has open what the documents say: opened at the start, with each new or changed document,
 * and again in each new process; closed when the host is removed.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ForeignAnswer, ForeignTarget, Tried } from '#api';
import {
  abortReason,
  describeFault,
  Fault,
  faultCodes,
  faultFromData,
  isoTime,
  type FaultCode,
} from '#lib';
import type { Coordinator } from '../context.ts';
import type { ConnectionDocument, HostDocument } from '../documents.ts';
import type { Secrets } from './secrets.ts';
import { knownVms } from './known-vms.ts';
import { ForeignProcess } from './process.ts';

const maxTries = 64;
const renewLookMs = 12 * 3_600_000;

export interface ForeignHostsOptions {
  readonly coordinator: Coordinator;
  readonly secrets: Secrets;
  readonly logLevel: string;
}

export class ForeignHosts implements AsyncDisposable {
  readonly #options: ForeignHostsOptions;
  readonly #process: ForeignProcess;
  readonly #tries = new Map<number, PromiseWithResolvers<Tried>>();
  readonly #open = new Map<string, ConnectionDocument>();
  readonly #stop: () => void;
  readonly #renewals: NodeJS.Timeout;
  #nextId = 1;
  #url: string | undefined;

  constructor(options: ForeignHostsOptions) {
    this.#options = options;
    const { coordinator, logLevel } = options;
    this.#process = new ForeignProcess({
      log: coordinator.log,
      logLevel,
      onAnswer: (answer) => this.#take(answer),
      onLost: () => this.#lose(),
      onRestarted: () => {
        this.#open.clear();
        this.#openAll();
      },
    });
    this.#stop = coordinator.inventory.onChange(({ things }) => {
      for (const { kind, id, how } of things)
        if (kind === 'host' && how !== 'sampled') this.#see(id);
    });
    this.#renewals = setInterval(() => void this.#renew(), renewLookMs).unref();
  }

  /** From now on connections are held; `url` is where the coordinator serves. */
  start(url: string): void {
    this.#url = url;
    void this.#renew().finally(() => this.#openAll());
  }

  /** Opens a connection once and closes it; answers what is behind it. Errors: why it cannot be opened. */
  async try(target: ForeignTarget, signal: AbortSignal): Promise<Tried> {
    if (this.#url === undefined)
      throw new Fault('unavailable', 'the coordinator does not serve yet');
    if (this.#tries.size >= maxTries)
      throw new Fault('exhausted', `${maxTries} connections are being tried already`);
    const id = this.#nextId;
    this.#nextId += 1;
    const waiting = Promise.withResolvers<Tried>();
    this.#tries.set(id, waiting);
    const onAbort = (): void => waiting.reject(abortReason(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      this.#process.send({ type: 'try', id, target });
      return await waiting.promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#tries.delete(id);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#renewals);
    this.#stop();
    await this.#process[Symbol.asyncDispose]();
  }

  #openAll(): void {
    for (const { id } of this.#options.coordinator.inventory.documents('host')) this.#see(id);
  }

  /** Opens, opens anew or closes, as the host's document says. */
  #see(hostId: string): void {
    if (this.#url === undefined) return;
    const { coordinator, secrets } = this.#options;
    const host = coordinator.inventory.document<HostDocument>('host', hostId)?.data;
    const connection = host?.connection;
    if (host === undefined || connection === undefined) {
      if (this.#open.delete(hostId)) this.#process.send({ type: 'close', hostId });
      return;
    }
    if (isDeepStrictEqual(this.#open.get(hostId), connection)) return;
    this.#open.set(hostId, connection);
    try {
      this.#process.send({
        type: 'open',
        host: {
          id: hostId,
          name: host.name,
          coordinator: this.#url,
          credentials: secrets.credentials(hostId, connection),
        },
        target: secrets.target(hostId, connection),
        known: knownVms(coordinator.inventory, hostId),
      });
    } catch (error) {
      const at = isoTime(coordinator.clock.now());
      const lastError = { at, message: describeFault(error) };
      coordinator.inventory.setForeign(hostId, { state: 'connecting', latencyMs: null, lastError });
    }
  }

  #take(answer: ForeignAnswer): void {
    if (answer.type === 'state') {
      this.#options.coordinator.inventory.setForeign(answer.hostId, answer.state);
      return;
    }
    const waiting = this.#tries.get(answer.id);
    if (answer.seen !== undefined) waiting?.resolve(answer.seen);
    else if (answer.fault !== undefined)
      waiting?.reject(faultFromData({ ...answer.fault, code: codeOf(answer.fault.code) }));
  }

  #lose(): void {
    for (const { reject } of this.#tries.values())
      reject(new Fault('unavailable', 'the process that speaks with hypervisors has ended'));
  }

  /** Certificates that are about to expire are replaced; the change of the document opens the connection anew. */
  async #renew(): Promise<void> {
    const { coordinator, secrets } = this.#options;
    for (const { id, data } of coordinator.inventory.documents<HostDocument>('host')) {
      if (data.connection === undefined || !secrets.isDue(data)) continue;
      await secrets.renew(id).catch((error: unknown) => {
        coordinator.log.error({ hostId: id, why: describeFault(error) }, 'cannot renew');
      });
    }
  }
}

function codeOf(code: string): FaultCode {
  return Object.hasOwn(faultCodes, code) ? (code as FaultCode) : 'internal';
}
