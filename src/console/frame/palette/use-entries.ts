/** The entries of the palette for what was typed, or for the thing that was chosen. */
import { useDeferredValue } from 'react';
import { useWords } from '../../console.ts';
import type { Words } from '../../i18n/words.ts';
import { useNetworkText } from '../../networks/words.ts';
import { useList, type ListName, type ListQuestion, type Lists } from '../../parts/ask.ts';
import { useTeamText } from '../../teams/words.ts';
import { places } from '../places.ts';
import { fitsWords, thingEntry, type Entry, type Thing } from './entries.ts';
import { useThingEntries } from './use-thing-entries.ts';

const maxFound = 8;

export interface Entries {
  readonly entries: readonly Entry[];
  /** Whether they answer what is typed now, not what was typed before. */
  readonly settled: boolean;
}

export function useEntries(text: string, chosen: Thing | undefined): Entries {
  const typed = useDeferredValue(text);
  const pages = usePageEntries();
  const found = useFound(chosen === undefined ? typed : '');
  const ofThing = useThingEntries(chosen);
  const fits = ({ label }: Entry): boolean => fitsWords(label, typed);
  const { entries, settled } =
    chosen === undefined
      ? { ...found, entries: [...found.entries, ...pages.filter(fits)] }
      : { ...ofThing, entries: ofThing.entries.filter(fits) };
  return { entries, settled: settled && typed === text };
}

function usePageEntries(): readonly Entry[] {
  const words = useWords();
  const teamText = useTeamText();
  const networkText = useNetworkText();
  const page = (to: string, label: string): Entry => ({
    label,
    detail: '',
    deed: { kind: 'go', to },
  });
  const create = (kind: 'create-team' | 'create-network', label: string): Entry => ({
    label,
    detail: '',
    deed: { kind: 'ask', asked: { kind } },
  });
  return [
    ...places.map(([to, key]) => page(to, words.text(key))),
    page('/vms?create=true', words.text('createVm')),
    page('/images?build=true', words.text('buildImage')),
    create('create-team', teamText('create')),
    create('create-network', networkText('create')),
  ];
}

/** Things whose names hold what was typed; of nothing typed none. */
function useFound(typed: string): Entries {
  const words = useWords();
  const vms = useNamed('vm.list', typed);
  const hosts = useNamed('host.list', typed);
  const teams = useNamed('team.list', typed);
  const networks = useNamed('network.list', typed);
  const images = useNamed('image.list', typed);
  const folders = useNamed('folder.list', typed);
  const things: readonly Thing[] = [
    ...vms.items.map((vm): Thing => ({ kind: 'vm', vm })),
    ...hosts.items.map((host): Thing => ({ kind: 'host', host })),
    ...teams.items.map((team): Thing => ({ kind: 'team', team })),
    ...networks.items.map((network): Thing => ({ kind: 'network', network })),
    ...images.items.map((image): Thing => ({ kind: 'image', image })),
  ];
  return {
    entries: [
      ...things.map((thing) => thingEntry(thing, words)),
      ...folders.items.map(({ path }) => folderEntry(path, words)),
    ],
    settled: [vms, hosts, teams, networks, images, folders].every(({ settled }) => settled),
  };
}

function useNamed<N extends ListName>(
  name: N,
  typed: string,
): { readonly items: readonly Lists[N][]; readonly settled: boolean } {
  const enabled = typed !== '';
  const query = { filter: `name : ${JSON.stringify(typed)}`, sort: 'name', limit: maxFound };
  const asked = useList(name, query as unknown as ListQuestion<N>, { enabled });
  return {
    items: enabled ? (asked.data?.items ?? []) : [],
    settled: !enabled || !(asked.isPending || asked.isPlaceholderData),
  };
}

function folderEntry(path: string, words: Words): Entry {
  const filter = encodeURIComponent(`folder = "${path}"`);
  return {
    label: path,
    detail: words.text('folder'),
    deed: { kind: 'go', to: `/vms?filter=${filter}` },
  };
}
