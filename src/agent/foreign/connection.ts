/**
 * A connection to a foreign hypervisor that is kept: opened, opened again after a loss, for as long as it is
 * wanted (FED-02). While it stands there is a link to the coordinator; its loss ends the link with the reason,
 * so that the coordinator shows what was last known, and since when.
 *
 *   connecting --open, first look--> connected: link, looks --loss--> wait, longer each time --> connecting
 */
import type { ConnectionState, ForeignHostIdentity, ForeignTarget, KnownVm, Tried } from '#api';
import { machineId } from '#foreign';
import { describeFault, Fault, isoTime, type Clock } from '#lib';
import { connectLibvirt, parseUri, type Client } from '#libvirt';
import type { Log } from '#log';
import { backoffMs } from '../link/backoff.ts';
import type { ConnectionTiming } from '../link/connection.ts';
import { dial, Link, streamPath } from '../link/link.ts';
import { Streams } from '../stream/streams.ts';
import { ForeignConsoles } from './consoles.ts';
import { defaultTimes, ForeignHost, type ForeignTimes } from './foreign-host.ts';
import { makeForeignHandlers } from './handlers.ts';
import { ForeignMachines } from './machines.ts';
import { MemoryOutbox } from './outbox.ts';
import { readFacts } from './facts.ts';
import { maxDomains } from './look.ts';
import type { FindStanding, Standing } from './passage/standing.ts';
import { IncomingVolumes } from './transfer/incoming.ts';

export interface ForeignConnectionOptions {
  readonly identity: ForeignHostIdentity;
  readonly target: ForeignTarget;
  readonly known?: readonly KnownVm[] | undefined;
  /** Connections to other hypervisors that stand. */
  readonly others: FindStanding;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly onState: (state: ConnectionState) => void;
  readonly times?: ForeignTimes | undefined;
  readonly timing?: ConnectionTiming | undefined;
}

/** Errors: those of `connectLibvirt`, `facts.component` naming what of the address fails. */
async function connectTo(
  target: ForeignTarget,
  signal: AbortSignal,
  keepalive?: 'off',
): Promise<Client> {
  const { address, user, password, unverified } = target;
  const uri = parseUri(address);
  const credentials = password === null ? undefined : { user: user ?? uri.user ?? '', password };
  return await connectLibvirt(uri, { signal, unverified, credentials, keepalive });
}

/** Opens a connection, looks and takes leave again. Errors: as `connectTo`. */
export async function tryTarget(target: ForeignTarget, signal: AbortSignal): Promise<Tried> {
  await using client = await connectTo(target, signal);
  const { hostName, facts } = await readFacts(client, signal);
  const args = { need_results: 1, flags: 0 };
  const { domains } = await client.call('CONNECT_LIST_ALL_DOMAINS', args, { signal });
  return {
    hostName,
    hypervisorId: facts.hypervisor.id ?? null,
    vms: domains.slice(0, maxDomains).map(({ uuid }) => uuid),
  };
}

export class ForeignConnection {
  readonly #options: ForeignConnectionOptions;
  readonly #outbox = new MemoryOutbox();
  readonly #machines: ForeignMachines;
  #state: ConnectionState = { state: 'connecting', latencyMs: null, lastError: null };
  /** By UUID. */
  readonly #known: Map<string, string>;
  /** UUIDs of vms that a process before this one may have begun to bring. */
  readonly #halfway: Set<string>;
  /** They go on over another connection after a loss. */
  readonly #incoming: IncomingVolumes;
  #standing: Standing | undefined;
  #architecture = '';

  constructor(options: ForeignConnectionOptions) {
    this.#options = options;
    const { clock, known = [] } = options;
    this.#known = new Map(known.map(({ uuid, id }) => [uuid, id]));
    const halfway = known.filter(({ came }) => came === 'maybe');
    this.#halfway = new Set(halfway.map(({ uuid }) => uuid));
    this.#machines = new ForeignMachines({
      identify: (uuid) => this.#identify(uuid),
      clock,
      architecture: () => this.#architecture,
      emit: (vmId, name, attributes, { actor, correlationId }) =>
        this.#outbox.add({
          name,
          time: isoTime(clock.now()),
          vmId,
          actor,
          correlationId,
          attributes,
        }),
    });
    const connect = this.#connectForStream;
    this.#incoming = new IncomingVolumes({ clock, machines: this.#machines, connect });
  }

  /** While the reader of a stream rests nothing is read: a hypervisor that asks meanwhile would be told nothing. */
  readonly #connectForStream = (signal: AbortSignal): Promise<Client> =>
    connectTo(this.#options.target, signal, 'off');

  /** Undefined while there is no connection. */
  get standing(): Standing | undefined {
    return this.#standing;
  }

  /** A domain that came from another host is who it was there. */
  #identify(uuid: string): string {
    return this.#known.get(uuid) ?? machineId(this.#options.identity.id, uuid);
  }

  /** Until the signal aborts. Never fails. */
  async run(signal: AbortSignal): Promise<void> {
    const { target, clock, log, random } = this.#options;
    const backoff = { firstMs: 500, maxMs: 30_000, random };
    this.#tell({});
    await using _incoming = this.#incoming;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        await using client = await connectTo(target, signal);
        await this.#stand(client, signal, () => {
          attempt = 0;
        });
      } catch (error) {
        if (signal.aborted) return;
        const message = describeFault(error).slice(0, 1000);
        log.warn({ why: message }, 'no connection to the hypervisor');
        this.#tell({
          state: 'connecting',
          latencyMs: null,
          lastError: { at: isoTime(clock.now()), message },
        });
      }
      await clock.sleep(backoffMs(attempt, backoff), signal).catch(() => undefined);
    }
  }

  /** While the connection stands. Errors: why it ended. */
  async #stand(client: Client, outer: AbortSignal, onOpen: () => void): Promise<void> {
    const { identity, clock, log, random, timing, times = defaultTimes } = this.#options;
    const lost = new AbortController();
    void client.closed.then((fault) =>
      lost.abort(fault ?? new Fault('unavailable', 'the hypervisor closed the connection')),
    );
    const signal = AbortSignal.any([outer, lost.signal]);
    const machines = this.#machines;
    const host = await ForeignHost.open({
      identity,
      client,
      machines,
      identify: (uuid) => this.#identify(uuid),
      outbox: this.#outbox,
      clock,
      log,
      times,
      signal,
      onFacts: ({ architecture }) => {
        this.#architecture = architecture;
      },
      onLook: (latencyMs) => this.#tell({ state: 'connected', latencyMs }),
    });
    onOpen();
    const { credentials } = identity;
    const coordinator = new URL(identity.coordinator);
    const { address, unverified } = this.#options.target;
    const uri = parseUri(address);
    const know = (uuid: string, id: string): void => void this.#known.set(uuid, id);
    const halfway = this.#halfway;
    const standing: Standing = { host, client, machines, uri, know, halfway };
    this.#standing = standing;
    const consoles = new ForeignConsoles({
      client,
      machines,
      uri,
      unverified,
      clock,
    });
    const dialStream = (streamId: string) =>
      dial(coordinator, `${streamPath}/${encodeURIComponent(streamId)}`, credentials);
    const streams = new Streams(dialStream, log);
    const link = new Link({
      coordinator,
      wallet: { inUse: credentials, worked: async () => undefined, failed: () => undefined },
      host,
      handlers: makeForeignHandlers(
        host,
        {
          client,
          machines,
          hypervisor: () => host.facts.hypervisor.name,
          look: () => host.look(),
        },
        { consoles, streams },
        { self: standing, others: this.#options.others, clock },
        { connect: this.#connectForStream, incoming: this.#incoming },
      ),
      clock,
      random,
      timing,
    });
    this.#outbox.onReady(() => link.nudge());
    const watching = host.watch().catch((error: unknown) => lost.abort(error));
    await Promise.all([watching, link.run(signal)]);
    this.#standing = undefined;
    streams.closeAll();
    if (!outer.aborted) throw lost.signal.reason;
  }

  #tell(change: Partial<ConnectionState>): void {
    this.#state = { ...this.#state, ...change };
    this.#options.onState(this.#state);
  }
}
