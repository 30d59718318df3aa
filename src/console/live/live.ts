/**
 * Live changes: what /watch tells is written into the answers that pages have read, so that they show it
 * without asking. Only where a change may alter which things a page of a list holds is that page read
 * again, at most once in two seconds. After a reset, or when it is not known what was missed, all is read.
 */
import type { QueryClient } from '@tanstack/react-query';
import { isFault } from '#lib';
import {
  finishedStates,
  type Client,
  type OpenWish,
  type Operation,
  type Page,
  type Vm,
  type WatchMessage,
} from '#api';
import { healthyKey, installationKey } from '../parts/ask.ts';
import { Samples } from './samples.ts';
import { watchShown } from './watch-shown.ts';

const rereadMs = 2000;
const shortestMs = 100;
const maxRemembered = 200;
/** What else is told anew with a thing: a team's state is that of its vms, a vm that comes up has a new lease, and its media are in use. */
const restated: Readonly<Record<string, readonly string[]>> = {
  vm: [
    'vm.list',
    'warning.list',
    'vm.medium.list',
    'host.medium.list',
    'team.list',
    'team.show',
    'network.show',
    'network.leases',
    'network.ports',
    'offers.show',
    'quota.list',
  ],
  folder: ['folder.list', 'offers.show', 'quota.list'],
  host: ['host.list', 'warning.list'],
  network: ['network.list', 'network.leases', 'network.ports', 'vm.adapter.list'],
};

/** What is asked of a vm beside itself. */
const askedWithVm = ['vm.actions', 'vm.adapter.list', 'vm.snapshot.list'] as const;

interface Thing {
  readonly id: string;
}

const isPage = (data: unknown): data is Page<Thing> =>
  typeof data === 'object' && data !== null && 'items' in data;

export class Live {
  /** Recent load of vms and hosts. */
  readonly samples = new Samples();
  readonly #client: Client;
  readonly #queries: QueryClient;
  readonly #listeners = new Set<() => void>();
  readonly #openers = new Set<(wish: OpenWish) => void>();
  readonly #waiting = new Map<string, (operation: Operation) => void>();
  /** Operations that ended lately: the end may be told before the answer that began it. */
  readonly #ended = new Map<string, Operation>();
  readonly #stale = new Map<string, readonly unknown[]>();
  #lastReread = 0;
  #connected = true;

  constructor(client: Client, queries: QueryClient) {
    this.#client = client;
    this.#queries = queries;
  }

  get connected(): boolean {
    return this.#connected;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Calls back with what the person asks for elsewhere; the function that is answered ends that. */
  onOpen(open: (wish: OpenWish) => void): () => void {
    this.#openers.add(open);
    return () => this.#openers.delete(open);
  }

  /** Until the signal aborts or the session has ended. */
  async run(onUnauthenticated: () => void, signal: AbortSignal): Promise<void> {
    await watchShown(
      {
        client: this.#client,
        queries: this.#queries,
        onMessage: (message) => this.#take(message),
        onConnected: (connected) => this.#setConnected(connected),
        onUnauthenticated,
      },
      signal,
    );
  }

  /** Calls back once when the operation has ended. */
  onEnd(operation: Operation, then: (ended: Operation) => void): void {
    const ended = finishedStates.includes(operation.state)
      ? operation
      : this.#ended.get(operation.id);
    if (ended === undefined) this.#waiting.set(operation.id, then);
    else then(ended);
  }

  #take(message: WatchMessage): void {
    this.#setConnected(true);
    switch (message.event) {
      case 'ready':
        // What was read before the stream began may be older than it.
        void this.#queries.invalidateQueries();
        void this.#askForEnds();
        break;
      case 'open':
        for (const open of this.#openers) open(message.data);
        break;
      case 'settings':
        this.#queries.setQueryData(healthyKey, { ok: true, tls: message.data.tls });
        void this.#queries.invalidateQueries({ queryKey: installationKey });
        break;
      case 'reset':
        void this.#queries.invalidateQueries();
        void this.#askForEnds();
        break;
      case 'changed': {
        const { kind, id, resource } = message.data;
        if (kind === 'operation') this.#noteOperation(resource as Operation);
        this.#change(kind, id, () => resource as Thing);
        if (kind === 'vm' && (resource as Vm).state === 'off') this.samples.forget(id);
        if (kind === 'vm')
          for (const name of askedWithVm)
            void this.#queries.invalidateQueries({ queryKey: [name, id] });
        this.#reread(kind);
        break;
      }
      case 'sampled': {
        this.#noteSample(message.data);
        const { kind, id, ...sample } = message.data;
        this.#change(kind, id, (before) => ({ ...before, ...sample }));
        // A volume fills up without anything else being told.
        if (kind === 'host') this.#readAgain(['warning.list']);
        break;
      }
      case 'deleted': {
        const { kind, id } = message.data;
        this.samples.forget(id);
        this.#queries.setQueriesData({ queryKey: [`${kind}.list`] }, (data: unknown) =>
          isPage(data) && data.items.some((item) => item.id === id)
            ? { ...data, total: data.total - 1, items: data.items.filter((item) => item.id !== id) }
            : data,
        );
        void this.#queries.invalidateQueries({ queryKey: [`${kind}.show`, id] });
        this.#reread(kind);
        break;
      }
    }
  }

  /** In every list and on every page that shows it. */
  #change(kind: string, id: string, change: (before: Thing) => Thing): void {
    this.#queries.setQueriesData({ queryKey: [`${kind}.list`] }, (data: unknown) => {
      if (!isPage(data) || !data.items.some((item) => item.id === id)) return data;
      return { ...data, items: data.items.map((item) => (item.id === id ? change(item) : item)) };
    });
    this.#queries.setQueriesData({ queryKey: [`${kind}.show`] }, (data: unknown) =>
      (data as Thing | undefined)?.id === id ? change(data as Thing) : data,
    );
  }

  #noteSample(data: Extract<WatchMessage, { readonly event: 'sampled' }>['data']): void {
    if (data.kind === 'vm') this.samples.note(data.id, data.status);
    else if (data.load !== null)
      this.samples.note(data.id, {
        cpuPercent: data.load.cpuPercent,
        memoryBytes: null,
        diskUse: null,
        networkUse: null,
      });
  }

  #noteOperation(operation: Operation): void {
    if (!finishedStates.includes(operation.state)) return;
    this.#ended.set(operation.id, operation);
    for (const id of this.#ended.keys()) {
      if (this.#ended.size <= maxRemembered) break;
      this.#ended.delete(id);
    }
    const then = this.#waiting.get(operation.id);
    this.#waiting.delete(operation.id);
    then?.(operation);
  }

  /** Of operations that are waited for and may have ended while nothing was told. */
  async #askForEnds(): Promise<void> {
    for (const operation of this.#waiting.keys()) {
      try {
        this.#noteOperation(await this.#client.call('operation.show', { params: { operation } }));
      } catch (error) {
        // Whatever else it is, it is asked for again when the stream is ready again.
        if (isFault(error, 'not-found')) this.#waiting.delete(operation);
      }
    }
  }

  /** Which things a list holds may have changed. */
  #reread(kind: string): void {
    this.#readAgain(restated[kind] ?? [`${kind}.list`]);
  }

  #readAgain(names: readonly string[]): void {
    const waits = this.#stale.size > 0;
    for (const name of names) this.#stale.set(name, [name]);
    if (waits) return;
    setTimeout(
      () => {
        this.#lastReread = performance.now();
        const keys = [...this.#stale.values()];
        this.#stale.clear();
        for (const queryKey of keys) void this.#queries.invalidateQueries({ queryKey });
      },
      Math.max(shortestMs, this.#lastReread + rereadMs - performance.now()),
    );
  }

  #setConnected(connected: boolean): void {
    if (this.#connected === connected) return;
    this.#connected = connected;
    for (const listener of this.#listeners) listener();
  }
}
