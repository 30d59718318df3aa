/**
 * The coordinator put together, and taken apart in the opposite order.
 *
 *   store -> inventory -> access -> operations, links -> HTTP -> reconcilers, libvirt's clients
 *
 * It serves when `<runtime>/coordinator.json` is there, and that file goes first when it stops.
 */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { isoTime, systemClock } from '#lib';
import type { Log } from '#log';
import { installationId } from '#api';
import { Access, SignInLimiter } from './access/mod.ts';
import { makeTopFolder } from './app/folders.ts';
import { HostNetworks } from './app/network/host-networks.ts';
import { networkedLinks } from './app/network/networked-links.ts';
import { concernsSpans } from './app/network/spans.ts';
import { isTlsOnly } from './app/installation.ts';
import { operationKinds } from './app/operation-kinds.ts';
import { DefinitionPusher } from './app/push-definition.ts';
import { failureEvents } from './app/vm/failure-events.ts';
import { installationThing } from './app/things.ts';
import { equipWork, type Work } from './app/work.ts';
import type { Coordinator, Links, Operations } from './context.ts';
import { Recordings } from './consoles/recordings.ts';
import { Sessions } from './consoles/sessions.ts';
import { Tickets } from './consoles/tickets.ts';
import { Claims } from './http/claims.ts';
import { ForeignHosts } from './foreign/foreign-hosts.ts';
import { Gateway } from './gateway/gateway.ts';
import { ViewerCertificates } from './viewers/certificates.ts';
import { Viewers } from './viewers/viewers.ts';
import { createHandlers } from './http/handlers.ts';
import { HttpServer, openApiText } from './http/server.ts';
import { createInventory } from './inventory/memory-inventory.ts';
import { followStore } from './inventory/follow.ts';
import { AgentLinks, type AgentLinkTimes } from './link/agent-links.ts';
import { CloseWatch } from './link/close-watch.ts';
import { OperationPaces } from './app/operation-pace.ts';
import { HypervisorEvents } from './link/hypervisor-events.ts';
import { SkippedRecords } from './link/skipped-records.ts';
import { StreamHub } from './link/streams.ts';
import { createOperations } from './operations/engine.ts';
import type { CoordinatorOptions } from './options.ts';
import { clearingWarnings, clearWarningsName } from './reconcile/clear-warnings.ts';
import { Loops } from './reconcile/loop.ts';
import { lookAgain, lookAgainName } from './reconcile/look-again.ts';
import { pushDefinitions } from './reconcile/push-definitions.ts';
import { numberPorts, numberPortsName } from './reconcile/number-ports.ts';
import { placeServices } from './reconcile/place-services.ts';
import { pushNetworks } from './reconcile/push-networks.ts';
import { closeSamples, recordSamples } from './reconcile/samples.ts';
import { retention } from './reconcile/retention.ts';
import { settleMoves, ToldMoves } from './reconcile/settle-moves.ts';
import { SampleHistory } from './samples/history.ts';
import { SampleRecorder } from './samples/record.ts';
import { refuseEmptied } from './store/emptied.ts';
import { openSqliteStore } from './store/sqlite/sqlite-store.ts';
import type { NewEvent } from './store/store.ts';

const packageFile = new URL('../../package.json', import.meta.url);
export const productVersion: string = z
  .object({ version: z.string().max(64) })
  .parse(JSON.parse(readFileSync(packageFile, 'utf8'))).version;

export interface CoordinatorTimes extends AgentLinkTimes {
  /** How long a host that is away still serves networks that span hosts. */
  readonly serviceGraceMs: number;
}

export interface RunningCoordinator extends AsyncDisposable {
  readonly coordinator: Coordinator;
  readonly url: string;
  /** Where libvirt's clients of other machines are answered; undefined: nowhere. */
  readonly libvirtPort: number | undefined;
  /** The same without TLS, for the service's own account, on loopback. */
  readonly libvirtPlainPort: number | undefined;
  /** Rejects when the coordinator cannot go on. */
  readonly failed: Promise<never>;
}

/** Errors: `refused` when another coordinator has the data; `exists` when the address is in use; `corrupt`. */
export async function startCoordinator(
  options: CoordinatorOptions,
  log: Log,
  times: Partial<CoordinatorTimes> = {},
): Promise<RunningCoordinator> {
  const { data, config, runtime, host, port } = options;
  const clock = systemClock;
  const startedAt = clock.now();
  // Taken apart in the opposite order, also when something on the way up fails.
  await using stack = new AsyncDisposableStack();
  for (const folder of [data, config, runtime])
    await mkdir(folder, { recursive: true, mode: 0o700 });
  const storeFile = join(data, 'store.db');
  await refuseEmptied(storeFile, join(data, 'authority'));
  const store = stack.use(await openSqliteStore({ file: storeFile, clock, log }));
  const inventory = createInventory({ clock });
  const follower = stack.use(await followStore(store, inventory, log));
  // What it gathered is written last: work that goes on while it is would find its hosts gone.
  const recorder = stack.use(new SampleRecorder({ store, inventory, clock }));
  const late: {
    links?: Links;
    closeWatch?: CloseWatch;
    streams?: StreamHub;
    hostNetworks?: HostNetworks;
    operations?: Operations;
    sealer?: Coordinator['sealer'];
    viewers?: Viewers;
  } = {};
  const claims = new Claims();
  const coordinator: Coordinator = {
    store,
    inventory,
    commit: (commit) => claims.commit(commit, (whole) => follower.commit(whole)),
    get links() {
      return made(late.links);
    },
    get closeWatch() {
      return made(late.closeWatch);
    },
    get streams() {
      return made(late.streams);
    },
    get hostNetworks() {
      return made(late.hostNetworks);
    },
    get operations() {
      return made(late.operations);
    },
    get sealer() {
      return made(late.sealer);
    },
    skippedRecords: new SkippedRecords(),
    hypervisorEvents: new HypervisorEvents(),
    operationPaces: new OperationPaces(),
    clock,
    log,
    paths: { data, config, runtime },
  };
  await makeTopFolder(coordinator);
  const access = stack.use(await Access.open({ coordinator, listenAddress: host }));
  late.sealer = access.signer().sealer;
  const secrets = access.foreignSecrets();
  // Told of the end of links before it ends itself.
  const foreign = stack.use(new ForeignHosts({ coordinator, secrets, logLevel: options.logLevel }));
  const moves = new ToldMoves();
  const loops: { nudge(name: string): void }[] = [];
  const links = stack.use(
    new AgentLinks({
      context: coordinator,
      installationId,
      times,
      onRecords: (records) => pusher.noteRecords(records),
      onMoves: (hostId, records, arrivals) => moves.note(hostId, records, arrivals),
      onNetworks: (hostId, used) => hostNetworks.begin(hostId, used),
      onSynchronised: (hostId) => {
        made(late.closeWatch).forget(hostId);
        made(late.viewers).begin(hostId);
        for (const loop of loops)
          for (const name of ['push-networks', 'push-definitions', 'place-viewers', 'settle-moves'])
            loop.nudge(name);
      },
    }),
  );
  const hostNetworks = new HostNetworks({ inventory, links, clock, log });
  late.hostNetworks = hostNetworks;
  late.links = networkedLinks(links, hostNetworks, inventory);
  late.closeWatch = new CloseWatch({ inventory, links, log });
  const streams = new StreamHub(links);
  late.streams = streams;
  const pusher = new DefinitionPusher(inventory, late.links);
  const operations = createOperations<Work>({
    kinds: operationKinds,
    equip: (work) => equipWork(work, coordinator, pusher),
    failureEvents: (operation, _id, fault) => failureEvents(inventory, operation, fault),
    context: coordinator,
    clock,
    log,
  });
  late.operations = operations;
  const tickets = new Tickets(clock);
  const sessions = new Sessions();
  const recordings = stack.use(new Recordings(coordinator, streams, sessions));
  const consoleLinks = {
    coordinator,
    sessions,
    tickets,
    limiter: new SignInLimiter(clock),
    callerOf: (who: Parameters<Access['callerOf']>[0]) => access.callerOf(who),
  };
  stack.defer(
    inventory.onChange((change) => {
      const { things } = change;
      if (made(late.viewers).concerns(change))
        for (const loop of loops) loop.nudge('place-viewers');
      for (const { kind, id, how } of things)
        if (kind === 'host' && how === 'deleted') {
          links.forget(id);
          made(late.closeWatch).forget(id);
          hostNetworks.forget(id);
          coordinator.skippedRecords.forgetHost(id);
        }
      if (
        inventory.count('acknowledgement') > 0 &&
        things.some(({ kind, how }) => (kind === 'vm' || kind === 'host') && how !== 'sampled')
      )
        for (const loop of loops) loop.nudge(clearWarningsName);
      if (
        coordinator.skippedRecords.size > 0 &&
        things.some(({ kind, how }) => kind === 'operation' && how !== 'sampled')
      )
        for (const loop of loops) loop.nudge(lookAgainName);
      if (inventory.vmsToNumber().size > 0) for (const loop of loops) loop.nudge(numberPortsName);
      const spans = concernsSpans(inventory, things);
      if (spans || things.some(({ kind }) => kind === 'network'))
        for (const loop of loops) loop.nudge('push-networks');
      if (spans) for (const loop of loops) loop.nudge('place-services');
    }),
  );
  const certificates = new ViewerCertificates(coordinator, access.signer());
  const history = new SampleHistory({
    store,
    clock,
    log,
    gathering: (id) => recorder.gathering(id),
  });
  const handlers = {
    ...access.handlers,
    ...createHandlers({
      coordinator,
      consoles: { coordinator, streams, sessions, tickets, links: consoleLinks, recordings },
      viewers: { certificates, viewers: () => made(late.viewers) },
      history,
      connect: { coordinator, foreign, secrets },
      about: {
        productVersion,
        apiVersion: 'v1',
        startedAt,
        findings: () => [...access.findings(), ...made(late.viewers).findings()],
      },
      openApi: openApiText(productVersion),
      watch: (caller, outer) => access.watch(caller, outer),
    }),
  };
  const viewers = stack.use(new Viewers({ coordinator, handlers, access, tickets, certificates }));
  late.viewers = viewers;
  const server = stack.use(
    new HttpServer({
      coordinator,
      handlers,
      gate: access,
      tickets,
      claims,
      agents: {
        acceptLink: (socket, hostId) => links.accept(socket, hostId),
        expectsStream: (streamId, hostId) => streams.expects(streamId, hostId),
        acceptStream: (streamId, hostId, socket) => streams.accept(streamId, hostId, socket),
        expectsViewer: (hostId, vmId) => viewers.expects(hostId, vmId),
        acceptViewer: (...viewer) => viewers.accept(...viewer),
        close: () => links[Symbol.asyncDispose](),
      },
      log,
      productVersion,
      tls: access.tlsOptions(),
    }),
  );
  // They stop before the links close: one that saw its host go would fail, instead of going on at the next start.
  stack.use(operations);
  access.attach(server.server);
  links.start();
  const { recovered } = await operations.start();
  const url = await server.listen(host, port);
  foreign.start(url);
  warnOfExposure(options, isTlsOnly(inventory), url, log);
  const loop = stack.use(
    new Loops(
      [
        retention(coordinator),
        pushNetworks(coordinator, hostNetworks),
        placeServices(coordinator, times.serviceGraceMs),
        numberPorts(coordinator),
        viewers.reconciler(),
        pushDefinitions(coordinator, pusher),
        lookAgain(coordinator, pusher),
        settleMoves(coordinator, moves),
        recordSamples(recorder),
        closeSamples(history, recorder),
        clearingWarnings(coordinator, () => access.findings()),
      ],
      log,
    ),
  );
  loops.push(loop);
  const gateway = stack.use(
    await Gateway.open({ coordinator, access, handlers, productVersion, listen: options.libvirt }),
  );
  await coordinator.commit({
    events: [coordinatorEvent('coordinator.started', { version: productVersion, recovered })],
  });
  stack.defer(async () => {
    await coordinator.commit({ events: [coordinatorEvent('coordinator.stopped', {})] });
  });
  const file = join(runtime, 'coordinator.json');
  await writeWhole(file, JSON.stringify({ pid: process.pid, url, startedAt: isoTime(startedAt) }));
  stack.defer(() => rm(file, { force: true }));
  log.info({ url, recovered }, 'the coordinator serves');
  const running = stack.move();
  return {
    coordinator,
    url,
    libvirtPort: gateway.port,
    libvirtPlainPort: gateway.plainPort,
    failed: follower.failed,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function made<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('bug: used before it was made');
  return part;
}

function coordinatorEvent<N extends 'coordinator.started' | 'coordinator.stopped'>(
  name: N,
  attributes: NewEvent<N>['attributes'],
): NewEvent<N> {
  return {
    name,
    target: installationThing,
    ancestors: [],
    actor: { kind: 'system', name: 'coordinator' },
    origin: null,
    correlationId: null,
    attributes,
  };
}

/** Loud about what lets others in. */
function warnOfExposure(
  { host }: CoordinatorOptions,
  isEncrypted: boolean,
  url: string,
  log: Log,
): void {
  const loopback = host === 'localhost' || host === '::1' || host.startsWith('127.');
  if (!isEncrypted)
    log.warn(
      { url },
      'TLS IS OFF: whoever is on the way reads passwords and changes everything; require it with: gantry system set plainHttp=redirected',
    );
  if (!loopback)
    log.warn(
      { url },
      'the coordinator can be reached from other machines; to keep it to this one, listen on 127.0.0.1',
    );
}

/** So that nobody reads half of it. */
async function writeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${text}\n`, { mode: 0o644 });
  await rename(draft, file);
}
