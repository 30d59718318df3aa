/** Vms that leave for another host (docs/rfd/0030). Their files stay, whole, until they are whole there. */
import { basename } from 'node:path';
import type { Duplex } from 'node:stream';
import type { GatheredDisk, LinkParams, LinkResult } from '#api';
import { Fault } from '#lib';
import type { LeavingFile, Travel } from '../drivers/files.ts';
import type { Departing, GuestNeeds, HandedOver } from '../drivers/hand-over.ts';
import type { Host } from '../host/host.ts';
import { leave } from '../host/leave.ts';
import type { Handlers } from '../link/calls.ts';
import type { Hands } from '../machine/hands.ts';
import { livePace } from '../machine/paces.ts';
import { stopped } from '../machine/record.ts';
import { takeGuestBack } from '../machine/take-guest-back.ts';
import type { Machine } from '../machine/machine.ts';
import { tidyLayers } from '../machine/layers/change-layers.ts';
import { judgeLayers } from '../machine/layers/check-layers.ts';
import type { Streams } from '../stream/streams.ts';
import { makeBridge } from '../transfer/bridge.ts';
import { carriedRecord } from '../transfer/carried.ts';
import { asMoved, storedBytesOf } from '../transfer/leaving-files.ts';
import { sendFiles } from '../transfer/send.ts';
import { splitLeaving, topsThere } from '../transfer/written-files.ts';
import { travelOf } from './travel-of.ts';

type DepartureVerbs = Pick<
  Handlers,
  | 'machine.departure.plan'
  | 'machine.departure.begin'
  | 'machine.departure.send'
  | 'machine.departure.channel'
  | 'machine.departure.hand-over'
  | 'machine.departure.cancel'
  | 'machine.departure.end'
>;

export function departureVerbs(host: Host, streams: Streams): DepartureVerbs {
  return {
    'machine.departure.plan': ({ id, gathered }) => plan(host, host.machine(id), gathered),
    'machine.departure.begin': (params, { signal }) => begin(host, params, signal),

    async 'machine.departure.send'({ streamId, id, moveId }, { signal }) {
      const machine = host.machine(id);
      const { departure } = requireDeparture(machine, moveId);
      const travel = travelOf(host);
      const [near, far] = makeBridge();
      await streams.open({ streamId, openChannel: async () => near, signal });
      const over = new AbortController();
      far.once('close', () => over.abort(new Fault('unavailable', 'the stream has ended')));
      const list = async (): Promise<readonly LeavingFile[]> => {
        const { file, running } = machine;
        const files = await travel.leaving(file, departure.gathered);
        return (await splitLeaving(file, files, running?.departing)).carried;
      };
      void sendFiles(far, list, over.signal).finally(() => far.destroy());
      return {};
    },

    async 'machine.departure.channel'({ streamId, id, moveId, channel }, { signal }) {
      const machine = host.machine(id);
      requireDeparture(machine, moveId);
      const openChannel = (): Promise<Duplex> => guestOf(machine).offer(channel);
      await streams.open({ streamId, openChannel, signal });
      return {};
    },

    async 'machine.departure.hand-over'({ id, moveId, cause }, { signal, progress }) {
      const machine = host.machine(id);
      requireDeparture(machine, moveId);
      const work = (hands: Hands): Promise<HandedOver> => handOverGuest(hands);
      const handed = await machine.queueOwn(work, { cause, signal, onProgress: progress });
      return handed as HandedOver;
    },

    async 'machine.departure.cancel'({ id, moveId }) {
      const machine = host.machines.get(id);
      if (machine?.file.departure?.moveId !== moveId || machine.file.departure.gone) return {};
      await machine.queueOwn(async (hands) => {
        await takeGuestBack(hands);
        hands.set({ departure: null });
        await hands.persist();
      });
      return {};
    },

    async 'machine.departure.end'({ id, moveId, files }) {
      const machine = host.machines.get(id);
      if (machine?.file.departure?.moveId !== moveId) return {};
      await end(travelOf(host), machine, new Set(files));
      await leave(host, machine);
      return {};
    },
  };
}

async function plan(
  host: Host,
  { file, running }: Machine,
  gathered: readonly GatheredDisk[],
): Promise<LinkResult<'machine.departure.plan'>> {
  const travel = travelOf(host);
  const departing = running?.departing;
  const judged = await travel.judgeLeaving(file, gathered, host.others(file.definition.id));
  const reasons = [...judged];
  const changed = await judgeLayers(host.driver.storage, file);
  reasons.push(...changed.map(({ code, text, remedy }) => ({ code, text, remedy })));
  reasons.push(...((await departing?.judge()) ?? []));
  const files = reasons.length > 0 ? [] : await travel.leaving(file, gathered);
  return {
    ok: reasons.length === 0,
    reasons: reasons.map(({ code, text, remedy }) => ({
      code,
      text,
      ...(remedy === undefined ? {} : { remedy }),
    })),
    warnings: [],
    storedBytes: storedBytesOf(files),
    guest: departing === undefined ? null : asTold(await departing.needs()),
  };
}

async function begin(
  host: Host,
  params: LinkParams<'machine.departure.begin'>,
  signal: AbortSignal,
): Promise<LinkResult<'machine.departure.begin'>> {
  const { id, moveId, generation, cause, to, gathered } = params;
  const machine = host.machine(id);
  const travel = travelOf(host);
  if (machine.file.departure?.moveId !== moveId) {
    // What merges while the guest works would change files that are on their way.
    if (machine.running !== undefined) await machine.mergeLive(cause, signal);
    const action = machine.running === undefined ? 'relocate' : 'migrate';
    const depart = async (hands: Hands): Promise<void> => {
      if (hands.running === undefined) await tidyLayers(hands);
      await requireLeaving(host, hands, gathered);
      hands.set({ departure: { moveId, to, gathered: [...gathered], gone: false } });
      await hands.persist();
    };
    await machine.change(action, generation, cause, depart, signal);
  }
  const { file, running } = machine;
  const files = await travel.leaving(file, gathered);
  const departing = running?.departing;
  const { carried, written } = await splitLeaving(file, files, departing);
  const guest = departing && {
    needs: asTold(await departing.needs()),
    tops: [...topsThere(file, await departing.tops(), gathered)],
  };
  return {
    files: carried.map(asMoved),
    fileName: basename(file.file),
    record: carriedRecord(file, gathered, host.driver.networks.passed?.of(id) ?? [], guest ?? null),
    channels: [...(departing?.channels() ?? [])],
    written: written.map(({ path }) => path),
  };
}

/** Errors: `refused` with the first thing that keeps it here, `unsupported`. */
async function requireLeaving(
  host: Host,
  { file, running }: Hands,
  gathered: readonly GatheredDisk[],
): Promise<void> {
  const { state, definition } = file;
  if (running !== undefined && running.departing === undefined)
    throw new Fault('unsupported', `${definition.name} is ${state}`, {
      hint: 'save its state or shut it down first',
    });
  const others = host.others(definition.id);
  const reasons = [
    ...(await travelOf(host).judgeLeaving(file, gathered, others)),
    ...((await running?.departing?.judge()) ?? []),
  ];
  const [reason] = reasons;
  if (reason !== undefined) throw new Fault('refused', reason.text, { hint: reason.remedy });
}

/** Errors: `unavailable` where its guest has ended meanwhile. */
function guestOf({ file, running }: Pick<Machine, 'file' | 'running'>): Departing {
  if (running?.departing !== undefined) return running.departing;
  throw new Fault('unavailable', `${file.definition.name} does not run any more`, {
    hint: 'move it again: it goes as it is now',
  });
}

/** What has been done stays so until the move is given up or ends. */
async function handOverGuest(hands: Hands): Promise<HandedOver> {
  const guest = guestOf(hands);
  const done = await guest.handedOver();
  if (done !== undefined) return done;
  return await guest.handOver({
    limit: () => livePace(hands),
    signal: hands.signal,
    onProgress: (progress, note) => hands.progress(progress, note),
  });
}

type Told = NonNullable<LinkResult<'machine.departure.plan'>['guest']>;

/** What a driver tells of a guest is of values that JSON has. */
function asTold(needs: GuestNeeds): Told {
  return JSON.parse(JSON.stringify(needs)) as Told;
}

/** What is to go is on the record before it goes; files that came into the folder meanwhile stay. */
async function end(travel: Travel, machine: Machine, carried: ReadonlySet<string>): Promise<void> {
  const { departure } = machine.file;
  if (departure === null || departure.gone) return;
  await machine.queueOwn(async (hands) => {
    if (hands.running !== undefined) {
      hands.onEnd(() => 'heard');
      await hands.running.end();
      hands.enter('off', stopped);
    }
    const listed = await travel.leaving(hands.file, departure.gathered);
    const going = listed.filter(({ path }) => carried.has(path));
    const folders = going.filter(({ kind }) => kind === 'folder').reverse();
    hands.set({
      departure: { ...departure, gone: true },
      leftovers: [
        ...going.filter(({ kind }) => kind === 'file').map(({ source }) => source),
        hands.file.file,
        ...[...folders.map(({ source }) => source), hands.file.folder].map((path) => `${path}/`),
      ],
    });
    await hands.persist();
  });
}

function requireDeparture(
  { file }: Machine,
  moveId: string,
): { readonly departure: NonNullable<Machine['file']['departure']> } {
  const { departure, definition } = file;
  if (departure?.moveId === moveId && !departure.gone) return { departure };
  throw new Fault('refused', `${definition.name} does not leave this host by this move`);
}
