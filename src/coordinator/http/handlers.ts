/**
 * The handler of every route that no file beside this one has: the request's parts to a verb, the verb's answer
 * back. No logic.
 */
import {
  installationId,
  guestCatalogue,
  profileSchema,
  teamSchema,
  unrepresentedDevices,
  type Page,
  type RouteName,
} from '#api';
import { bulkOnHost } from '../app/bulk.ts';
import { bulkOnVms } from '../app/vm/bulk-vms.ts';
import { clearEvents, listCatalogue, listEvents } from '../app/events.ts';
import { createFolder, deleteFolder, updateFolder } from '../app/folders.ts';
import {
  askHost,
  diagnoseHost,
  discoverKind,
  probeKind,
  removeHost,
  updateHost,
} from '../app/hosts.ts';
import { extendHost, extendVm } from '../app/extensions.ts';
import { listHypervisorPlaces } from '../app/hypervisor-places.ts';
import { addHost, connectHost, type ConnectParts } from '../app/connect-host.ts';
import { confirmAdapter, listAdapters, setAdapter } from '../app/host-adapters.ts';
import { judgeCapacity } from '../app/host-capacity.ts';
import { workOnDisk } from '../app/host-disk-work.ts';
import { listHostDisks, showHostDisk } from '../app/host-disks.ts';
import { addImage, buildImage, deleteImage } from '../app/images.ts';
import { createProfile, deleteProfile, listProfiles, requireProfile } from '../app/profiles.ts';
import {
  isTlsOnly,
  showInstallation,
  updateInstallation,
  type About,
} from '../app/installation.ts';
import { shown } from '../app/find.ts';
import { actOnTeam } from '../app/team/act-team.ts';
import { createTeam, deleteTeam, updateTeam } from '../app/team/change-team.ts';
import { findTeam, listTeams, showTeam } from '../app/team/show-team.ts';
import { OpenConsoles } from '../app/open-consoles.ts';
import { paceOperation } from '../app/operation-pace.ts';
import { cancelOperation, showOperation } from '../app/operations.ts';
import { seesOperation, viewVerb, type OwnedKind } from '../app/visibility.ts';
import { cloneVm } from '../app/vm/clone-vm.ts';
import { handOutVm } from '../app/vm/export-vm.ts';
import { flattenVm } from '../app/vm/flatten-vm.ts';
import { adoptVm, giveBackVm } from '../app/vm/adopt-vm.ts';
import { relocateVmTo } from '../app/vm/migrate-vm.ts';
import { importVm } from '../app/vm/import-archive.ts';
import { actOnVm, checkVm, exportVm, showHardware } from '../app/vm/act-vm.ts';
import { moveVm, updateVm } from '../app/vm/change-vm.ts';
import { addVm, createVm } from '../app/vm/create-vm.ts';
import { attachAdapter, changeAdapter, detachAdapter } from '../app/vm/adapters-vm.ts';
import { showAdapters } from '../app/vm/show-adapters.ts';
import { addShare, removeShare } from '../app/vm/shares-vm.ts';
import {
  changeSnapshot,
  deleteSnapshot,
  findSnapshot,
  listSnapshots,
  revertSnapshot,
  takeSnapshot,
} from '../app/vm/snapshots-vm.ts';
import { endTemplate, makeTemplate } from '../app/vm/template-vm.ts';
import { listKnownMedia } from '../app/vm/known-media.ts';
import { changeMedium } from '../app/vm/media-vm.ts';
import { listActions } from '../app/vm/judge.ts';
import { showSamples } from '../app/samples.ts';
import { listFiles, takeOutVm } from '../app/vm/remove-vm.ts';
import { parseKinds, parseSamples, watchEvents, watchResources } from '../app/watching.ts';
import type { AccessRoute } from '../access/mod.ts';
import type { Caller, Coordinator } from '../context.ts';
import type { OperationDocument } from '../documents.ts';
import type { ListedThings, PlainQuery } from '../inventory/inventory.ts';
import { pageOf } from '../inventory/list/page.ts';
import type { SampleHistory } from '../samples/history.ts';
import type { ConsoleParts } from '../app/vm/console-vm.ts';
import { consoleHandlers } from './console-handlers.ts';
import { diskHandlers } from './disk-handlers.ts';
import { hostFileHandlers } from './host-file-handlers.ts';
import { innerFileHandlers, snapshotFileHandlers } from './inner-files.ts';
import { networkHandlers } from './network-handlers.ts';
import type { Handlers } from './route-handler.ts';
import { viewerHandlers, type ViewerParts } from './viewer-handlers.ts';
import { quotaHandlers } from './quota-handlers.ts';
import { warningHandlers } from './warning-handlers.ts';

export interface HandlersOptions {
  readonly coordinator: Coordinator;
  readonly consoles: ConsoleParts;
  readonly viewers: ViewerParts;
  readonly history: Pick<SampleHistory, 'read'>;
  /** How hosts without an agent are connected. */
  readonly connect: ConnectParts;
  readonly about: About;
  readonly openApi: () => Uint8Array;
  /** A signal that also aborts when the caller's proof ends. */
  readonly watch: (caller: Caller, outer: AbortSignal) => AbortSignal;
}

type OwnHandlers = Omit<Handlers, AccessRoute>;

export function createHandlers(options: HandlersOptions): OwnHandlers {
  const openConsoles = new OpenConsoles();
  return {
    ...installationHandlers(options),
    ...hostHandlers(options),
    ...innerFileHandlers(options.consoles),
    ...hostFileHandlers(options.consoles),
    ...placeHandlers(options),
    ...profileHandlers(options),
    ...teamHandlers(options),
    ...networkHandlers(options.coordinator),
    ...vmHandlers(options),
    ...deviceHandlers(options),
    ...consoleHandlers(options.consoles),
    ...viewerHandlers(options.viewers),
    ...quotaHandlers(options.coordinator),
    ...warningHandlers(options.coordinator, options.about),
    ...logHandlers(options, openConsoles),
    'vm.open': ({ caller, id }) => ({
      opened: caller.userId !== null && openConsoles.open(caller.userId, { kind: 'vm', id }),
    }),
  };
}

type Of<P extends string> = Pick<OwnHandlers, Extract<Exclude<RouteName, AccessRoute>, P>>;

/** A page of what the caller may see. */
function list<K extends OwnedKind>(
  { inventory }: Coordinator,
  caller: Caller,
  kind: K,
  query: PlainQuery,
): Page<ListedThings[K]> & { items: ListedThings[K][] } {
  const verb = viewVerb(kind);
  // Who may see everything is not asked for each.
  const all = caller.may(verb, { kind: 'everywhere' });
  const page = inventory.list(
    kind,
    query,
    all ? undefined : (id) => caller.may(verb, { kind, id }),
  );
  return { ...page, items: [...page.items] };
}

function installationHandlers({
  coordinator,
  about,
  history,
  openApi,
}: HandlersOptions): Of<
  | `installation.${string}`
  | 'openapi.show'
  | 'guest.list'
  | 'unrepresented.list'
  | 'event.catalogue'
> {
  return {
    'installation.show': ({ caller }) => showInstallation(coordinator, caller, about),
    'installation.samples': ({ query }) =>
      showSamples(
        { history, clock: coordinator.clock },
        { kind: 'installation', id: installationId },
        query,
      ),
    'installation.update': async ({ caller, body, precondition, query }) => {
      const settings = await updateInstallation(coordinator, caller, body, {
        precondition,
        dryRun: query.dryRun,
      });
      return { ...(await showInstallation(coordinator, caller, about)), settings };
    },
    'installation.healthy': () => ({ ok: true, tls: isTlsOnly(coordinator.inventory) }),
    'openapi.show': openApi,
    'guest.list': () => ({ items: guestCatalogue.map((guest) => ({ ...guest })) }),
    'unrepresented.list': () => ({
      items: unrepresentedDevices.map((device) => ({ ...device, names: [...device.names] })),
    }),
    'event.catalogue': () => listCatalogue(),
  };
}

function hostHandlers({
  coordinator,
  history,
  connect,
}: HandlersOptions): Of<
  | 'host.list'
  | 'host.add'
  | 'host.connect'
  | 'host.show'
  | 'host.samples'
  | 'host.capacity'
  | 'vm.extension'
  | 'host.extension'
  | 'host.update'
  | 'host.remove'
  | 'host.device.list'
  | 'host.network.list'
  | 'host.pool.list'
  | 'host.disks'
  | 'host.disk'
  | 'host.identify'
  | 'host.disk.work'
  | 'host.adapters'
  | 'host.set-adapter'
  | 'host.confirm-adapter'
  | 'host.diagnose'
  | 'host.probe'
  | 'host.discover'
  | 'host.bulk'
> {
  const { inventory, links } = coordinator;
  return {
    'host.list': ({ caller, query }) => list(coordinator, caller, 'host', query),
    'host.add': ({ caller, body, query, signal }) =>
      addHost(connect, caller, body, { dryRun: query.dryRun, signal }),
    'host.connect': ({ caller, id, body, query, signal }) =>
      connectHost(connect, caller, id, body, { dryRun: query.dryRun, signal }),
    'vm.extension': ({ caller, id, params, body, signal }) =>
      extendVm(coordinator, caller, id, {
        name: params.extension,
        argument: body.argument,
        signal,
      }),
    'host.extension': ({ caller, id, params, body, signal }) =>
      extendHost(coordinator, caller, id, {
        name: params.extension,
        argument: body.argument,
        signal,
      }),
    'host.show': ({ id }) => shown('host', id, inventory.host(id)),
    'host.capacity': ({ id, query }) => judgeCapacity(shown('host', id, inventory.host(id)), query),
    'host.samples': ({ id, query }) =>
      showSamples({ history, clock: coordinator.clock }, { kind: 'host', id }, query),
    'host.update': ({ caller, id, body, precondition, query }) =>
      updateHost(coordinator, caller, id, body, { precondition, dryRun: query.dryRun }),
    'host.remove': ({ caller, id, precondition, query }) =>
      removeHost(coordinator, caller, id, { precondition, dryRun: query.dryRun }),
    'host.device.list': ({ id, signal }) => links.call(id, 'host.devices', {}, { signal }),
    'host.network.list': ({ id, signal }) =>
      listHypervisorPlaces(coordinator, id, 'networks', signal),
    'host.pool.list': ({ id, signal }) => listHypervisorPlaces(coordinator, id, 'pools', signal),
    'host.disks': ({ caller, id, signal }) => listHostDisks(coordinator, caller, id, signal),
    'host.disk': ({ caller, id, query, signal }) =>
      showHostDisk(coordinator, caller, id, query.file, signal),
    'host.identify': ({ id, query, signal }) =>
      links.call(id, 'host.identify', { file: query.file }, { signal }),
    'host.disk.work': ({ caller, id, body, query: { dryRun }, signal }) =>
      workOnDisk(coordinator, caller, id, body, { dryRun, signal }),
    'host.adapters': ({ id, signal }) => listAdapters(coordinator, id, signal),
    'host.set-adapter': ({ caller, id, params: { adapter }, body, query: { dryRun } }) =>
      setAdapter(coordinator, caller, { hostId: id, adapter }, body, dryRun ? 'check' : 'do'),
    'host.confirm-adapter': ({ caller, id, params: { adapter } }) =>
      confirmAdapter(coordinator, caller, { hostId: id, adapter }),
    'host.diagnose': ({ id, signal }) => diagnoseHost(coordinator, id, signal),
    'host.probe': ({ caller, id }) => askHost(coordinator, caller, id, probeKind),
    'host.discover': ({ caller, id }) => askHost(coordinator, caller, id, discoverKind),
    'host.bulk': ({ caller, id, params, body, query }) =>
      bulkOnHost(coordinator, caller, id, params.action, body.only, query.dryRun),
  };
}

function placeHandlers({
  coordinator,
}: HandlersOptions): Of<`folder.${string}` | `image.${string}`> {
  const { inventory } = coordinator;
  return {
    'folder.list': ({ caller, query }) => list(coordinator, caller, 'folder', query),
    'folder.show': ({ id }) => shown('folder', id, inventory.folder(id)),
    'folder.create': ({ caller, body, query }) =>
      createFolder(coordinator, caller, body, query.dryRun),
    'folder.update': ({ caller, id, body, precondition, query }) =>
      updateFolder(coordinator, caller, id, body, { precondition, dryRun: query.dryRun }),
    'folder.delete': ({ caller, id, precondition, query }) =>
      deleteFolder(coordinator, caller, id, { precondition, dryRun: query.dryRun }),
    'image.list': ({ caller, query }) => list(coordinator, caller, 'image', query),
    'image.show': ({ id }) => shown('image', id, inventory.image(id)),
    'image.build': ({ caller, body, query }) => buildImage(coordinator, caller, body, query.dryRun),
    'image.add': ({ caller, body, query }) => addImage(coordinator, caller, body, query.dryRun),
    'image.delete': ({ caller, id, precondition, query }) =>
      deleteImage(coordinator, caller, id, { precondition, dryRun: query.dryRun }),
  };
}

function profileHandlers({ coordinator }: HandlersOptions): Of<`profile.${string}`> {
  const { inventory } = coordinator;
  return {
    'profile.list': ({ query }) => {
      const listed = { kind: 'profile', schema: profileSchema, defaultSort: 'name' };
      const page = pageOf(listed, listProfiles(inventory), query);
      return { ...page, items: [...page.items] };
    },
    'profile.show': ({ params }) => requireProfile(inventory, params.profile),
    'profile.create': ({ caller, body, query }) =>
      createProfile(coordinator, caller, body, query.dryRun),
    'profile.delete': ({ caller, params, precondition, query }) =>
      deleteProfile(coordinator, caller, params.profile, { precondition, dryRun: query.dryRun }),
  };
}

function teamHandlers({ coordinator }: HandlersOptions): Of<`team.${string}`> {
  const { inventory } = coordinator;
  return {
    'team.list': ({ caller, query }) => {
      const listed = { kind: 'team', schema: teamSchema, defaultSort: 'name' };
      const page = pageOf(listed, listTeams(inventory, caller), query);
      return { ...page, items: [...page.items] };
    },
    'team.show': ({ caller, params }) =>
      showTeam(inventory, findTeam(inventory, caller, params.team)),
    'team.create': ({ caller, body, query }) => createTeam(coordinator, caller, body, query.dryRun),
    'team.update': ({ caller, params, body, precondition, query }) =>
      updateTeam(coordinator, caller, params.team, body, { precondition, dryRun: query.dryRun }),
    'team.delete': ({ caller, params, precondition, query }) =>
      deleteTeam(coordinator, caller, params.team, { precondition, dryRun: query.dryRun }),
    'team.act': ({ caller, params, query }) =>
      actOnTeam(coordinator, caller, params.team, params.action, query.dryRun),
  };
}

function vmHandlers({
  coordinator,
  history,
}: HandlersOptions): Of<
  | 'vm.list'
  | 'vm.show'
  | 'vm.samples'
  | 'vm.create'
  | 'vm.add'
  | 'vm.update'
  | 'vm.move'
  | 'vm.remove'
  | 'vm.files'
  | 'vm.delete'
  | 'vm.export'
  | 'vm.actions'
  | 'vm.act'
  | 'vm.bulk'
  | 'vm.check'
  | 'vm.hardware'
  | 'vm.import'
  | 'vm.clone'
  | 'vm.flatten'
  | `vm.template.${string}`
  | 'vm.hand-out'
  | 'vm.relocate'
  | 'vm.adopt'
  | 'vm.give-back'
> {
  const { inventory } = coordinator;
  return {
    'vm.list': ({ caller, query }) => list(coordinator, caller, 'vm', query),
    'vm.show': ({ id }) => shown('vm', id, inventory.vm(id)),
    'vm.samples': ({ id, query }) =>
      showSamples({ history, clock: coordinator.clock }, { kind: 'vm', id }, query),
    'vm.create': ({ caller, body, query }) => createVm(coordinator, caller, body, query.dryRun),
    'vm.add': ({ caller, body, query }) => addVm(coordinator, caller, body, query.dryRun),
    'vm.update': ({ caller, id, body, precondition, query }) =>
      updateVm(coordinator, caller, id, body, { precondition, dryRun: query.dryRun }),
    'vm.move': ({ caller, id, body, precondition, query }) =>
      moveVm(coordinator, caller, id, body.folder, { precondition, dryRun: query.dryRun }),
    'vm.remove': ({ caller, id, precondition, query }) =>
      takeOutVm(coordinator, caller, id, 'remove', { precondition, dryRun: query.dryRun }),
    'vm.files': ({ caller, id }) => listFiles(coordinator, caller, id),
    'vm.delete': ({ caller, id, precondition, query }) =>
      takeOutVm(coordinator, caller, id, 'delete', { precondition, ...query }),
    'vm.export': ({ id }) => exportVm(coordinator, id),
    'vm.actions': ({ caller, id }) =>
      listActions(inventory, caller, shown('vm', id, inventory.vm(id))),
    'vm.act': ({ caller, id, params, body, query }) =>
      actOnVm(coordinator, caller, id, params.action, body, query.dryRun),
    'vm.bulk': ({ caller, body, query }) => bulkOnVms(coordinator, caller, body, query.dryRun),
    'vm.check': ({ id, body }) => checkVm(coordinator, id, body),
    'vm.hardware': ({ id }) => showHardware(coordinator, id),
    'vm.import': ({ caller, body, query: { dryRun }, signal }) =>
      importVm(coordinator, caller, body, { dryRun, signal }),
    'vm.clone': ({ caller, id, body, query }) =>
      cloneVm(coordinator, caller, id, body, query.dryRun),
    'vm.hand-out': ({ caller, id, body, query }) =>
      handOutVm(coordinator, caller, id, body, query.dryRun),
    'vm.flatten': ({ caller, id, query }) => flattenVm(coordinator, caller, id, query.dryRun),
    'vm.template.make': ({ caller, id, query }) =>
      makeTemplate(coordinator, caller, id, query.dryRun),
    'vm.template.end': ({ caller, id, query }) =>
      endTemplate(coordinator, caller, id, query.dryRun),
    'vm.relocate': ({ caller, id, body, query }) =>
      relocateVmTo(coordinator, caller, id, body, query.dryRun),
    'vm.adopt': ({ caller, id, body, query }) =>
      adoptVm(coordinator, caller, id, body, query.dryRun),
    'vm.give-back': ({ caller, id, query }) => giveBackVm(coordinator, caller, id, query.dryRun),
  };
}

function deviceHandlers({
  coordinator,
  consoles,
}: HandlersOptions): Of<
  | `vm.snapshot.${string}`
  | Exclude<Extract<RouteName, `vm.disk.${string}`>, 'vm.disk.content'>
  | `vm.adapter.${string}`
  | `vm.medium.${string}`
  | `vm.share.${string}`
> {
  return {
    'vm.snapshot.list': ({ id }) => ({ items: [...listSnapshots(coordinator.inventory, id)] }),
    'vm.snapshot.show': ({ id, params }) =>
      findSnapshot(coordinator.inventory, id, params.snapshot),
    'vm.snapshot.take': ({ caller, id, body, query }) =>
      takeSnapshot(coordinator, caller, id, body, query.dryRun),
    'vm.snapshot.change': ({ caller, id, params, body, query }) =>
      changeSnapshot(coordinator, caller, id, params.snapshot, body, query.dryRun),
    'vm.snapshot.delete': ({ caller, id, params, query }) =>
      deleteSnapshot(coordinator, caller, id, params.snapshot, query.dryRun),
    ...snapshotFileHandlers(consoles),
    'vm.snapshot.revert': ({ caller, id, params, body, query }) =>
      revertSnapshot(coordinator, caller, id, params.snapshot, body, query.dryRun),
    ...diskHandlers(coordinator),
    'vm.adapter.list': ({ id }) => ({ items: showAdapters(coordinator, id) }),
    'vm.adapter.attach': ({ caller, id, body, query }) =>
      attachAdapter(coordinator, caller, id, body, query.dryRun),
    'vm.adapter.detach': ({ caller, id, params, query }) =>
      detachAdapter(coordinator, caller, id, params.slot, query.dryRun),
    'vm.adapter.change': ({ caller, id, params, body, query }) =>
      changeAdapter(coordinator, caller, id, params.slot, body, query.dryRun),
    'vm.share.add': ({ caller, id, body, query }) =>
      addShare(coordinator, caller, id, body, query.dryRun),
    'vm.share.remove': ({ caller, id, params, query }) =>
      removeShare(coordinator, caller, id, params.name, query.dryRun),
    'vm.medium.list': ({ caller, id, signal }) => listKnownMedia(coordinator, caller, id, signal),
    'vm.medium.insert': ({ caller, id, params, body, query }) =>
      changeMedium(
        coordinator,
        caller,
        id,
        { place: params.place, medium: body, tray: query.tray },
        query.dryRun,
      ),
    'vm.medium.eject': ({ caller, id, params, query }) =>
      changeMedium(
        coordinator,
        caller,
        id,
        { place: params.place, medium: null, tray: query.tray },
        query.dryRun,
      ),
  };
}

function logHandlers(
  { coordinator, watch }: HandlersOptions,
  openConsoles: OpenConsoles,
): Of<`operation.${string}` | 'event.list' | 'event.watch' | 'event.clear' | 'watch.open'> {
  const { inventory } = coordinator;
  return {
    'operation.list': ({ caller, query }) => {
      const all = caller.may('operation.view', { kind: 'everywhere' });
      const sees = (id: string): boolean => {
        const operation = inventory.document<OperationDocument>('operation', id);
        return operation !== undefined && seesOperation(caller, operation.data);
      };
      const page = inventory.list('operation', query, all ? undefined : sees);
      return { ...page, items: [...page.items] };
    },
    'operation.show': ({ caller, id, query, signal }) =>
      showOperation(coordinator, caller, id, query.waitSeconds, signal),
    'operation.cancel': ({ caller, id }) => cancelOperation(coordinator, caller, id),
    'operation.pace': ({ caller, id, body, signal }) =>
      paceOperation(coordinator, caller, id, body, signal),
    'event.list': ({ caller, query }) => listEvents(coordinator, caller, query),
    'event.watch': ({ caller, query, lastEventId, signal }) =>
      watchEvents(
        coordinator,
        caller,
        { filter: query.filter, after: lastEventId ?? query.since },
        watch(caller, signal),
      ),
    'event.clear': ({ caller, body, query }) =>
      clearEvents(coordinator, caller, body.before, query.dryRun),
    'watch.open': ({ caller, query, lastEventId, signal }) =>
      watchResources(
        coordinator,
        caller,
        {
          kinds: parseKinds(query.kinds),
          after: lastEventId ?? query.since,
          samples: parseSamples(query),
          opens: query.opens ? openConsoles : undefined,
        },
        watch(caller, signal),
      ),
  };
}
