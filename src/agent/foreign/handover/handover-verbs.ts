/**
 * A vm that others run is given to an agent of the same computer, and taken back (docs/rfd/0034).
 *
 * Invariants: (1) its hypervisor forgets a vm only while that is off, and nothing of it but the definition goes; (2) one that was
 * started in that moment is known there again, as it was; (3) each call can be made again.
 */
import { find, readXml } from '#foreign';
import { Fault, isFault } from '#lib';
import type { Client, DomainHandle } from '#libvirt';
import type { LinkParams } from '#api';
import type { Handlers } from '../../link/calls.ts';
import { define, readDefined } from '../edit/persist.ts';
import { isNotKnown } from '../not-known.ts';
import { lookUp } from '../make/domains.ts';
import type { Standing } from '../passage/standing.ts';
import { Turns } from '../turns.ts';
import { fetchKept, putKept } from './kept-files.ts';
import { planReturn, readHandover } from './judge-handover.ts';
import { returnedText } from './returned-text.ts';

type HandoverVerb =
  `machine.handover.${'read' | 'give' | 'plan' | 'take' | 'end' | 'fetch' | 'put'}`;

/** virDomainUndefineFlagsValues: NVRAM and TPM stay; of what a driver does not know it has none. */
const keepingFlags = [8 | 64, 8, 0];
/** virDomainState. */
const shutOff = 5;

export function handoverVerbs(self: Standing): Pick<Handlers, HandoverVerb> {
  const { host, client, machines, uri } = self;
  const { borrowed } = host;
  const oneByOne = new Turns();
  return {
    async 'machine.handover.read'({ id }, { signal }) {
      await host.read(machines.find(id).handle.uuid);
      const question = { client, machines, borrowed, scope: uri.path, id };
      return await readHandover(question, signal);
    },
    'machine.handover.give': (params, { signal }) =>
      oneByOne.take(params.uuid, async () => {
        try {
          await give(self, params, signal);
        } finally {
          await host.look().catch(() => undefined);
        }
        return {};
      }),
    'machine.handover.plan': (params, { signal }) =>
      planReturn({ client, architecture: host.facts.architecture }, params, signal),
    'machine.handover.take': (params, { signal }) =>
      oneByOne.take(params.uuid, async () => {
        await takeBack(self, params, signal);
        return {};
      }),
    async 'machine.handover.fetch'({ kept }, { signal }) {
      return { contents: await fetchKept(client, borrowed, kept, signal) };
    },
    'machine.handover.put': (params, { signal }) =>
      oneByOne.take(params.uuid, async () => {
        await put(self, params, signal);
        return {};
      }),
    async 'machine.handover.end'({ id }) {
      await host.read(machines.find(id).handle.uuid);
      return { report: machines.report(id) };
    },
  };
}

async function takeBack(
  self: Standing,
  params: LinkParams<'machine.handover.take'>,
  signal: AbortSignal,
): Promise<void> {
  const { host, client, machines } = self;
  const { id, uuid, startsWithHost } = params;
  self.know(uuid, id);
  // It is not others that have made it there.
  using _coming = machines.expect(id);
  const text = returnedText(params, host.facts.architecture);
  const there = await lookUp(client, uuid, signal);
  const isKept = there !== undefined && (await isPersistent(client, there, signal));
  const dom = isKept ? there : await define(client, text, signal);
  if (startsWithHost) await client.call('DOMAIN_SET_AUTOSTART', { dom, autostart: 1 }, { signal });
  await host.read(uuid);
}

/** Whoever knows the vm may be about to start it with what is there. */
async function put(
  { client, host }: Standing,
  { uuid, kept, contents }: LinkParams<'machine.handover.put'>,
  signal: AbortSignal,
): Promise<void> {
  const there = await lookUp(client, uuid, signal);
  if (there !== undefined)
    throw new Fault('refused', `its hypervisor has a vm of its UUID again, ${there.name}`, {
      hint: `undefine that one: virsh undefine --keep-nvram --keep-tpm ${there.name}`,
    });
  for (const { part, content } of contents) {
    const file = kept.find((one) => one.part === part);
    if (file !== undefined) await putKept(client, host.borrowed, file, content, signal);
  }
}

async function isPersistent(
  client: Client,
  dom: DomainHandle,
  signal: AbortSignal,
): Promise<boolean> {
  return (await client.call('DOMAIN_IS_PERSISTENT', { dom }, { signal })).persistent !== 0;
}

async function give(
  { client, machines }: Standing,
  { id, uuid, generation, cause, xml }: LinkParams<'machine.handover.give'>,
  signal: AbortSignal,
): Promise<void> {
  const dom = await lookUp(client, uuid, signal);
  if (dom === undefined) return;
  await requireOff(client, dom, signal);
  const defined = await readDefined(client, dom, signal);
  if (xml !== null && defined !== xml)
    throw new Fault('stale', `${dom.name} has been changed on its hypervisor meanwhile`, {
      hint: 'try again',
    });
  using _act = enter(machines, id, generation, cause);
  await forget(client, dom, isWithTpm(defined), signal);
  // Whoever was faster has started it: it runs, and is known no more when it ends.
  const left = await lookUp(client, uuid);
  if (left === undefined) return;
  await define(client, defined, AbortSignal.any([]));
  throw new Fault('refused', `${dom.name} was started on its hypervisor meanwhile`, {
    hint: 'turn it off there first',
  });
}

/** What becomes of it meanwhile is the doing of whoever asked. One that this process has not seen yet is not told of. */
function enter(
  machines: Standing['machines'],
  id: string,
  generation: number,
  cause: LinkParams<'machine.handover.give'>['cause'],
): Disposable {
  try {
    return machines.enter(id, generation, { state: undefined, cause });
  } catch (error) {
    if (!isFault(error, 'not-found')) throw error;
    return { [Symbol.dispose]: () => undefined };
  }
}

async function requireOff(client: Client, dom: DomainHandle, signal: AbortSignal): Promise<void> {
  const { state } = await client.call('DOMAIN_GET_STATE', { dom, flags: 0 }, { signal });
  if (state === shutOff) return;
  throw new Fault('refused', `${dom.name} is not off on its hypervisor`, {
    hint: 'turn it off first',
  });
}

const isWithTpm = (xml: string): boolean => find(readXml(xml), 'devices', 'tpm') !== undefined;

async function forget(
  client: Client,
  dom: DomainHandle,
  hasTpm: boolean,
  signal: AbortSignal,
): Promise<void> {
  // Without the first word its contents would go.
  const choices = hasTpm ? keepingFlags.slice(0, 1) : keepingFlags;
  for (const [index, flags] of choices.entries())
    try {
      await client.call('DOMAIN_UNDEFINE_FLAGS', { dom, flags }, { signal });
      return;
    } catch (error) {
      if (index === choices.length - 1 || !isNotKnown(error)) throw error;
    }
}
