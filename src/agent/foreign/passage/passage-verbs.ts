/**
 * Vms moved from one hypervisor to another (docs/rfd/0032). A domain that has moved keeps its id, which was made of its first
 * host: the other host is told before it comes, so that it is never shown there as a new vm.
 */
import type { LinkParams } from '#api';
import { Fault, type Clock } from '#lib';
import type { LibvirtUri } from '#libvirt';
import type { CallContext, Handlers } from '../../link/calls.ts';
import { Volumes } from '../make/volumes.ts';
import { judgePassage } from './judge-passage.ts';
import { moveLive } from './move-live.ts';
import type { FindStanding, Standing } from './standing.ts';
import { settle } from './where.ts';

type PassageVerb = `machine.passage${'' | '.plan' | '.settle' | '.end' | '.clear'}`;
type Params = LinkParams<'machine.passage'>;

export interface PassageTools {
  readonly self: Standing;
  readonly others: FindStanding;
  readonly clock: Clock;
}

export function passageVerbs(tools: PassageTools): Pick<Handlers, PassageVerb> {
  const { self, others } = tools;
  /** Whoever has lost the answer of a move joins it. */
  const moving = new Map<string, Promise<void>>();
  return {
    'machine.passage.plan': ({ id, to, storage }, { signal }) =>
      judgePassage({ id, source: self, target: others(to), storage }, signal),
    async 'machine.passage'(params, context) {
      const { uuid } = params;
      const joined =
        moving.get(uuid) ?? pass(tools, params, context).finally(() => moving.delete(uuid));
      moving.set(uuid, joined);
      await joined;
      return {};
    },
    async 'machine.passage.settle'({ id, uuid, to }) {
      await moving.get(uuid)?.catch(() => undefined);
      const target = others(to);
      target.know(uuid, id);
      using _coming = target.machines.expect(id);
      const where = await settle(endsOf(tools, target, uuid), 'maybe');
      await Promise.all([self.host.look(), target.host.read(uuid)]);
      return { where };
    },
    async 'machine.passage.end'({ id }) {
      await self.host.read(self.machines.find(id).handle.uuid);
      return { report: self.machines.report(id) };
    },
    async 'machine.passage.clear'({ files }, { signal }) {
      await self.host.look();
      const used = new Set(
        self.machines
          .records()
          .flatMap(({ definition }) => definition.hardware.disks.map(({ file }) => file)),
      );
      const volumes = new Volumes(self.client);
      const deleted: string[] = [];
      for (const file of files)
        if (!used.has(file) && (await volumes.remove(file, signal))) deleted.push(file);
      return { deleted };
    },
  };
}

async function pass(
  tools: PassageTools,
  { id, uuid, generation, cause, to, storage, begun }: Params,
  { signal, progress }: CallContext,
): Promise<void> {
  const { self, others, clock } = tools;
  const target = others(to);
  target.know(uuid, id);
  using _coming = target.machines.expect(id);
  const ends = endsOf(tools, target, uuid);
  // A link that broke asks again in the same words.
  const found = await settle(ends, target.halfway.has(uuid) ? 'maybe' : begun);
  target.halfway.delete(uuid);
  if (found === 'here') {
    await self.host.look();
    const { handle: dom, state } = self.machines.find(id);
    using _act = self.machines.enter(id, generation, { state: undefined, cause });
    const how = state === 'running' || state === 'paused' || state === 'off' ? state : undefined;
    if (how === undefined) throw new Fault('refused', `${dom.name} is ${state}`);
    const reach = reachOf(self.uri, target.uri);
    const move = { source: self.client, target: target.client, dom, how, storage, reach };
    try {
      await moveLive({ ...move, clock, signal, progress });
    } finally {
      await Promise.all([
        self.host.look().catch(() => undefined),
        target.host.look().catch(() => undefined),
      ]);
    }
  }
  await target.host.read(uuid);
}

function endsOf({ self, clock }: PassageTools, target: Standing, uuid: string) {
  return { source: self.client, target: target.client, uuid, clock };
}

/**
 * As the target is reached from here, so the source reaches it, unless it is on this machine; two on this machine reach each other by
 * the loopback, whatever the name of the machine means.
 */
function reachOf(source: LibvirtUri, target: LibvirtUri): string | undefined {
  const { host } = target;
  if (host !== undefined) return `tcp://${host.includes(':') ? `[${host}]` : host}`;
  return source.host === undefined ? 'tcp://127.0.0.1' : undefined;
}
