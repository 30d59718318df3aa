/**
 * Gantry as a libvirt server (docs/rfd/0025): unmodified clients of libvirt connect once and see all vms of all hosts,
 * whatever runs them. Here are the listeners and who is at them; what is answered is in the files of calls.
 *
 *   <runtime>/libvirt-sock      reads and writes, for whoever can open it: the service's own account, and root
 *   <runtime>/libvirt-sock-ro   reads
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describeFault, type Fault } from '#lib';
import {
  LibvirtServer,
  type Handlers,
  type OpenAnswer,
  type OpenRequest,
  type Peer,
} from '#libvirt';
import type { Access } from '../access/mod.ts';
import type { Caller } from '../context.ts';
import { Connection } from './connection.ts';
import { Counters } from './counters.ts';
import { Desk, type DeskParts } from './desk.ts';
import { domainCalls } from './domain-calls.ts';
import { DomainIds } from './domain-ids.ts';
import { emptyCalls } from './empty-calls.ts';
import { hostCalls } from './host-calls.ts';
import { networkCalls } from './network-calls.ts';
import { powerCalls } from './power-calls.ts';
import { readName } from './scope.ts';
import { screenCalls } from './screen-calls.ts';
import { snapshotCalls } from './snapshot-calls.ts';
import { statisticsCalls } from './statistics-calls.ts';
import { tellEvents } from './tell-events.ts';

export interface GatewayOptions extends Omit<DeskParts, 'gate'> {
  readonly access: Access;
  readonly productVersion: string;
}

export class Gateway implements AsyncDisposable {
  readonly #options: GatewayOptions;
  readonly #desk: Desk;
  readonly #ids: DomainIds;
  /** Nothing is counted before a client has come. */
  #counters: Counters | undefined;
  readonly #server: LibvirtServer;

  private constructor(options: GatewayOptions) {
    const { coordinator, access } = options;
    this.#options = options;
    this.#desk = new Desk({ ...options, gate: access });
    this.#ids = new DomainIds(coordinator.inventory);
    this.#server = new LibvirtServer({
      open: (request) => this.#open(request),
      onFault: (procedure, fault, peer) => this.#note(procedure, fault, peer),
    });
  }

  /** Listens. A socket that cannot be made is said in the log: the rest of the coordinator does without. */
  static async open(options: GatewayOptions): Promise<Gateway> {
    const gateway = new Gateway(options);
    const { paths, log } = options.coordinator;
    for (const [name, access] of sockets) {
      const path = join(paths.runtime, name);
      try {
        await gateway.#server.listenUnix({ path, access });
      } catch (error) {
        log.warn({ fault: describeFault(error) }, "no socket for libvirt's clients");
      }
    }
    return gateway;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.close();
    this.#counters?.[Symbol.dispose]();
    this.#ids[Symbol.dispose]();
  }

  #open({ peer, name, session, signal }: OpenRequest): OpenAnswer {
    const { coordinator, access } = this.#options;
    this.#counters ??= new Counters(coordinator.inventory, coordinator.clock);
    const caller = this.#identify(peer);
    const connection = new Connection({
      coordinator,
      desk: this.#desk,
      ids: this.#ids,
      counters: this.#counters,
      named: readName(name, coordinator.inventory, caller),
      caller,
    });
    const proved = access.watch(caller, signal);
    proved.addEventListener('abort', () => session.end(), { once: true });
    return {
      handlers: this.#handlers(connection),
      onClose: tellEvents(connection, session),
    };
  }

  #identify(_peer: Peer): Caller {
    const { access } = this.#options;
    return access.authenticateOwner({
      encrypted: false,
      origin: null,
      correlationId: randomUUID(),
    });
  }

  #handlers(connection: Connection): Handlers {
    return {
      ...hostCalls(connection, this.#options.productVersion),
      ...domainCalls(connection),
      ...statisticsCalls(connection),
      ...powerCalls(connection),
      ...snapshotCalls(connection),
      ...screenCalls(connection),
      ...networkCalls(connection),
      ...emptyCalls,
    };
  }

  #note(procedure: string, fault: Fault, { address }: Peer): void {
    const { log } = this.#options.coordinator;
    if (fault.code === 'internal') log.error({ err: fault, procedure }, 'a call of libvirt failed');
    else log.debug({ fault: describeFault(fault), procedure, address }, 'a call was refused');
  }
}

const sockets = [
  ['libvirt-sock', 'write'],
  ['libvirt-sock-ro', 'read'],
] as const;
