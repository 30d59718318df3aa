/**
 * What the tree shows. Only what is unfolded is read: groups, and below folders, hosts and networks their first
 * vms; while something is searched, the things whose names hold it. Live changes reach all of it.
 */
import { useQueries } from '@tanstack/react-query';
import type { Page, Vm } from '#api';
import { useConsole, useWords } from '../../console.ts';
import {
  pageQuestion,
  useList,
  type ListName,
  type ListQuestion,
  type Lists,
} from '../../parts/ask.ts';
import { foundLines, unfoldedLines, type Found, type Unfolded } from './lines.ts';
import type { TreeLine } from './node.ts';

const maxShown = 50;
const maxFound = 20;

/** What a line shows of a thing. */
const fields = {
  'vm.list': 'id,name,standing',
  'host.list': 'id,name,status',
  'team.list': 'id,name,state,members',
  'network.list': 'id,name,state',
  'image.list': 'id,name',
  'folder.list': 'id,name,path,parentId',
} as const satisfies Partial<Record<ListName, string>>;

/** By the kind of the line, which vms lie below it. */
const vmsBelow: Readonly<Record<string, string>> = {
  folder: 'folderId',
  host: 'hostId',
  network: 'definition.hardware.adapters.attachment.network',
};

export function useTree(open: ReadonlySet<string>, search: string): readonly TreeLine[] {
  const words = useWords();
  const found = useFound(search);
  const unfolded = useUnfolded(search === '' ? open : noneOpen);
  if (search !== '') return foundLines(found, words);
  return unfoldedLines(unfolded, open, words);
}

const noneOpen: ReadonlySet<string> = new Set();

function useItems<N extends keyof typeof fields & ListName>(
  name: N,
  query: { readonly filter?: string; readonly sort?: string; readonly limit: number },
  enabled: boolean,
): readonly Lists[N][] {
  const asked = { sort: 'name', ...query, fields: fields[name] };
  return useList(name, asked as unknown as ListQuestion<N>, { enabled }).data?.items ?? [];
}

function useFound(search: string): Found {
  const enabled = search !== '';
  const query = { filter: `name : ${JSON.stringify(search)}`, limit: maxFound };
  return {
    hosts: useItems('host.list', query, enabled),
    vms: useItems('vm.list', query, enabled),
    teams: useItems('team.list', query, enabled),
    networks: useItems('network.list', query, enabled),
    images: useItems('image.list', query, enabled),
  };
}

function useUnfolded(open: ReadonlySet<string>): Unfolded {
  return {
    folders: useItems('folder.list', { sort: 'path', limit: 1000 }, open.has('folders')),
    hosts: useItems('host.list', { limit: 1000 }, open.has('hosts')),
    teams: useItems('team.list', { limit: 1000 }, open.has('teams')),
    networks: useItems('network.list', { limit: 1000 }, open.has('networks')),
    images: useItems('image.list', { limit: maxShown }, open.has('images')),
    vms: useVmsBelow(open),
  };
}

function useVmsBelow(open: ReadonlySet<string>): ReadonlyMap<string, Page<Vm>> {
  const { client } = useConsole();
  const places = [...open].flatMap((key) => {
    const [kind = '', id = ''] = key.split(' ');
    const field = vmsBelow[kind];
    return field === undefined || id === '' ? [] : [{ key, filter: `${field} = "${id}"` }];
  });
  const asked = useQueries({
    queries: places.map(({ filter }) =>
      pageQuestion(client, 'vm.list', {
        filter,
        sort: 'name',
        limit: maxShown,
        fields: fields['vm.list'],
      }),
    ),
  });
  return new Map(
    places.flatMap(({ key }, index) => {
      const page = asked[index]?.data;
      return page === undefined ? [] : [[key, page]];
    }),
  );
}
