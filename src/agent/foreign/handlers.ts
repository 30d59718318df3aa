/** The table: what the link's methods do on a foreign host. What is not carried is refused with the reason. */
import { linkMethods, vmActionFacts, type Ability, type HostFacts, type LinkMethod } from '#api';
import { describeFault, Fault } from '#lib';
import type { Handlers } from '../link/calls.ts';
import { act, type ActTools } from './acts.ts';
import { missingAbilities, notForeign } from './abilities.ts';
import { copyVerbs } from './copy/copy-verbs.ts';
import { consoleVerbs, type ConsoleParts } from './console-verbs.ts';
import { extensionVerbs } from './extensions.ts';
import type { ForeignHost } from './foreign-host.ts';
import { editVerbs } from './edit/configure.ts';
import type { DomainType } from './make/domain-xml.ts';
import { diskWorkVerbs } from './make/disk-work.ts';
import { makeVerbs } from './make/make-verbs.ts';
import { guestVerbs } from './guest-verbs.ts';
import { handoverVerbs } from './handover/handover-verbs.ts';
import { passageVerbs, type PassageTools } from './passage/passage-verbs.ts';
import { storageVerbs } from './make/storage-verbs.ts';
import { fileVerbs, type FileTools } from './transfer/file-verbs.ts';
import { askVerbs } from './ask.ts';
import { snapshotVerbs } from './snapshots/snapshot-verbs.ts';

export function makeForeignHandlers(
  host: ForeignHost,
  tools: ActTools,
  consoles: ConsoleParts,
  passage: PassageTools,
  transfer: Pick<FileTools, 'connect' | 'incoming'>,
): Handlers {
  const { client, machines, look } = tools;
  const snapshots = snapshotVerbs({
    client,
    machines,
    read: (uuid) => host.read(uuid),
    layered: () => host.facts.hypervisor.name.toLowerCase() === 'qemu',
  });
  const carried: Partial<Handlers> = {
    async 'host.configure'({ settings }) {
      await host.configure(settings);
      return {};
    },
    'host.probe': async (_, { signal }) => ({ facts: await host.readFacts(signal) }),
    async 'host.diagnose'() {
      return { findings: [await host.diagnose()] };
    },
    async 'host.discover'() {
      await look();
      host.askGuests();
      return { machines: machines.records() };
    },
    // None is carried here, and nobody has to be told so each time that one changes.
    'network.configure': async () => ({}),
    'network.ports': async () => ({ ports: [] }),
    async 'machine.check'({ id, request }) {
      machines.find(id);
      const reasons =
        request.without === undefined && request.bootOnce === undefined
          ? []
          : [{ code: 'unsupported', text: 'libvirt starts a vm only as it is defined' }];
      return { ok: reasons.length === 0, reasons, warnings: [] };
    },
    async 'machine.act'(params, { signal }) {
      const { ability } = vmActionFacts(params.action);
      const reason = ability && host.facts.missing[ability];
      if (reason !== undefined) throw new Fault('unsupported', reason);
      await act(tools, params, signal);
      return { report: machines.report(params.id) };
    },
    async 'machine.forget'({ id }) {
      throw new Fault('refused', `${machines.find(id).handle.name} is still on its hypervisor`, {
        hint: 'undefine it there, or remove the host from Gantry',
      });
    },
  };
  const edits = editVerbs({
    client,
    machines,
    log: host.log,
    architecture: () => host.facts.architecture,
    read: (uuid) => host.read(uuid),
  });
  const making = {
    client,
    machines,
    look,
    hostId: host.id,
    architecture: () => host.facts.architecture,
    domainType: () => domainTypeOf(host.facts),
    read: (uuid: string) => host.read(uuid),
    borrowed: host.borrowed,
  };
  return {
    ...refusals(host.name),
    ...carried,
    ...consoleVerbs(host, consoles),
    ...guestVerbs({ client, machines }),
    ...snapshots,
    ...requireAbility(host, edits),
    ...requireAbility(host, makeVerbs(making)),
    ...requireAbility(host, copyVerbs(making)),
    ...storageVerbs({ client, machines }),
    ...requireAbility(host, diskWorkVerbs({ client, machines, incoming: transfer.incoming })),
    ...requireAbility(
      host,
      fileVerbs({ client, machines, streams: consoles.streams, ...transfer }),
    ),
    ...extensionVerbs({
      client,
      machines,
      hypervisor: () => host.facts.hypervisor.name,
      // What was changed is changed, whether that can be told at once or not.
      async tellFacts(signal) {
        try {
          await host.readFacts(signal);
        } catch (error) {
          host.log.warn({ why: describeFault(error) }, 'facts of the host');
        }
      },
    }),
    ...askVerbs({ client, machines, read: (uuid) => host.read(uuid) }),
    ...requireAbility(host, passageVerbs(passage)),
    ...requireAbility(host, handoverVerbs(passage.self)),
  };
}

function domainTypeOf({ hypervisor, acceleration }: HostFacts): DomainType {
  if (hypervisor.name.toLowerCase() === 'test') return 'test';
  return acceleration.use === 'kvm' ? 'kvm' : 'qemu';
}

/** What needs an ability of the driver, refused with the reason where it lacks it. */
const needs: Partial<Record<LinkMethod, Ability>> = {
  'machine.configure': 'configure',
  'machine.disk.attach': 'configure',
  'machine.disk.detach': 'configure',
  'machine.disk.resize': 'create',
  'machine.adapter.attach': 'configure',
  'machine.adapter.detach': 'configure',
  'machine.adapter.change': 'configure',
  'machine.medium': 'media-change',
  'machine.plan': 'create',
  'machine.create': 'create',
  'machine.destroy': 'create',
  'machine.disk.create': 'create',
  'machine.disk.delete': 'create',
  'host.disk.plan': 'create',
  'host.disk.work': 'create',
  'host.upload.begin': 'create',
  'machine.clone': 'clone',
  'machine.flatten': 'clone',
  'machine.relocate': 'clone',
  'machine.snapshot.read': 'clone',
  'machine.passage': 'migrate',
  'machine.handover.read': 'adopt',
  'machine.handover.give': 'adopt',
};

function requireAbility<H extends Partial<Handlers>>(host: ForeignHost, handlers: H): H {
  const guarded = Object.entries(handlers).map(([method, handle]) => {
    const ability = needs[method as LinkMethod];
    if (ability === undefined) return [method, handle];
    return [
      method,
      async (...words: Parameters<typeof handle>) => {
        const reason = host.facts.missing[ability];
        if (reason !== undefined) throw new Fault('unsupported', reason);
        return await (handle as (...all: unknown[]) => Promise<unknown>)(...words);
      },
    ];
  });
  return Object.fromEntries(guarded) as H;
}

function refusals(hostName: string): Handlers {
  const refuse = (method: LinkMethod) => async (): Promise<never> => {
    const reason = missingAbilities['file-copy'] ?? notForeign;
    const why = method.startsWith('machine.') ? reason : notForeign;
    throw new Fault('unsupported', `host ${hostName} is a libvirt connection: ${why}`);
  };
  const methods = Object.keys(linkMethods) as LinkMethod[];
  const entries = methods.map((method) => [method, refuse(method)] as const);
  return Object.fromEntries(entries) as Record<LinkMethod, () => Promise<never>>;
}
