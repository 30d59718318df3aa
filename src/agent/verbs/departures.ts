/** Vms that leave for another host (docs/rfd/0030). Their files stay, whole, until they are whole there. */
import { basename } from 'node:path';
import type { GatheredDisk, LinkParams, LinkResult } from '#api';
import { Fault } from '#lib';
import type { Travel } from '../drivers/files.ts';
import type { Host } from '../host/host.ts';
import { leave } from '../host/leave.ts';
import type { Handlers } from '../link/calls.ts';
import type { Hands } from '../machine/hands.ts';
import type { Machine } from '../machine/machine.ts';
import { tidyLayers } from '../machine/layers/change-layers.ts';
import { judgeLayers } from '../machine/layers/check-layers.ts';
import type { Streams } from '../stream/streams.ts';
import { makeBridge } from '../transfer/bridge.ts';
import { carriedRecord } from '../transfer/carried.ts';
import { asMoved, storedBytesOf } from '../transfer/leaving-files.ts';
import { sendFiles } from '../transfer/send.ts';
import { travelOf } from './travel-of.ts';

type DepartureVerbs = Pick<
  Handlers,
  | 'machine.departure.plan'
  | 'machine.departure.begin'
  | 'machine.departure.send'
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
      const list = () => travel.leaving(machine.file, departure.gathered);
      void sendFiles(far, list, over.signal).finally(() => far.destroy());
      return {};
    },

    async 'machine.departure.cancel'({ id, moveId }) {
      const machine = host.machines.get(id);
      if (machine?.file.departure?.moveId !== moveId || machine.file.departure.gone) return {};
      await machine.queueOwn(async (hands) => {
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
  { file }: Machine,
  gathered: readonly GatheredDisk[],
): Promise<LinkResult<'machine.departure.plan'>> {
  const travel = travelOf(host);
  const judged = await travel.judgeLeaving(file, gathered, host.others(file.definition.id));
  const reasons = [...judged];
  const changed = await judgeLayers(host.driver.storage, file);
  reasons.push(...changed.map(({ code, text, remedy }) => ({ code, text, remedy })));
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
    const depart = async (hands: Hands): Promise<void> => {
      const { state, definition } = hands.file;
      if (state !== 'off' && state !== 'saved')
        throw new Fault('refused', `${definition.name} is ${state}`, {
          hint: 'save its state or shut it down first',
        });
      await tidyLayers(hands);
      const [reason] = await travel.judgeLeaving(hands.file, gathered, host.others(id));
      if (reason !== undefined) throw new Fault('refused', reason.text, { hint: reason.remedy });
      hands.set({ departure: { moveId, to, gathered: [...gathered], gone: false } });
      await hands.persist();
    };
    await machine.change('relocate', generation, cause, depart, signal);
  }
  const { file } = machine;
  return {
    files: (await travel.leaving(file, gathered)).map(asMoved),
    fileName: basename(file.file),
    record: carriedRecord(file, gathered, host.driver.networks.passed?.of(id) ?? []),
  };
}

/** What is to go is on the record before it goes; files that came into the folder meanwhile stay. */
async function end(travel: Travel, machine: Machine, carried: ReadonlySet<string>): Promise<void> {
  const { departure } = machine.file;
  if (departure === null || departure.gone) return;
  await machine.queueOwn(async (hands) => {
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
