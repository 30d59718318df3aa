/** Worlds to test operations in: a host in memory with one vm; store and inventory are the real ones, shared by all. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault, systemClock } from '#lib';
import { silentLog } from '#log';
import {
  hostSettingsSchema,
  profiles,
  topFolderId,
  vmDefinitionSchema,
  type Disk,
  type Operation,
  type Snapshot,
  type LinkMethod,
  type VmDefinition,
  type VmState,
} from '#api';
import { makeTopFolder } from '../app/folders.ts';
import { nameKey, reserveName } from '../app/names.ts';
import { DefinitionPusher } from '../app/push-definition.ts';
import { changePlaces } from '../app/team/team-place.ts';
import { equipWork, type Work } from '../app/work.ts';
import type { Caller, Coordinator, Links, Submission } from '../context.ts';
import { adoptAction, giveBackAction } from '../app/vm/handover-steps.ts';
import { passageAction } from '../app/vm/passage-input.ts';
import type {
  ConnectionDocument,
  HostDocument,
  ImageDocument,
  LentDocument,
  StatusDocument,
  TeamDocument,
  VmDocument,
} from '../documents.ts';
import { followStore, type Follower } from '../inventory/follow.ts';
import { createInventory, type MemoryInventory } from '../inventory/memory-inventory.ts';
import type { StreamEnd } from '../link/streams.ts';
import { followReport } from '../link/take-reports.ts';
import type { OperationWorld } from '../operations/conformance.ts';
import { createOperations } from '../operations/engine.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Commit, Store, Write } from '../store/store.ts';
import { facts } from './fake-agent.ts';
import { keptFile } from './memory-handover.ts';
import { MemoryHost } from './memory-host.ts';
import { askFor, powerActionOf, stateBefore, type WorldIds } from './operation-requests.ts';

function makeDefinition(
  name: string,
  disk: Partial<Disk> = {},
  share: 'shared folder' | 'none' = 'shared folder',
): VmDefinition {
  const { hardware } = profiles.modern;
  return vmDefinitionSchema.parse({
    id: randomUUID(),
    name,
    hardware: {
      ...hardware,
      disks: [
        {
          bus: 'virtio',
          controller: 0,
          position: 0,
          file: 'first.qcow2',
          format: 'qcow2',
          sizeBytes: 1024,
          ...disk,
        },
      ],
      adapters: [{ slot: 0, model: 'virtio', mac: nextMac(), attachment: { kind: 'user' } }],
      sharedFolders: share === 'none' ? [] : [{ slot: 0, name: 'first', hostPath: '/srv/first' }],
    },
  });
}

let macs = 0;
function nextMac(): string {
  macs += 1;
  const hex = macs.toString(16).padStart(6, '0');
  return `52:00:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4)}`;
}

/** Ids, addresses, serial numbers and the world's own name are other ones in every world. */
function withoutNames(name: string, value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value)
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, 'ID')
      .replaceAll(/[0-9a-f]{2}(:[0-9a-f]{2}){5}/g, 'MAC')
      .replaceAll(/\d{4}(-\d{4}){5}-\d{2}/g, 'SERIAL')
      .replaceAll(new RegExp(`\\b${name}\\b`, 'g'), 'WORLD'),
  );
}

const caller: Caller = {
  actor: { kind: 'user', name: 'ann' },
  userId: randomUUID(),
  origin: null,
  correlationId: randomUUID(),
  may: () => true,
};

const firstSnapshot: Snapshot = {
  id: randomUUID(),
  name: 'first',
  description: '',
  author: 'ann',
  takenAt: '2026-01-01T00:00:00.000Z',
  parent: null,
  present: true,
  sizeBytes: 1,
  takenWhile: 'off',
  memoryBytes: null,
  quiesced: false,
};

/** Of vms that come from hypervisors of others, or go there: what is that of the vm's host, and what of the other one. */
const connected: Readonly<Record<string, readonly ('vm' | 'other')[]>> = {
  [passageAction]: ['vm', 'other'],
  [adoptAction]: ['vm'],
  [giveBackAction]: ['other'],
};

/** What needs hypervisors of others has them. */
function connectionFor(action: string, host: 'vm' | 'other'): ConnectionDocument | undefined {
  if (connected[action]?.includes(host) !== true) return undefined;
  const identity = { certificate: '', privateKey: '' };
  return { address: 'test:///', user: null, password: null, unverified: 'refused', identity };
}

function diskFor(action: string): Partial<Disk> {
  if (action === 'vm.disk.convert') return { kind: 'linked', file: '/dev/sdz', format: 'raw' };
  return isHandover(action) ? { file: '/srv/first.qcow2' } : {};
}

function isHandover(action: string): boolean {
  return action === adoptAction || action === giveBackAction;
}

/** As it was adopted. */
function lentFrom(hostId: string, { id, hardware }: VmDefinition): LentDocument {
  const xml = Buffer.from('<domain/>').toString('base64');
  return {
    hostId,
    uuid: id,
    xml,
    startsWithHost: false,
    owners: [],
    theirs: hardware,
    ours: hardware,
    kept: [keptFile('tpm')],
  };
}

const ofTpm = [{ part: 'tpm', content: 'H4sIAAAAAAAAAwMAAAAAAAAAAAA=' }] as const;

function lendOut(hypervisor: MemoryHost, host: MemoryHost, id: string): void {
  const machine = host.machines.get(id);
  assert.ok(machine !== undefined);
  hypervisor.lentOut.set(id, { ...machine });
}

/** Between the operation and a host that it asks, or the store: does it, or not. */
export type Between = <T>(
  method: LinkMethod | 'commit',
  hostId: string,
  ask: () => Promise<T>,
) => Promise<T>;

/** What is unusual about a world. */
export interface Odds {
  /** Of its vm; default: as the action wants it. */
  readonly state?: VmState;
  readonly between?: Between;
}

/** The hosts of a world, and the id of its vm. */
export interface WorldHosts {
  readonly host: MemoryHost;
  readonly other: MemoryHost;
  readonly vmId: string;
}

/** Of several hosts, each asked by its id. */
function linksOf(hosts: readonly MemoryHost[], between: Between): Links {
  const find = (hostId: string): MemoryHost | undefined =>
    hosts.find((host) => host.hostId === hostId);
  return {
    connected: (hostId) => find(hostId)?.away === false,
    whenSettled: () => Promise.resolve(),
    call: (hostId, method, params) => {
      const host = find(hostId);
      if (host === undefined) throw new Fault('unavailable', 'another host');
      return between(method, hostId, () => host.call(hostId, method, params));
    },
  };
}

/** Makes worlds; its store is one file in a folder of its own, which goes with it. */
export class OperationWorlds implements AsyncDisposable {
  readonly #folder: string;
  readonly #store: Store;
  readonly #inventory: MemoryInventory;
  readonly #follower: Follower;
  #made = 0;

  private constructor(
    folder: string,
    store: Store,
    inventory: MemoryInventory,
    follower: Follower,
  ) {
    this.#folder = folder;
    this.#store = store;
    this.#inventory = inventory;
    this.#follower = follower;
  }

  static async open(): Promise<OperationWorlds> {
    const folder = await mkdtemp(join(tmpdir(), 'gk-'));
    const file = join(folder, 'store.db');
    const store = await openSqliteStore({ file, clock: systemClock, log: silentLog });
    const inventory = createInventory({ clock: systemClock });
    const follower = await followStore(store, inventory, silentLog);
    const commit = (one: Commit): ReturnType<Follower['commit']> => follower.commit(one);
    await makeTopFolder({ inventory, commit });
    return new OperationWorlds(folder, store, inventory, follower);
  }

  /** A host with one vm, as the operation wants it, and what its verb submits. */
  async make(action: string, odds: Odds = {}): Promise<OperationWorld<Work> & WorldHosts> {
    this.#made += 1;
    const name = `w${this.#made}`;
    const [inventory, commit] = [this.#inventory, this.#commit];
    const hostId = randomUUID();
    const host = new MemoryHost(hostId, () => asked);
    const other = new MemoryHost(randomUUID(), () => asked);
    host.peers = [host, other];
    other.peers = host.peers;
    const between: Between = odds.between ?? ((_method, _hostId, ask) => ask());
    const links = linksOf([host, other], between);
    const pusher = new DefinitionPusher(inventory, links);
    let submitted: { submission: Submission; along: Commit | undefined } | undefined;
    const asked = this.#coordinator(links, (submission, along) => {
      submitted = { submission, along };
    });
    const ids = await this.#furnish(action, host, name, other, odds.state ?? stateBefore(action));
    await this.#addHost(other.hostId, `${name}-other`, connectionFor(action, 'other'));
    pusher.note(ids.vmId, 1);
    await askFor(action, asked, caller, ids);
    assert.ok(submitted !== undefined, `the verb of ${action} submits`);
    assert.equal(submitted.submission.action, action);
    const { submission, along } = submitted;
    const engines: AsyncDisposable[] = [];
    return {
      host,
      other,
      vmId: ids.vmId,
      caller,
      submission,
      ...(along === undefined ? {} : { along }),
      engine: (kinds, clock = systemClock) => {
        const engine = createOperations<Work>({
          kinds,
          equip: (work) => equipWork(work, running, pusher),
          context: {
            store: this.#store,
            inventory,
            commit: (one) => between('commit', '', () => commit(one)),
          },
          clock,
          log: silentLog,
        });
        const running: Coordinator = { ...asked, operations: engine };
        engines.push(engine);
        return engine;
      },
      snapshot: async () => this.#picture(action, [host, other], ids),
      [Symbol.asyncDispose]: async () => {
        for (const engine of engines) await engine[Symbol.asyncDispose]();
        const vms = [hostId, other.hostId].flatMap((id) => this.#vmsOn(id));
        await commit({
          writes: [
            ...vms.map(({ id }): Write => ({ kind: 'vm', id, delete: true })),
            { kind: 'host', id: hostId, delete: true },
            { kind: 'host', id: other.hostId, delete: true },
          ],
        });
      },
    };
  }

  /** As the store has it. */
  vm(id: string): VmDocument | undefined {
    return this.#inventory.document<VmDocument>('vm', id)?.data;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#follower[Symbol.asyncDispose]();
    await this.#store[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true });
  }

  readonly #commit = (one: Commit): ReturnType<Follower['commit']> => this.#follower.commit(one);

  /** A coordinator whose verbs are asked what they would submit; the test submits it. */
  #coordinator(
    links: Links,
    submit: (submission: Submission, along: Commit | undefined) => void,
  ): Coordinator {
    return {
      store: this.#store,
      inventory: this.#inventory,
      commit: this.#commit,
      links,
      streams: {
        carry: async (
          from: StreamEnd,
          to: StreamEnd,
          { signal, onJoined }: { readonly signal: AbortSignal; readonly onJoined?: () => void },
        ) => {
          for (const end of [to, from]) await end.ask('stream', signal);
          onJoined?.();
        },
      },
      sealer: {
        seal: (secret: Uint8Array) => Buffer.from(secret).toString('base64'),
        unseal: (text: string) => Buffer.from(text, 'base64'),
      },
      clock: systemClock,
      log: silentLog,
      paths: { data: '', config: '', runtime: '' },
      operations: {
        submit: async (_caller: Caller, submission: Submission, along?: Commit) => {
          submit(submission, along);
          return {} as Operation;
        },
      },
    } as unknown as Coordinator;
  }

  /** One vm on the host, in the state the operation wants, in a team; and one image. */
  async #furnish(
    action: string,
    host: MemoryHost,
    name: string,
    other: MemoryHost,
    state: VmState,
  ): Promise<WorldIds> {
    const { hostId } = host;
    const held = powerActionOf(action) === 'release';
    const definition = makeDefinition(
      `${name}-vm`,
      diskFor(action),
      // It would keep the vm on its host.
      action === 'vm.migrate' || isHandover(action) ? 'none' : 'shared folder',
    );
    const { id } = definition;
    const report = host.add(definition, state);
    await this.#addHost(hostId, name, connectionFor(action, 'vm'));
    const [imageId, teamId] = [randomUUID(), randomUUID()];
    const image: ImageDocument = {
      name: `${name}-cd`,
      imageKind: 'cd',
      format: 'raw',
      sizeBytes: 1,
      fileBytes: 1,
      sha256: null,
      guestOs: null,
      description: '',
      hostId,
      path: `/images/${name}.iso`,
      builtFrom: action === 'image.delete' ? 'starter-iso' : null,
    };
    const vm: VmDocument = {
      definition,
      hostId,
      folderId: topFolderId,
      path: report.path,
      revision: 1,
      generation: 1,
      ...(action === giveBackAction ? { lent: lentFrom(other.hostId, definition) } : {}),
      ...(action === 'vm.template.end' ? { template: { snapshotId: firstSnapshot.id } } : {}),
    };
    const known = followReport(vm, report) ?? vm;
    // Of one computer.
    if (isHandover(action)) other.files.add('/srv/first.qcow2');
    if (isHandover(action)) host.keptContents.set(id, ofTpm);
    if (action === giveBackAction) {
      lendOut(other, host, id);
      other.keptContents.set(id, ofTpm);
    }
    const machine = host.machines.get(id);
    assert.ok(machine !== undefined);
    machine.definition = known.definition;
    machine.held = held;
    if (action.startsWith('vm.snapshot')) machine.snapshots = [firstSnapshot];
    const team: TeamDocument = {
      name: `${name}-team`,
      description: '',
      members: [{ vm: id, wait: { for: 'additions', timeoutSeconds: 10 } }],
      onFailure: 'roll-back',
    };
    const status: StatusDocument = {
      report: { ...report, held, snapshots: [...machine.snapshots] },
    };
    await this.#commit({
      writes: [
        { kind: 'vm', id, data: known },
        { kind: 'status', id, data: status },
        { kind: 'image', id: imageId, data: image },
        { kind: 'team', id: teamId, data: team },
        ...changePlaces(teamId, [], [id]).writes,
        ...reserveName('vm', definition.name, id).writes,
        ...reserveName('image', image.name, imageId).writes,
      ],
    });
    this.#inventory.setSample({
      id,
      cpuPercent: 1,
      memoryBytes: 1,
      diskUse: null,
      networkUse: null,
      heartbeat: { state: 'good', lastAt: null, beats: 3 },
      guestHealth: 'working',
      additions: { state: 'running', version: '1', agentVersion: '7', functions: {} },
      guest: null,
    });
    host.serviceRunning = action !== 'host.start';
    this.#inventory.setConnection(hostId, {
      connected: true,
      reason: null,
      lastSeenAt: null,
      status: host.serviceRunning ? 'ready' : 'service-stopped',
    });
    host.files.add(image.path);
    host.adoptable.set('/old/vm.json', makeDefinition(`${name}-old`));
    for (const file of ['vm.json', 'first.qcow2']) host.files.add(`/vms/${name}-old/${file}`);
    return { name, hostId, vmId: id, teamId, imageId, mac: nextMac() };
  }

  async #addHost(id: string, name: string, connection?: ConnectionDocument): Promise<void> {
    const data: HostDocument = {
      name,
      driver: 'qemu',
      settings: hostSettingsSchema.parse({}),
      facts,
      certificate: name,
      serviceRunning: true,
      ...(connection === undefined ? {} : { connection }),
    };
    await this.#commit({ writes: [{ kind: 'host', id, data }] });
  }

  #vmsOn(hostId: string): readonly { readonly id: string; readonly data: VmDocument }[] {
    return [...this.#inventory.documents<VmDocument>('vm')].filter(
      ({ data }) => data.hostId === hostId,
    );
  }

  /** All that the operation may change, comparable between worlds. */
  #picture(action: string, hosts: readonly MemoryHost[], { name, teamId }: WorldIds): unknown {
    const inventory = this.#inventory;
    const made = ['vm', 'old', 'new', 'renamed', 'cd', 'image'].map((end) => `${name}-${end}`);
    return withoutNames(name, {
      hosts: hosts.map((host) => host.snapshot()),
      vms: hosts.map(({ hostId }) =>
        this.#vmsOn(hostId).map(({ data: { definition, folderId, path, generation } }) => ({
          definition,
          folderId,
          path,
          // One that was used for a move is not used again, though it was undone.
          generation: action.startsWith('vm.migrate') || isHandover(action) ? null : generation,
        })),
      ),
      images: [...inventory.documents<ImageDocument>('image')]
        .filter(({ data }) => data.hostId === hosts[0]?.hostId)
        .map(({ data }) => data),
      team: inventory.document<TeamDocument>('team', teamId)?.data,
      names: made.filter((one) =>
        (['vm', 'image'] as const).some(
          (kind) => inventory.document('name', nameKey(kind, one)) !== undefined,
        ),
      ),
    });
  }
}
