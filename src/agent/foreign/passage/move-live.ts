/**
 * The handshake of a move that libvirt's client manages, in its third generation (libvirt's page "Guest migration"): each end tells the
 * other one through us, with cookies that we hand on unread.
 *
 *   source  begin                      what moves, as XML
 *   target  prepare                    waits, says where
 *   source  perform                    memory and disks pass directly; can be cancelled
 *   target  finish                     the vm goes on there, or what came is dropped
 *   source  confirm                    what is left goes, or the vm goes on there
 *
 * From `finish` on it cannot be cancelled.
 */
import { abortReason, describeFault, Fault, type Clock } from '#lib';
import {
  paramNumber,
  paramsByName,
  stringParam,
  type Client,
  type DomainHandle,
  type TypedParam,
} from '#libvirt';

/** virDomainMigrateFlags. */
const flag = {
  live: 1,
  persistDest: 8,
  undefineSource: 16,
  paused: 32,
  nonSharedDisk: 64,
  changeProtection: 256,
  offline: 1024,
} as const;

export interface LiveMove {
  readonly source: Client;
  readonly target: Client;
  readonly dom: DomainHandle;
  /** As it is while it moves. */
  readonly how: 'running' | 'paused' | 'off';
  readonly storage: 'copy' | 'shared';
  /** Where the source dials the target; undefined: where the target says. */
  readonly reach: string | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress: (share: number | null, note: string | null) => void;
}

const progressMs = 500;

/** Errors: the hypervisors' own; `cancelled`. The vm runs on where it was, or where it went, as `settle` tells. */
export async function moveLive(move: LiveMove): Promise<void> {
  const { source, target, dom, how, storage, reach, signal } = move;
  let flags: number = flag.persistDest | flag.undefineSource | flag.changeProtection;
  if (how === 'off') flags |= flag.offline;
  else flags |= flag.live;
  if (how === 'paused') flags |= flag.paused;
  if (storage === 'copy' && how !== 'off') flags |= flag.nonSharedDisk;
  const at = reach === undefined || how === 'off' ? [] : [stringParam('migrate_uri', reach)];
  signal.throwIfAborted();
  const begun = await source.call('DOMAIN_MIGRATE_BEGIN3_PARAMS', { dom, params: at, flags });
  let cookie: Uint8Array = begun.cookie_out;
  let params: readonly TypedParam[] = [...at, stringParam('destination_xml', begun.xml)];
  let prepared: 'yes' | 'no' = 'no';
  try {
    const { cookie_out, uri_out } = await target.call('DOMAIN_MIGRATE_PREPARE3_PARAMS', {
      params: [...params],
      cookie_in: cookie,
      flags,
    });
    prepared = 'yes';
    cookie = cookie_out;
    if (uri_out !== null)
      params = [
        ...params.filter(({ field }) => field !== 'migrate_uri'),
        stringParam('migrate_uri', uri_out),
      ];
    // What the target said is for the one that performs; nothing travels of a vm that is off.
    cookie = how === 'off' ? new Uint8Array() : await perform(move, { params, flags, cookie });
    signal.throwIfAborted();
  } catch (cause) {
    // Each end is told that it is off, whatever the other one says.
    if (prepared === 'yes') await finish(move, { params, flags, cookie }, 1).catch(() => undefined);
    await confirm(move, { params, flags, cookie }, 1).catch(() => undefined);
    if (signal.aborted) throw abortReason(signal);
    throw cause;
  }
  try {
    cookie = await finish(move, { params, flags, cookie }, 0);
  } catch (cause) {
    await confirm(move, { params, flags, cookie }, 1).catch(() => undefined);
    throw new Fault(
      'refused',
      `${dom.name} does not go on on the other host: ${describeFault(cause)}`,
      {
        cause,
        hint: 'it runs on where it was',
      },
    );
  }
  await confirm(move, { params, flags, cookie }, 0);
}

interface Stage {
  readonly params: readonly TypedParam[];
  readonly flags: number;
  readonly cookie: Uint8Array;
}

async function perform(move: LiveMove, { params, flags, cookie }: Stage): Promise<Uint8Array> {
  const { source, dom, clock, signal } = move;
  const done = new AbortController();
  const abort = (): void => {
    source.call('DOMAIN_ABORT_JOB', { dom }).catch(() => undefined);
  };
  signal.addEventListener('abort', abort, { once: true });
  const watch = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(progressMs, done.signal);
      // A job that has not begun could not be aborted.
      if (signal.aborted) abort();
      await tellProgress(move);
    }
  };
  const watching = watch().catch(() => undefined);
  try {
    const words = { dom, dconnuri: null, params: [...params], cookie_in: cookie, flags };
    return (await source.call('DOMAIN_MIGRATE_PERFORM3_PARAMS', words)).cookie_out;
  } finally {
    signal.removeEventListener('abort', abort);
    done.abort();
    await watching;
  }
}

async function tellProgress({ source, dom, progress }: LiveMove): Promise<void> {
  const { params } = await source.call('DOMAIN_GET_JOB_STATS', { dom, flags: 0 });
  const byName = paramsByName(params);
  const sum = (what: string): number =>
    (paramNumber(byName.get(`memory_${what}`)) ?? 0) +
    (paramNumber(byName.get(`disk_${what}`)) ?? 0);
  const total = sum('total');
  if (total > 0) progress(Math.min(1, sum('processed') / total), 'memory and disks');
}

async function finish(
  { target, dom }: LiveMove,
  { params, flags, cookie }: Stage,
  cancelled: 0 | 1,
): Promise<Uint8Array> {
  // It is called as it was.
  const words = [...params.filter(({ field }) => field !== 'destination_xml'), nameOf(dom)];
  const args = { params: words, cookie_in: cookie, flags, cancelled };
  return (await target.call('DOMAIN_MIGRATE_FINISH3_PARAMS', args)).cookie_out;
}

async function confirm(
  { source, dom }: LiveMove,
  { params, flags, cookie }: Stage,
  cancelled: 0 | 1,
): Promise<void> {
  const words = params.filter(({ field }) => field !== 'destination_xml');
  const args = { dom, params: words, cookie_in: cookie, flags, cancelled };
  await source.call('DOMAIN_MIGRATE_CONFIRM3_PARAMS', args);
}

function nameOf(dom: DomainHandle): TypedParam {
  return stringParam('destination_name', dom.name);
}
