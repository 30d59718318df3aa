/** The entries of the palette for what was typed, or for the thing that was chosen. */
import { useDeferredValue } from 'react';
import type { Host, Image, Network, RouteName, Vm } from '#api';
import { useRights } from '../../access/use-rights.ts';
import { useWords } from '../../console.ts';
import type { Words } from '../../i18n/words.ts';
import { useConnectText } from '../../hosts/connect/connect-words.ts';
import { useNetworkText } from '../../networks/words.ts';
import { useList, type ListName, type ListQuestion, type Lists } from '../../parts/ask.ts';
import { useTeamText } from '../../teams/words.ts';
import { places } from '../places.ts';
import { fitsWords, judged, thingEntry, type Deed, type Entry, type Thing } from './entries.ts';
import { factFilter, factFound, nameFilter, type Known, type KnownList } from './sought.ts';
import { useThingEntries } from './use-thing-entries.ts';

const maxFound = 8;
/** Of anything but a name so much is typed before it is sought: less is in too many addresses. */
const leastOfFact = 3;

export interface Entries {
  readonly entries: readonly Entry[];
  /** Whether they answer what is typed now, not what was typed before. */
  readonly settled: boolean;
}

export function useEntries(text: string, chosen: Thing | undefined): Entries {
  const typed = useDeferredValue(text);
  const pages = usePageEntries();
  const sought = chosen === undefined ? typed : '';
  const named = useNamed(sought);
  const known = useKnown(sought);
  const ofThing = useThingEntries(chosen);
  const fits = ({ label }: Entry): boolean => fitsWords(label, typed);
  const { entries, settled } =
    chosen === undefined
      ? {
          entries: [...named.entries, ...pages.filter(fits), ...known.entries],
          settled: named.settled && known.settled,
        }
      : { ...ofThing, entries: ofThing.entries.filter(fits) };
  return { entries, settled: settled && typed === text };
}

function usePageEntries(): readonly Entry[] {
  const words = useWords();
  const teamText = useTeamText();
  const networkText = useNetworkText();
  const connectText = useConnectText();
  const { whyNot } = useRights();
  const go = (label: string, to: string): Entry => ({
    label,
    detail: '',
    deed: { kind: 'go', to },
  });
  const form = (route: RouteName, label: string, deed: Deed): Entry =>
    judged(whyNot(route), label, deed);
  const shown = (route: RouteName, label: string, to: string): Entry =>
    form(route, label, { kind: 'go', to });
  return [
    ...places.map(([to, key]) => go(words.text(key), to)),
    shown('vm.create', words.text('createVm'), '/vms?create=true'),
    shown('vm.add', words.text('addVm'), '/vms?add=true'),
    shown('vm.import', words.text('importVm'), '/vms?import=true'),
    shown('host.add', connectText('connect'), '/hosts?connect=true'),
    shown('image.build', words.text('buildImage'), '/images?build=true'),
    form('team.create', teamText('create'), { kind: 'ask', asked: { kind: 'create-team' } }),
    form('network.create', networkText('create'), {
      kind: 'ask',
      asked: { kind: 'create-network' },
    }),
  ];
}

/** Things whose names hold what was typed; of nothing typed none. */
function useNamed(typed: string): Entries {
  const words = useWords();
  const filter = typed === '' ? undefined : nameFilter(typed);
  const vms = useSought('vm.list', filter);
  const hosts = useSought('host.list', filter);
  const teams = useSought('team.list', filter);
  const networks = useSought('network.list', filter);
  const images = useSought('image.list', filter);
  const folders = useSought('folder.list', filter);
  const things: readonly Thing[] = [
    ...vms.items.map(vmThing),
    ...hosts.items.map(hostThing),
    ...teams.items.map((team): Thing => ({ kind: 'team', team })),
    ...networks.items.map(networkThing),
    ...images.items.map(imageThing),
    ...folders.items.map((folder): Thing => ({ kind: 'folder', folder })),
  ];
  return {
    entries: things.map((thing) => thingEntry(thing, words)),
    settled: [vms, hosts, teams, networks, images, folders].every(({ settled }) => settled),
  };
}

/** Things that are known by what was typed though it is not in their names, and the lists of work in which it may stand. */
function useKnown(typed: string): Entries {
  const words = useWords();
  const wanted = typed.length >= leastOfFact;
  const filter = (list: KnownList): string | undefined =>
    wanted ? factFilter(list, typed) : undefined;
  const vms = useSought('vm.list', filter('vm.list'));
  const hosts = useSought('host.list', filter('host.list'));
  const networks = useSought('network.list', filter('network.list'));
  const images = useSought('image.list', filter('image.list'));
  const byFact = <T extends Known>(
    list: KnownList,
    { items }: Sought<T>,
    thingOf: (item: T) => Thing,
  ): readonly Entry[] =>
    items.map((item) => thingEntry(thingOf(item), words, factFound(list, item, typed)));
  return {
    entries: [
      ...byFact('vm.list', vms, vmThing),
      ...byFact('host.list', hosts, hostThing),
      ...byFact('network.list', networks, networkThing),
      ...byFact('image.list', images, imageThing),
      ...(wanted ? workEntries(typed, words) : []),
    ],
    settled: [vms, hosts, networks, images].every(({ settled }) => settled),
  };
}

const vmThing = (vm: Vm): Thing => ({ kind: 'vm', vm });
const hostThing = (host: Host): Thing => ({ kind: 'host', host });
const networkThing = (network: Network): Thing => ({ kind: 'network', network });
const imageThing = (image: Image): Thing => ({ kind: 'image', image });

interface Sought<T> {
  readonly items: readonly T[];
  readonly settled: boolean;
}

/** Without a filter nothing is sought. */
function useSought<N extends ListName>(name: N, filter: string | undefined): Sought<Lists[N]> {
  const enabled = filter !== undefined;
  const query = { filter, sort: 'name', limit: maxFound };
  const asked = useList(name, query as unknown as ListQuestion<N>, { enabled });
  return {
    items: enabled ? (asked.data?.items ?? []) : [],
    settled: !enabled || !(asked.isPending || asked.isPlaceholderData),
  };
}

/** What is written of things is looked through in its own list. */
function workEntries(typed: string, words: Words): readonly Entry[] {
  const quoted = JSON.stringify(typed);
  const filters = {
    operations: `action : ${quoted} OR target.name : ${quoted} OR target.id : ${quoted}`,
    events: `message : ${quoted} OR target.name : ${quoted} OR target.id : ${quoted}`,
  };
  return (['operations', 'events'] as const).map((key) => ({
    label: `${words.text(key)}: ${typed}`,
    detail: words.text('filter'),
    deed: { kind: 'go', to: `/${key}?filter=${encodeURIComponent(filters[key])}` },
  }));
}
