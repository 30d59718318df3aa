/** What may be done with the thing that was chosen: its page, and all that its menu offers. */
import {
  teamActionNames,
  type Host,
  type Image,
  type Network,
  type Team,
  type RouteName,
  type Vm,
} from '#api';
import type { AskedOn } from '../../access/lacking.ts';
import { useRights, type Rights } from '../../access/use-rights.ts';
import { useFolderText } from '../../folders/words.ts';
import { useConsole, useWords } from '../../console.ts';
import { asksFirst, hostActions, routeOf } from '../../hosts/host-actions.ts';
import { useActOnHost } from '../../hosts/use-act-on-host.ts';
import { thingHelp } from '../../manual/help.ts';
import { networkRoutes, networkVerbs } from '../../networks/verbs.ts';
import { useVmActions } from '../../parts/ask.ts';
import { useAct } from '../../vm/act.ts';
import { useAsking } from '../../vm/asking.ts';
import { deedOf, offeredActions, offeredExport } from '../../vm/offered.ts';
import { idOf, judged, type Asked, type Deed, type Entry, type Thing } from './entries.ts';
import type { Entries } from './use-entries.ts';

export function useThingEntries(chosen: Thing | undefined): Entries {
  const words = useWords();
  const ofVm = useVmEntries(chosen?.kind === 'vm' ? chosen.vm : undefined);
  const ofHost = useHostEntries();
  const go = (label: string, to: string): Entry => entry(label, { kind: 'go', to });
  const { whyNot, settled } = useRights(askedOn(chosen), {
    enabled: chosen !== undefined && chosen.kind !== 'vm',
  });
  const ask = (route: RouteName, label: string, asked: Asked): Entry =>
    judged(whyNot(route), label, { kind: 'ask', asked });
  const ofTeam = (team: Team): readonly Entry[] => [
    ...teamActionNames.map((verb) =>
      ask('team.act', words.operation(`team.${verb}`), { kind: 'team', team, verb }),
    ),
    ask('team.delete', words.text('delete'), { kind: 'team', team, verb: 'delete' }),
  ];
  const ofNetwork = (network: Network): readonly Entry[] =>
    networkVerbs.map((verb) =>
      ask(networkRoutes[verb], words.text(verb), { kind: 'network', network, verb }),
    );
  const ofImage = (image: Image): readonly Entry[] => [
    ask('image.delete', words.text('delete'), { kind: 'image', image }),
  ];
  if (chosen === undefined) return { entries: [], settled: true };
  const kind = chosen.kind;
  const ofAny = [
    go(words.text('objectAttributes'), `/attributes?kind=${kind}&id=${idOf(chosen)}`),
    go(words.text('help'), `/docs/${thingHelp[kind]}`),
  ];
  const whole = (to: string, entries: readonly Entry[]): Entries => ({
    entries: [go(words.text('open'), to), ...entries, ...ofAny],
    settled,
  });
  switch (chosen.kind) {
    case 'vm':
      return { ...whole(`/vms/${chosen.vm.id}`, ofVm.entries), settled: ofVm.settled };
    case 'host':
      return whole(`/hosts/${chosen.host.id}`, ofHost(chosen.host, whyNot));
    case 'team':
      return whole(`/teams/${chosen.team.id}`, ofTeam(chosen.team));
    case 'network':
      return whole(`/networks/${chosen.network.id}`, ofNetwork(chosen.network));
    case 'image':
      return whole(`/images/${chosen.image.id}`, ofImage(chosen.image));
    case 'folder': {
      const filter = encodeURIComponent(`folder = "${chosen.folder.path}"`);
      return whole(`/vms?filter=${filter}`, []);
    }
  }
}

/** Rights on networks and folders are asked of the installation: nothing is done with a folder here. */
function askedOn(thing: Thing | undefined): AskedOn {
  switch (thing?.kind) {
    case 'host':
      return { host: thing.host.id };
    case 'team':
      return { team: thing.team.id };
    case 'image':
      return { image: thing.image.id };
    case 'vm':
    case 'network':
    case 'folder':
    case undefined:
      return {};
  }
}

function entry(label: string, deed: Deed | undefined, detail = ''): Entry {
  return { label, detail, deed };
}

function useHostEntries(): (host: Host, whyNot: Rights['whyNot']) => readonly Entry[] {
  const words = useWords();
  const act = useActOnHost();
  return (host, whyNot) =>
    hostActions(host).map((action) =>
      judged(
        whyNot(routeOf(action)),
        words.hostAction(action),
        asksFirst(action)
          ? { kind: 'ask', asked: { kind: 'host', host, action } }
          : { kind: 'act', act: () => void act(host, action) },
      ),
    );
}

/** What is possible now comes first; the rest says why it is not. */
function useVmEntries(vm: Vm | undefined): Entries {
  const { client } = useConsole();
  const words = useWords();
  const act = useAct();
  const asking = useAsking();
  const question = useVmActions(vm?.id ?? '', vm !== undefined);
  const rights = useRights(vm === undefined ? {} : { vm: vm.id }, { enabled: vm !== undefined });
  const folderText = useFolderText();
  if (vm === undefined) return { entries: [], settled: true };
  const actions = question.data?.actions ?? [];
  const offered = offeredActions(actions).toSorted((a, b) => Number(b.allowed) - Number(a.allowed));
  const deedFor = (allowed: (typeof offered)[number]): Deed | undefined => {
    const deed = deedOf(allowed, words, asking.of(vm.id));
    if (deed?.kind === 'go') return { kind: 'go', to: `/vms/${vm.id}?tab=${deed.tab}` };
    if (deed?.kind === 'act') return { kind: 'act', act: () => void act(vm, deed.action) };
    return deed && { kind: 'ask', asked: { kind: 'vm', vm, asked: deed.asked } };
  };
  const entries = offered.map((allowed) =>
    entry(words.action(allowed.action), deedFor(allowed), words.whyNot(allowed)),
  );
  const download = entry(words.text('exportDefinition'), {
    kind: 'act',
    act: () => location.assign(client.url('vm.export', { vm: vm.id })),
  });
  const exported = offeredExport(actions);
  const exportOther = exported && [
    entry(
      words.operation('vm.hand-out'),
      exported.allowed
        ? { kind: 'ask', asked: { kind: 'vm', vm, asked: { kind: 'export' } } }
        : undefined,
      words.whyNot(exported),
    ),
  ];
  const file = judged(rights.whyNot('vm.move'), folderText('file'), {
    kind: 'ask',
    asked: { kind: 'vm', vm, asked: { kind: 'file' } },
  });
  const askAgain = entry(words.text('askAgain'), {
    kind: 'act',
    act: () => asking.choose(vm.id, 'ask'),
  });
  const own = asking.of(vm.id) === 'ask' ? [download] : [download, askAgain];
  return {
    entries:
      question.data === undefined || !rights.settled
        ? []
        : [...entries, file, ...(exportOther ?? []), ...own],
    settled: !question.isPending && rights.settled,
  };
}
