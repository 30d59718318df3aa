/**
 * Gantry as a libvirt server (docs/rfd/0025): unmodified clients of libvirt connect once and see all vms of all hosts,
 * whatever runs them. Here are the listeners and who is at them; what is answered is in the files of calls.
 *
 *   <runtime>/libvirt-sock      reads and writes, for whoever can open it: the service's own account, and root
 *   <runtime>/libvirt-sock-ro   reads
 *   TLS, where it is asked for  in the name of a user, who proves it by SASL with the secret of a token, or by a certificate
 *                               that was issued for one
 *   TCP beside it, on loopback  as libvirt-sock: the kernel says whose program it is (loopback-owner.ts)
 */
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { HypervisorNetwork, HypervisorPool } from '#api';
import { describeFault, isFault, type Fault } from '#lib';
import {
  defaultPorts,
  LibvirtServer,
  type Handlers,
  type OpenAnswer,
  type OpenRequest,
  type Peer,
  type SessionOptions,
  type TlsListening,
} from '#libvirt';
import type { Access } from '../access/mod.ts';
import type { ListenAddress } from '../options.ts';
import { DuplexSocket } from '../link/duplex-socket.ts';
import { Connection } from './connection.ts';
import { Counters } from './counters.ts';
import { Desk, type DeskParts } from './desk.ts';
import { addressCalls } from './address-calls.ts';
import { askedFar } from './ask-far.ts';
import { blockCalls } from './block-calls.ts';
import { DiskJobs } from './disk-jobs.ts';
import { domainCalls } from './domain-calls.ts';
import { checkpointCalls } from './checkpoint-calls.ts';
import { changeCalls } from './change-calls.ts';
import { defineCalls } from './define-calls.ts';
import { deviceCalls } from './device-calls.ts';
import { DomainIds } from './domain-ids.ts';
import { emptyCalls } from './empty-calls.ts';
import { FolderPools } from './folder-pools.ts';
import { guestAccountCalls } from './guest-account-calls.ts';
import { guestCalls } from './guest-calls.ts';
import { hostCalls } from './host-calls.ts';
import { hostNetworks, hostPools, type HostLists } from './host-lists.ts';
import { arrivalOf, Identity } from './identity.ts';
import { jobCalls } from './job-calls.ts';
import { KeptLists } from './kept-lists.ts';
import { loopback, requireOwner } from './loopback-owner.ts';
import { machineCalls } from './machine-calls.ts';
import { migrateCalls } from './migrate-calls.ts';
import { networkCalls } from './network-calls.ts';
import { networkChangeCalls } from './network-change-calls.ts';
import { NetworkStanding } from './network-standing.ts';
import { Networks } from './networks.ts';
import { nodeDeviceCalls } from './node-device-calls.ts';
import { poolCalls } from './pool-calls.ts';
import { poolChangeCalls } from './pool-change-calls.ts';
import { powerCalls } from './power-calls.ts';
import { readName } from './scope.ts';
import { refusedCalls } from './refused-calls.ts';
import { screenCalls } from './screen-calls.ts';
import { secretCalls } from './secret-calls.ts';
import { peekCalls } from './peek-calls.ts';
import { Screens } from './screens.ts';
import { snapshotCalls } from './snapshot-calls.ts';
import { snapshotChangeCalls } from './snapshot-change-calls.ts';
import { StatsRecords } from './stats-records.ts';
import { StatsSheets } from './stats-sheets.ts';
import { StopReasons } from './stop-reasons.ts';
import { stateFileCalls } from './state-file-calls.ts';
import { statisticsCalls } from './statistics-calls.ts';
import { tellEvents } from './tell-events.ts';
import { tuneCalls } from './tune-calls.ts';
import { tuningCalls } from './tuning-calls.ts';
import { volumeCalls } from './volume-calls.ts';

export interface GatewayOptions extends Omit<DeskParts, 'gate'> {
  readonly access: Access;
  readonly productVersion: string;
  /** For clients of other machines. */
  readonly listen: ListenAddress | undefined;
}

export class Gateway implements AsyncDisposable {
  readonly #options: GatewayOptions;
  readonly #desk: Desk;
  readonly #ids: DomainIds;
  readonly #screens: Screens;
  readonly #records = new StatsRecords();
  readonly #stopReasons: StopReasons;
  readonly #diskJobs: DiskJobs;
  readonly #folderPools = new FolderPools();
  readonly #networkStanding = new NetworkStanding();
  readonly #hostNetworks: HostLists<HypervisorNetwork>;
  readonly #hostPools: HostLists<HypervisorPool>;
  readonly #stopOutdating: () => void;
  /** Nothing is counted before a client has come. */
  #counters: Counters | undefined;
  #sheets: StatsSheets | undefined;
  readonly #lists: KeptLists;
  readonly #local: LibvirtServer;
  readonly #remote: LibvirtServer;
  readonly #identity: Identity;
  readonly #closing = new AbortController();
  #port: number | undefined;
  #plainPort: number | undefined;

  private constructor(options: GatewayOptions) {
    const { coordinator, access } = options;
    this.#options = options;
    this.#desk = new Desk({ ...options, gate: access });
    this.#ids = new DomainIds(coordinator.inventory);
    this.#lists = new KeptLists(coordinator.inventory);
    this.#stopReasons = new StopReasons(coordinator.inventory);
    this.#diskJobs = new DiskJobs(coordinator.inventory);
    this.#hostNetworks = hostNetworks(coordinator);
    this.#hostPools = hostPools(coordinator);
    // Before any client is told: who looks then sees it.
    this.#stopOutdating = coordinator.hypervisorEvents.onToldOfHost(({ hostId }) => {
      this.#hostNetworks.outdate(hostId);
      this.#hostPools.outdate(hostId);
    });
    this.#screens = new Screens({
      inventory: coordinator.inventory,
      show: (vmId, viewer) => this.#showScreen(vmId, viewer),
    });
    this.#identity = new Identity(access, () => this.#plainPort ?? 0);
    const server: SessionOptions = {
      open: (request) => this.#open(request),
      features: ['migrationP2p', 'migrationV3', 'migrationOffline', 'migrationParams'],
      onFault: (procedure, fault, peer) => this.#note(procedure, fault, peer),
    };
    this.#local = new LibvirtServer(server);
    this.#remote = new LibvirtServer({ ...server, sasl: this.#identity.sasl() });
  }

  /**
   * Listens. A socket that cannot be made is said in the log: the rest of the coordinator does without. Errors:
   * `unavailable` for an address that was asked for and is not to be had.
   */
  static async open(options: GatewayOptions): Promise<Gateway> {
    const gateway = new Gateway(options);
    await gateway.#listenHere();
    if (options.listen !== undefined) await gateway.#listenBeyond(options.listen);
    return gateway;
  }

  /** Where clients of other machines are answered; undefined: nowhere. */
  get port(): number | undefined {
    return this.#port;
  }

  /** Where programs of the own account are answered without TLS; undefined: nowhere. */
  get plainPort(): number | undefined {
    return this.#plainPort;
  }

  async #listenHere(): Promise<void> {
    const { paths, log } = this.#options.coordinator;
    for (const [name, access] of sockets) {
      const path = join(paths.runtime, name);
      try {
        await this.#local.listenUnix({ path, access });
      } catch (error) {
        log.warn({ fault: describeFault(error) }, "no socket for libvirt's clients");
      }
    }
  }

  async #listenBeyond(address: ListenAddress): Promise<void> {
    const late: { listening?: TlsListening } = {};
    const shown = this.#options.access.followCertificate((texts) => late.listening?.renew(texts));
    late.listening = await this.#remote.listenTls({
      ...address,
      ...shown,
      clientCertificate: 'optional',
    });
    this.#port = late.listening.port;
    await this.#listenPlain(address.port === 0 ? 0 : defaultPorts.tcp);
  }

  /** On the port that libvirt's clients try; where a libvirtd has it, this is said in the log. */
  async #listenPlain(port: number): Promise<void> {
    try {
      this.#plainPort = (await this.#local.listenTcp({ host: loopback, port })).port;
    } catch (error) {
      this.#options.coordinator.log.warn(
        { fault: describeFault(error) },
        'no plain TCP for libvirt',
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#local.close(), this.#remote.close()]);
    await this.#screens[Symbol.asyncDispose]();
    this.#counters?.[Symbol.dispose]();
    this.#ids[Symbol.dispose]();
    this.#stopOutdating();
    this.#stopReasons[Symbol.dispose]();
    this.#diskJobs[Symbol.dispose]();
  }

  async #open({ peer, name, session, signal }: OpenRequest): Promise<OpenAnswer> {
    const { coordinator, access } = this.#options;
    const { inventory, clock } = coordinator;
    const counters = (this.#counters ??= new Counters(inventory, clock));
    const stopReasons = this.#stopReasons;
    this.#sheets ??= new StatsSheets({ inventory, counters, stopReasons, now: () => clock.now() });
    const caller = await this.#identity.identify(peer);
    const connection = new Connection({
      coordinator,
      desk: this.#desk,
      ids: this.#ids,
      counters,
      records: this.#records,
      sheets: this.#sheets,
      lists: this.#lists,
      stopReasons,
      diskJobs: this.#diskJobs,
      folderPools: this.#folderPools,
      networkStanding: this.#networkStanding,
      hostNetworks: this.#hostNetworks,
      hostPools: this.#hostPools,
      screens: hasScreens({ peer, session }) ? this.#screens : undefined,
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

  /** For a program of the service's own account, or of root, as at the socket. A refusal stands in the audit trail. */
  async #showScreen(vmId: string, viewer: Socket): Promise<void> {
    const { access } = this.#options;
    const arrival = arrivalOf({ transport: 'unix', address: '' });
    const client = new DuplexSocket(viewer);
    try {
      const { remotePort = 0, localPort = 0 } = viewer;
      await requireOwner([loopback, remotePort], [loopback, localPort]);
      const caller = access.authenticateOwner(arrival);
      const { signal } = this.#closing;
      await this.#desk.join(caller, 'vm.screen.open', { params: { vm: vmId } }, client, signal);
    } catch (error) {
      client.terminate();
      if (isFault(error, 'unauthenticated')) this.#identity.noteStranger(arrival, 'VNC', error);
    }
  }

  #handlers(connection: Connection): Handlers {
    const networks = new Networks(connection);
    const own = {
      ...hostCalls(connection, this.#options.productVersion),
      ...domainCalls(connection),
      ...statisticsCalls(connection),
      ...addressCalls(connection),
      ...tuningCalls(connection),
      ...tuneCalls(connection),
      ...blockCalls(connection),
      ...powerCalls(connection),
      ...defineCalls(connection),
      ...changeCalls(connection),
      ...deviceCalls(connection),
      ...guestCalls(connection),
      ...guestAccountCalls(connection),
      ...jobCalls(connection),
      ...migrateCalls(connection),
      ...snapshotCalls(connection),
      ...snapshotChangeCalls(connection),
      ...screenCalls(connection),
      ...peekCalls(connection),
      ...networkCalls(connection, networks),
      ...networkChangeCalls(connection, networks),
      ...poolCalls(connection),
      ...poolChangeCalls(connection),
      ...volumeCalls(connection),
      ...nodeDeviceCalls(connection),
      ...secretCalls(connection),
      ...checkpointCalls(connection),
      ...stateFileCalls(connection),
      ...emptyCalls,
      ...refusedCalls,
    };
    return { ...own, ...askedFar(connection, own), ...machineCalls(connection, own) };
  }

  #note(procedure: string, fault: Fault, { address }: Peer): void {
    const { log } = this.#options.coordinator;
    if (fault.code === 'internal') log.error({ err: fault, procedure }, 'a call of libvirt failed');
    else log.debug({ fault: describeFault(fault), procedure, address }, 'a call was refused');
  }
}

/** Screens are on this machine's loopback, and whoever looks may type. */
function hasScreens({ peer, session }: Pick<OpenRequest, 'peer' | 'session'>): boolean {
  return peer.transport !== 'tls' && session.access === 'write';
}

const sockets = [
  ['libvirt-sock', 'write'],
  ['libvirt-sock-ro', 'read'],
] as const;
