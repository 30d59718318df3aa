/**
 * Watching: events as they happen, and changes of resources (src/api/watch.ts). A watcher that begins at
 * an earlier place is first told what it has missed, then goes on without a gap; what it may not see is
 * left out. One that does not keep up is ended, never skipped.
 */
import { BoundedQueue, Fault, isFault } from '#lib';
import {
  compileFilter,
  isUuid,
  maxSampledThings,
  parseFilter,
  watchedKinds,
  type Event,
  type OpenWish,
  type WatchedKind,
  type WatchMessage,
} from '#api';
import type { Caller, Coordinator, RightSource } from '../context.ts';
import type { NetworkDocument, OperationDocument, TeamDocument } from '../documents.ts';
import type { StreamMessage } from '../http/route-handler.ts';
import type { Inventory, InventoryChange } from '../inventory/inventory.ts';
import type { DocumentKind } from '../store/store.ts';
import { isTlsOnly, settingId } from './installation.ts';
import { showNetwork } from './network/show-network.ts';
import type { OpenConsoles } from './open-consoles.ts';
import { seesTeam, showTeam } from './team/show-team.ts';
import { isOwnedKind, seesEvent, seesOperation, viewVerb } from './visibility.ts';

const maxWaiting = 20_000;
const batch = 1000;

type Context = Pick<Coordinator, 'inventory' | 'store'>;
type WatchContext = Pick<Coordinator, 'inventory' | 'store' | 'closeWatch'>;

/** Errors: `invalid` for a filter that is none; the stream ends with `exhausted` when the watcher is too slow. */
export function watchEvents(
  context: Context,
  caller: Caller,
  query: { readonly filter?: string | undefined; readonly after: number | undefined },
  signal: AbortSignal,
): AsyncIterable<StreamMessage> {
  const filter = query.filter === undefined ? undefined : compileFilter(parseFilter(query.filter));
  const wanted = (event: Event): boolean =>
    (filter === undefined || filter(event)) && seesEvent(context.inventory, caller, event);
  return tellEvents(context, wanted, query.after, signal);
}

async function* tellEvents(
  { inventory, store }: Context,
  wanted: (event: Event) => boolean,
  after: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<StreamMessage> {
  const queue = new BoundedQueue<Event>(maxWaiting);
  const stop = inventory.onChange(({ events }) => {
    for (const event of events) if (!queue.push(event)) queue.close(tooSlow());
  });
  const end = (): void => queue.close();
  signal.addEventListener('abort', end, { once: true });
  try {
    const known = after !== undefined && (await wasReached(store, after));
    let told = known ? after : 0;
    for (let more = known; more && !signal.aborted;) {
      const missed = await store.events({ after: told, newestFirst: 'oldest-first', limit: batch });
      for (const event of missed) {
        told = event.seq;
        if (wanted(event)) yield messageOf(event);
      }
      more = missed.length === batch;
    }
    for await (const event of queue) {
      if (event.seq <= told) continue;
      if (wanted(event)) yield messageOf(event);
    }
  } finally {
    stop();
    signal.removeEventListener('abort', end);
  }
}

/** A place that no event has reached is one of a store that was replaced: all that comes now is new. */
async function wasReached(store: Coordinator['store'], after: number): Promise<boolean> {
  const [newest] = await store.events({ newestFirst: 'newest-first', limit: 1 });
  return newest !== undefined && after <= newest.seq;
}

function messageOf(event: Event): StreamMessage {
  return { event: 'event', id: String(event.seq), data: event };
}

function tooSlow(): Fault {
  return new Fault('exhausted', `the watcher is ${maxWaiting} changes behind`);
}

/** `vm,host` as kinds. Errors: `invalid`. */
export function parseKinds(text: string | undefined): ReadonlySet<WatchedKind> {
  const kinds = (text ?? 'vm,host,operation').split(',').map((kind) => kind.trim());
  for (const kind of kinds)
    if (!watchedKinds.some((known) => known === kind))
      throw new Fault('invalid', `${kind.slice(0, 40)} cannot be watched`, {
        hint: `choose from: ${watchedKinds.join(', ')}`,
      });
  return new Set(kinds as WatchedKind[]);
}

/** Of which things samples are told. */
export type WantedSamples = 'none' | 'all' | ReadonlySet<string>;

/** Errors: `invalid` for what is no id, for too many, and for ids without samples. */
export function parseSamples(query: {
  readonly samples: boolean;
  readonly samplesOf?: string | undefined;
}): WantedSamples {
  const { samples, samplesOf } = query;
  if (samplesOf === undefined) return samples ? 'all' : 'none';
  if (!samples)
    throw new Fault('invalid', 'samplesOf is given, but no samples are asked for', {
      hint: 'add samples=true',
    });
  const ids = samplesOf === '' ? [] : samplesOf.split(',');
  const wrong = ids.find((id) => !isUuid(id));
  if (wrong !== undefined)
    throw new Fault('invalid', `samplesOf: ${wrong.slice(0, 40)} is not the id of a vm or host`);
  if (ids.length > maxSampledThings)
    throw new Fault(
      'invalid',
      `samplesOf names ${ids.length} things; ${maxSampledThings} is the most`,
    );
  return new Set(ids);
}

interface Wanted {
  /** Where consoles are known; undefined: it is none. */
  readonly opens?: OpenConsoles | undefined;
  readonly kinds: ReadonlySet<WatchedKind>;
  readonly samples: WantedSamples;
}

/** One look-up for a thing that nobody here asked for: a fleet passes by each watcher every few seconds. */
function wantsSample({ samples }: Wanted, kind: string, id: string): boolean {
  if (samples === 'none' || samples === 'all') return samples === 'all';
  // Operations are few, and how far they come is for everybody who sees them.
  return kind === 'operation' || samples.has(id);
}

export async function* watchResources(
  { inventory, store, closeWatch }: WatchContext,
  caller: Caller,
  query: Wanted & { readonly after: number | undefined },
  signal: AbortSignal,
): AsyncGenerator<StreamMessage> {
  const queue = new BoundedQueue<InventoryChange | OpenWish>(maxWaiting);
  const leave =
    caller.userId === null
      ? undefined
      : query.opens?.add(caller.userId, (wish) => queue.push(wish));
  const stop = inventory.onChange((change) => {
    if (!concerns(change, query)) return;
    if (!queue.push(change)) queue.close(tooSlow());
  });
  const end = (): void => queue.close();
  signal.addEventListener('abort', end, { once: true });
  const view = new View(inventory, caller);
  const endCloseWatch = beginCloseWatch(closeWatch, view, query.samples);
  try {
    const head = inventory.head;
    if (query.after !== undefined && query.after < head)
      yield* catchUp(store, view, query.kinds, query.after, head, signal);
    else if (query.after !== undefined && query.after > head) yield readAgain();
    yield { event: 'ready', id: String(head), data: { seq: head } };
    for await (const change of queue)
      if ('things' in change) yield* tellChange(view, change, query);
      else yield asMessage({ event: 'open', data: change });
  } finally {
    endCloseWatch();
    stop();
    leave?.();
    signal.removeEventListener('abort', end);
  }
}

/** Who names the things whose samples it wants looks at them. */
function beginCloseWatch(
  closeWatch: Coordinator['closeWatch'],
  view: View,
  samples: WantedSamples,
): () => void {
  if (samples === 'none' || samples === 'all') return () => undefined;
  return closeWatch.begin(new Set([...samples].filter((id) => view.sees('vm', id))));
}

/** Where they change, what a watcher saw before it may not see now, and the other way round. */
const rightsKinds: ReadonlySet<string> = new Set(['user', 'role', 'grant']);

function isWatched(kind: string, kinds: ReadonlySet<WatchedKind>): kind is WatchedKind {
  return kinds.has(kind as WatchedKind);
}

const isSettings = (kind: string, id: string): boolean => kind === 'setting' && id === settingId;

function concerns({ things }: InventoryChange, wanted: Wanted): boolean {
  return things.some(
    ({ kind, id, how }) =>
      rightsKinds.has(kind) ||
      isSettings(kind, id) ||
      (isWatched(kind, wanted.kinds) && (how !== 'sampled' || wantsSample(wanted, kind, id))),
  );
}

function* tellChange(
  view: View,
  { things, seq }: InventoryChange,
  wanted: Wanted,
): Generator<StreamMessage> {
  const messages: StreamMessage[] = [];
  let passing = true;
  if (things.some(({ kind }) => rightsKinds.has(kind)) && view.rightsHaveChanged(things))
    messages.push(asMessage({ event: 'reset', data: { reason: 'rights have changed' } }));
  for (const { kind, id, how } of things) {
    if (how !== 'sampled') passing = false;
    if (isSettings(kind, id)) messages.push(asMessage(view.settings()));
    if (!isWatched(kind, wanted.kinds) || (how === 'sampled' && !wantsSample(wanted, kind, id)))
      continue;
    const message = how === 'sampled' ? view.sampled(kind, id) : view.present(kind, id);
    if (message !== undefined) messages.push(asMessage(message));
  }
  yield* numbered(messages, passing ? undefined : seq);
}

/** Only the last message of a commit has its number, so that nothing of it is lost on the way. */
function* numbered(
  messages: readonly StreamMessage[],
  seq: number | undefined,
): Generator<StreamMessage> {
  for (const [index, message] of messages.entries())
    yield index === messages.length - 1 && seq !== undefined
      ? { ...message, id: String(seq) }
      : message;
}

function asMessage({ event, data }: WatchMessage): StreamMessage {
  return { event, data };
}

/** What was missed is not known: also where the place is one of a store that was replaced. */
function readAgain(): StreamMessage {
  return asMessage({ event: 'reset', data: { reason: 'read the lists again' } });
}

const thingOf: Readonly<Partial<Record<DocumentKind, WatchedKind>>> = {
  vm: 'vm',
  status: 'vm',
  host: 'host',
  folder: 'folder',
  image: 'image',
  team: 'team',
  network: 'network',
  operation: 'operation',
};

async function* catchUp(
  store: Coordinator['store'],
  view: View,
  kinds: ReadonlySet<WatchedKind>,
  after: number,
  head: number,
  signal: AbortSignal,
): AsyncGenerator<StreamMessage> {
  const touched = new Map<string, { readonly kind: WatchedKind; readonly id: string }>();
  let settings = false;
  try {
    for await (const { seq, documents, deleted } of store.watch(after, signal)) {
      for (const { kind, id } of [...documents, ...deleted]) {
        const thing = thingOf[kind];
        if (isSettings(kind, id)) settings = true;
        if (thing !== undefined && kinds.has(thing))
          touched.set(`${thing}/${id}`, { kind: thing, id });
        // Names of hosts and folders are shown with their vms.
        if (rightsKinds.has(kind) || kind === 'folder' || kind === 'host')
          touched.set('reset', { kind: 'folder', id: '' });
      }
      if (seq >= head) break;
    }
  } catch (error) {
    if (!isFault(error, 'stale') && !isFault(error, 'exhausted')) throw error;
    touched.set('reset', { kind: 'folder', id: '' });
  }
  // How hosts carry networks passes without being written, and which adapters are on them is in the vms.
  if (kinds.has('network'))
    for (const id of view.networks()) touched.set(`network/${id}`, { kind: 'network', id });
  if (touched.delete('reset')) {
    yield readAgain();
    return;
  }
  if (settings) yield asMessage(view.settings());
  for (const { kind, id } of touched.values()) {
    const message = view.present(kind, id);
    if (message !== undefined) yield asMessage(message);
  }
}

function sourcesOf(caller: Caller): ReadonlyMap<string, RightSource> {
  return new Map(caller.rightSources?.().map((source) => [source.mark, source]));
}

/** Resources as this caller sees them. */
class View {
  readonly #inventory: Inventory;
  readonly #caller: Caller;
  #sources: ReadonlyMap<string, RightSource>;

  constructor(inventory: Inventory, caller: Caller) {
    this.#inventory = inventory;
    this.#caller = caller;
    this.#sources = sourcesOf(caller);
  }

  /**
   * Whether this caller sees other things than when it was asked last. A new grant on a vm that is itself
   * among what has changed shows nothing but that vm, which is told with it: so it is with a vm's creator.
   */
  rightsHaveChanged(things: InventoryChange['things']): boolean {
    const [before, after] = [this.#sources, sourcesOf(this.#caller)];
    this.#sources = after;
    const told = new Set(things.flatMap(({ kind, id }) => (kind === 'vm' ? [id] : [])));
    const tells = ({ objectKind, objectId }: RightSource): boolean =>
      objectKind === 'vm' && told.has(objectId);
    return (
      before.keys().some((mark) => !after.has(mark)) ||
      after.values().some((source) => !before.has(source.mark) && !tells(source))
    );
  }

  settings(): WatchMessage {
    return { event: 'settings', data: { tls: isTlsOnly(this.#inventory) } };
  }

  /** The resource as it is now. One that is gone is told by its id to whoever may see its kind anywhere. */
  present(kind: WatchedKind, id: string): WatchMessage | undefined {
    const resource = this.#resource(kind, id);
    if (resource === undefined) {
      const told = !isOwnedKind(kind) || this.#caller.may(viewVerb(kind), { kind: 'anywhere' });
      return told ? { event: 'deleted', data: { kind, id } } : undefined;
    }
    if (!this.sees(kind, id)) return undefined;
    return { event: 'changed', data: { kind, id, resource } };
  }

  networks(): readonly string[] {
    return Array.from(this.#inventory.documents<NetworkDocument>('network'), ({ id }) => id);
  }

  sampled(kind: WatchedKind, id: string): WatchMessage | undefined {
    if (!this.sees(kind, id)) return undefined;
    if (kind === 'vm') {
      const vm = this.#inventory.vm(id);
      if (vm === undefined) return undefined;
      const { state, standing, status } = vm;
      return { event: 'sampled', data: { kind, id, state, standing, status } };
    }
    if (kind === 'host') {
      const host = this.#inventory.host(id);
      return host && { event: 'sampled', data: { kind, id, load: host.load } };
    }
    return this.present(kind, id);
  }

  #resource(kind: WatchedKind, id: string): unknown {
    switch (kind) {
      case 'vm':
        return this.#inventory.vm(id);
      case 'host':
        return this.#inventory.host(id);
      case 'folder':
        return this.#inventory.folder(id);
      case 'image':
        return this.#inventory.image(id);
      case 'team': {
        const team = this.#inventory.document<TeamDocument>('team', id);
        return team && showTeam(this.#inventory, team);
      }
      case 'network': {
        const network = this.#inventory.document<NetworkDocument>('network', id);
        return network && showNetwork(this.#inventory, network);
      }
      case 'operation':
        return this.#inventory.operation(id);
    }
  }

  sees(kind: WatchedKind, id: string): boolean {
    if (isOwnedKind(kind)) return this.#caller.may(viewVerb(kind), { kind, id });
    switch (kind) {
      case 'network':
        return true;
      case 'team': {
        const team = this.#inventory.document<TeamDocument>('team', id);
        return team !== undefined && seesTeam(this.#inventory, this.#caller, team.data);
      }
      case 'operation': {
        const operation = this.#inventory.document<OperationDocument>('operation', id);
        return operation !== undefined && seesOperation(this.#caller, operation.data);
      }
    }
  }
}
