/**
 * Every operation there is through the two generic tests: it fails at each step in turn, and every step
 * runs twice. The host is in memory; store, inventory and engine are the real ones, shared by all worlds.
 * One file because every operation is asked for in the same world.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock } from '#lib';
import { silentLog } from '#log';
import {
  hostSettingsSchema,
  profiles,
  topFolderId,
  vmDefinitionSchema,
  type HostBulkAction,
  teamActionNames,
  type TeamAction,
  type Disk,
  type Operation,
  type PowerAction,
  type Snapshot,
  type VmDefinition,
  type VmState,
} from '#api';
import type { Caller, Coordinator, Submission } from '../context.ts';
import type {
  HostDocument,
  ImageDocument,
  StatusDocument,
  TeamDocument,
  VmDocument,
} from '../documents.ts';
import { followStore, type Follower } from '../inventory/follow.ts';
import { createInventory, type MemoryInventory } from '../inventory/memory-inventory.ts';
import { followReport } from '../link/take-reports.ts';
import { createOperations } from '../operations/engine.ts';
import { testOperationKinds, type OperationWorld } from '../operations/conformance.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Commit, Store, Write } from '../store/store.ts';
import { facts } from '../testing/fake-agent.ts';
import { MemoryHost } from '../testing/memory-host.ts';
import { bulkOnHost } from './bulk.ts';
import { bulkOnVms } from './vm/bulk-vms.ts';
import { actOnTeam } from './team/act-team.ts';
import { changePlaces } from './team/team-place.ts';
import { askHost, discoverKind, probeKind } from './hosts.ts';
import { addImage, buildImage, deleteImage } from './images.ts';
import { nameKey, reserveName } from './names.ts';
import { operationKinds } from './operation-kinds.ts';
import { DefinitionPusher } from './push-definition.ts';
import { makeTopFolder } from './folders.ts';
import { importVm } from './vm/import-vm.ts';
import { cloneVm } from './vm/clone-vm.ts';
import { flattenVm } from './vm/flatten-vm.ts';
import { relocateDisk, relocateVm } from './vm/relocate-vm.ts';
import { actOnVm } from './vm/act-vm.ts';
import { updateVm } from './vm/change-vm.ts';
import { addVm, createVm } from './vm/create-vm.ts';
import { attachAdapter, changeAdapter, detachAdapter } from './vm/adapters-vm.ts';
import { compactDisk } from './vm/compact-disk.ts';
import { attachDisk, detachDisk } from './vm/disks-vm.ts';
import { changeMedium } from './vm/media-vm.ts';
import { takeOutVm } from './vm/remove-vm.ts';
import { convertDisk } from './vm/linked-disks.ts';
import { addShare, removeShare } from './vm/shares-vm.ts';
import { changeSnapshot, deleteSnapshot, revertSnapshot, takeSnapshot } from './vm/snapshots-vm.ts';
import { equipWork, type Work } from './work.ts';

let folder: string;
let store: Store;
let inventory: MemoryInventory;
let follower: Follower;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gk-'));
  store = await openSqliteStore({
    file: join(folder, 'store.db'),
    clock: systemClock,
    log: silentLog,
  });
  inventory = createInventory({ clock: systemClock });
  follower = await followStore(store, inventory, silentLog);
  await makeTopFolder({ inventory, commit });
});
after(async () => {
  await follower[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const commit = (one: Commit): ReturnType<Follower['commit']> => follower.commit(one);

function makeDefinition(name: string, disk: Partial<Disk> = {}): VmDefinition {
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
      sharedFolders: [{ slot: 0, name: 'first', hostPath: '/srv/first' }],
    },
  });
}

let macs = 0;
function nextMac(): string {
  macs += 1;
  const hex = macs.toString(16).padStart(6, '0');
  return `52:00:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4)}`;
}

/** The state in which a vm is when the action is asked for. */
const stateFor: Readonly<Record<PowerAction, VmState>> = {
  'turn-on': 'off',
  hold: 'off',
  release: 'paused',
  pause: 'running',
  resume: 'paused',
  save: 'running',
  restore: 'saved',
  discard: 'saved',
  shutdown: 'running',
  'power-button': 'running',
  reboot: 'running',
  'turn-off': 'running',
  reset: 'running',
  restart: 'running',
  'update-additions': 'running',
  'commit-undo': 'off',
  'discard-undo': 'off',
};

const stateForTeam: Readonly<Record<TeamAction, VmState>> = {
  start: 'off',
  stop: 'running',
  'turn-off': 'running',
  pause: 'running',
  save: 'running',
  resume: 'paused',
};

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

let worlds = 0;

/** A host with one vm, as the operation wants it, and what its verb submits. */
async function makeWorld(action: string): Promise<OperationWorld<Work>> {
  worlds += 1;
  const hostId = randomUUID();
  const name = `w${worlds}`;
  const host = new MemoryHost(hostId, () => coordinator);
  const pusher = new DefinitionPusher(inventory, host);
  let submitted: { submission: Submission; along: Commit | undefined } | undefined;
  const caller: Caller = {
    actor: { kind: 'user', name: 'ann' },
    userId: randomUUID(),
    origin: null,
    correlationId: randomUUID(),
    may: () => true,
  };
  const coordinator = {
    store,
    inventory,
    commit,
    links: host,
    clock: systemClock,
    log: silentLog,
    paths: { data: '', config: '', runtime: '' },
    operations: {
      // The verb is asked what it would submit; the test submits it.
      submit: async (_caller: Caller, submission: Submission, along?: Commit) => {
        submitted = { submission, along };
        return {} as Operation;
      },
    },
  } as unknown as Coordinator;
  const definition = makeDefinition(
    `${name}-vm`,
    action === 'vm.disk.convert' ? { kind: 'linked', file: '/dev/sdz', format: 'raw' } : {},
  );
  const { id } = definition;
  const powerAction = operationActions.find(
    (one) => action === `vm.${one}` || action === `vms.${one}`,
  );
  const teamAction = teamActionNames.find((one) => action === `team.${one}`);
  const state: VmState =
    teamAction !== undefined
      ? stateForTeam[teamAction]
      : powerAction === undefined
        ? /^vm\.disk\.(at|de)tach$/.test(action)
          ? 'running'
          : 'off'
        : stateFor[powerAction];
  const report = host.add(definition, state);
  const imageId = randomUUID();
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
  };
  const known = followReport(vm, report) ?? vm;
  const machine = host.machines.get(id);
  assert.ok(machine !== undefined);
  machine.definition = known.definition;
  machine.held = powerAction === 'release';
  if (action.startsWith('vm.snapshot')) machine.snapshots = [firstSnapshot];
  const teamId = randomUUID();
  const team: TeamDocument = {
    name: `${name}-team`,
    description: '',
    members: [{ vm: id, wait: { for: 'additions', timeoutSeconds: 10 } }],
    onFailure: 'roll-back',
  };
  const named: Write[] = [
    { kind: 'team', id: teamId, data: team },
    ...changePlaces(teamId, [], [id]).writes,
    ...reserveName('vm', definition.name, id).writes,
    ...reserveName('image', image.name, imageId).writes,
  ];
  await commit({
    writes: [
      {
        kind: 'host',
        id: hostId,
        data: {
          name,
          driver: 'qemu',
          settings: hostSettingsSchema.parse({}),
          facts,
          certificate: name,
          serviceRunning: true,
        } satisfies HostDocument,
      },
      {
        kind: 'vm',
        id,
        data: known,
      },
      {
        kind: 'status',
        id,
        data: {
          report: { ...report, held: powerAction === 'release', snapshots: [...machine.snapshots] },
        } satisfies StatusDocument,
      },
      { kind: 'image', id: imageId, data: image },
      ...named,
    ],
  });
  pusher.note(id, 1);
  inventory.setSample({
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
  host.files.add(image.path);
  const status = action === 'host.start' ? 'service-stopped' : 'ready';
  host.serviceRunning = status === 'ready';
  inventory.setConnection(hostId, { connected: true, reason: null, lastSeenAt: null, status });
  host.adoptable.set('/old/vm.json', makeDefinition(`${name}-old`));
  for (const file of ['vm.json', 'first.qcow2']) host.files.add(`/vms/${name}-old/${file}`);
  await submitVerb();
  assert.ok(submitted !== undefined, `the verb of ${action} submits`);
  assert.equal(submitted.submission.action, action);
  const { submission, along } = submitted;
  const engines: AsyncDisposable[] = [];
  const own = new Set([`${name}-vm`, `${name}-old`, `${name}-new`, `${name}-renamed`]);
  return {
    caller,
    submission,
    ...(along === undefined ? {} : { along }),
    engine: (kinds) => {
      const engine = createOperations<Work>({
        kinds,
        equip: (work) => equipWork(work, running, pusher),
        context: { store, inventory, commit },
        clock: systemClock,
        log: silentLog,
      });
      const running: Coordinator = { ...coordinator, operations: engine };
      engines.push(engine);
      return engine;
    },
    snapshot: async () =>
      withoutNames(name, {
        host: host.snapshot(),
        vms: [...inventory.documents<VmDocument>('vm')]
          .filter(({ data }) => data.hostId === hostId)
          .map(({ data }) => ({
            definition: data.definition,
            folderId: data.folderId,
            path: data.path,
            generation: data.generation,
          })),
        images: [...inventory.documents<ImageDocument>('image')]
          .filter(({ data }) => data.hostId === hostId)
          .map(({ data }) => data),
        team: inventory.document<TeamDocument>('team', teamId)?.data,
        names: [...own, image.name, `${name}-image`].filter(
          (one) =>
            inventory.document('name', nameKey('vm', one)) !== undefined ||
            inventory.document('name', nameKey('image', one)) !== undefined,
        ),
      }),
    [Symbol.asyncDispose]: async () => {
      for (const engine of engines) await engine[Symbol.asyncDispose]();
      const gone: Write[] = [];
      for (const vm of inventory.documents<VmDocument>('vm'))
        if (vm.data.hostId === hostId) gone.push({ kind: 'vm', id: vm.id, delete: true });
      gone.push({ kind: 'host', id: hostId, delete: true });
      await commit({ writes: gone });
    },
  };

  async function submitVerb(): Promise<unknown> {
    const any = { precondition: undefined, dryRun: false } as const;
    if (powerAction !== undefined && action.startsWith('vms.'))
      return await bulkOnVms(coordinator, caller, { action: powerAction, vms: [id] }, false);
    if (teamAction !== undefined)
      return await actOnTeam(coordinator, caller, teamId, teamAction, false);
    if (powerAction !== undefined)
      return await actOnVm(coordinator, caller, id, powerAction, {}, false);
    const bulk = /^host\.(turn-on-all|turn-off-all|pause-all|resume-all|start|stop)$/.exec(action);
    if (bulk !== null)
      return await bulkOnHost(
        coordinator,
        caller,
        hostId,
        bulk[1] as HostBulkAction,
        undefined,
        false,
      );
    const adapter = { slot: 1, mac: nextMac(), attachment: { kind: 'none' } } as const;
    const verbs: Readonly<Record<string, () => Promise<unknown>>> = {
      'vm.create': () =>
        createVm(
          coordinator,
          caller,
          {
            name: `${name}-new`,
            host: name,
            network: 'none',
            disk: { kind: 'new', sizeBytes: 1024 ** 2, format: 'qcow2' },
            start: true,
          },
          false,
        ),
      'vm.add': () =>
        addVm(coordinator, caller, { host: name, file: '/old/vm.json', folder: '/' }, false),
      'vm.update': () =>
        updateVm(
          coordinator,
          caller,
          id,
          { name: `${name}-renamed`, resources: { cpuWeight: 300 } },
          any,
        ),
      'vm.remove': () => takeOutVm(coordinator, caller, id, 'remove', any),
      'vm.import': () =>
        importVm(
          coordinator,
          caller,
          {
            host: name,
            file: '/srv/old.vmc',
            name: `${name}-new`,
            folder: '/',
            format: 'qcow2',
            start: true,
          },
          false,
        ),
      'vm.clone': () => cloneVm(coordinator, caller, id, { name: `${name}-new` }, false),
      'vm.snapshot.clone': () =>
        cloneVm(
          coordinator,
          caller,
          id,
          { name: `${name}-new`, snapshot: 'first', path: '/elsewhere' },
          false,
        ),
      'vm.flatten': () => flattenVm(coordinator, caller, id, false),
      'vm.relocate': () => relocateVm(coordinator, caller, id, { path: '/elsewhere' }, false),
      'vm.disk.relocate': () =>
        relocateDisk(coordinator, caller, id, 'virtio0:0', { path: '/elsewhere' }, false),
      'vm.delete': () => takeOutVm(coordinator, caller, id, 'delete', any),
      'vm.disk.attach': () =>
        attachDisk(
          coordinator,
          caller,
          id,
          { kind: 'new', sizeBytes: 1024 ** 2, format: 'qcow2' },
          false,
        ),
      'vm.disk.convert': () =>
        convertDisk(
          coordinator,
          caller,
          id,
          'virtio0:0',
          { format: 'qcow2', allocation: 'dynamic' },
          false,
        ),
      'vm.disk.compact': () =>
        compactDisk(
          coordinator,
          caller,
          id,
          'virtio0:0',
          { freeBlocks: 'keep', fixed: 'refuse' },
          false,
        ),
      'vm.disk.detach': () => detachDisk(coordinator, caller, id, 'virtio0:0', false),
      'vm.adapter.change': () =>
        changeAdapter(coordinator, caller, id, 0, { attachment: { kind: 'none' } }, false),
      'vm.adapter.attach': () => attachAdapter(coordinator, caller, id, adapter, false),
      'vm.adapter.detach': () => detachAdapter(coordinator, caller, id, 0, false),
      'vm.share.add': () =>
        addShare(
          coordinator,
          caller,
          id,
          { name: 'second', hostPath: '/srv/second', readOnly: false },
          false,
        ),
      'vm.share.remove': () => removeShare(coordinator, caller, id, 'first', false),
      'vm.medium.insert': () =>
        changeMedium(
          coordinator,
          caller,
          id,
          { place: 'sata0:0', medium: { kind: 'image', image: imageId }, tray: 'ask' },
          false,
        ),
      'vm.medium.eject': () =>
        changeMedium(
          coordinator,
          caller,
          id,
          { place: 'sata0:0', medium: null, tray: 'ask' },
          false,
        ),
      'vm.snapshot.take': () =>
        takeSnapshot(coordinator, caller, id, { name: 'second', atLimit: 'replace-oldest' }, false),
      'vm.snapshot.revert': () =>
        revertSnapshot(coordinator, caller, id, 'first', { snapshotFirst: 'second' }, false),
      'vm.snapshot.delete': () => deleteSnapshot(coordinator, caller, id, 'first', false),
      'vm.snapshot.change': () =>
        changeSnapshot(coordinator, caller, id, 'first', { name: 'other' }, false),
      'host.probe': () => askHost(coordinator, caller, hostId, probeKind),
      'host.discover': () => askHost(coordinator, caller, hostId, discoverKind),
      'image.build': () =>
        buildImage(
          coordinator,
          caller,
          { recipe: 'starter', name: `${name}-image`, host: name },
          false,
        ),
      'image.add': () =>
        addImage(
          coordinator,
          caller,
          {
            name: `${name}-image`,
            host: name,
            file: '/images/file',
            imageKind: 'disk',
            format: 'raw',
            description: '',
          },
          false,
        ),
      'image.delete': () => deleteImage(coordinator, caller, imageId, any),
    };
    const verb = verbs[action];
    assert.ok(verb !== undefined, `there is a world for ${action}`);
    return await verb();
  }
}

const operationActions = Object.keys(stateFor) as PowerAction[];

test('every operation has a world to be tested in, and an action of its own', () => {
  const actions = operationKinds.map(({ action }) => action);
  assert.equal(new Set(actions).size, actions.length);
});

testOperationKinds(operationKinds, { world: makeWorld });
