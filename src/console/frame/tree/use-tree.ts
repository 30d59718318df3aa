/**
 * The lines of the tree. Only what is unfolded is read: folders and hosts with their first vms, images;
 * while something is searched, the things whose names hold it. Live changes reach all of it.
 */
import { useQueries } from '@tanstack/react-query';
import { vmStateFacts, type Folder, type Host, type Image, type Page, type Vm } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { hostGlyphs } from '../../hosts/HostStatusLabel.tsx';
import { pageQuestion, useList } from '../../parts/ask.ts';
import type { Words } from '../../i18n/words.ts';
import type { TreeLine } from './node.ts';

const maxShown = 50;
const maxFound = 20;
const vmFields = 'id,name,state';

export function useTree(open: ReadonlySet<string>, search: string): readonly TreeLine[] {
  const words = useWords();
  const found = useFound(search);
  const unfolded = useUnfolded(search === '' ? open : noneOpen);
  if (search !== '') return foundLines(found, words);
  return unfoldedLines(unfolded, open, words);
}

const noneOpen: ReadonlySet<string> = new Set();

interface Found {
  readonly vms: readonly Vm[];
  readonly hosts: readonly Host[];
  readonly images: readonly Image[];
}

function useFound(search: string): Found {
  const enabled = search !== '';
  const filter = `name : ${JSON.stringify(search)}`;
  const query = { filter, sort: 'name', limit: maxFound };
  const vms = useList('vm.list', { ...query, fields: vmFields }, { enabled });
  const hosts = useList('host.list', { ...query, fields: 'id,name,status' }, { enabled });
  const images = useList('image.list', { ...query, fields: 'id,name' }, { enabled });
  return {
    vms: vms.data?.items ?? [],
    hosts: hosts.data?.items ?? [],
    images: images.data?.items ?? [],
  };
}

function foundLines({ vms, hosts, images }: Found, words: Words): readonly TreeLine[] {
  return [
    ...hosts.map((host) => hostLine(host, words, undefined)),
    ...vms.map((vm) => vmLine(vm, 'found', 0, words)),
    ...images.map((image) => imageLine(image, 0)),
  ];
}

interface Unfolded {
  readonly folders: readonly Folder[];
  readonly hosts: readonly Host[];
  readonly images: Page<Image> | undefined;
  /** By the key of the line that they lie below. */
  readonly vms: ReadonlyMap<string, Page<Vm>>;
}

function useUnfolded(open: ReadonlySet<string>): Unfolded {
  const { client } = useConsole();
  const folders = useList(
    'folder.list',
    { sort: 'path', limit: 1000 },
    { enabled: open.has('folders') },
  );
  const hosts = useList(
    'host.list',
    { sort: 'name', limit: 1000, fields: 'id,name,status' },
    { enabled: open.has('hosts') },
  );
  const images = useList(
    'image.list',
    { sort: 'name', limit: maxShown, fields: 'id,name' },
    { enabled: open.has('images') },
  );
  const places = [...open].filter((key) => /^(folder|host) /.test(key));
  const asked = useQueries({
    queries: places.map((key) => {
      const [kind, id = ''] = key.split(' ');
      return pageQuestion(client, 'vm.list', {
        filter: `${kind === 'host' ? 'hostId' : 'folderId'} = "${id}"`,
        sort: 'name',
        limit: maxShown,
        fields: vmFields,
      });
    }),
  });
  const vms = new Map<string, Page<Vm>>();
  for (const [index, key] of places.entries()) {
    const page = asked[index]?.data;
    if (page !== undefined) vms.set(key, page);
  }
  return {
    folders: folders.data?.items ?? [],
    hosts: hosts.data?.items ?? [],
    images: images.data,
    vms,
  };
}

function unfoldedLines(
  { folders, hosts, images, vms }: Unfolded,
  open: ReadonlySet<string>,
  words: Words,
): readonly TreeLine[] {
  const lines: TreeLine[] = [];
  const group = (key: string, label: string, to: string): void => {
    lines.push({ key, depth: 0, label, sign: undefined, open: open.has(key), to });
  };
  const below = (key: string, depth: number): void => {
    for (const vm of vms.get(key)?.items ?? []) lines.push(vmLine(vm, key, depth, words));
  };
  group('folders', words.text('folders'), '/vms');
  if (open.has('folders'))
    for (const folder of folders) {
      const key = `folder ${folder.id}`;
      const depth = folder.path === '/' ? 1 : folder.path.split('/').length;
      if (!isReached(folder, folders, open)) continue;
      lines.push({
        key,
        depth,
        label: folder.path === '/' ? '/' : folder.name,
        sign: undefined,
        open: open.has(key),
        to: '/vms',
        search: { filter: `folder = "${folder.path}"` },
        ...countOf(vms.get(key)),
      });
      if (open.has(key)) below(key, depth + 1);
    }
  group('hosts', words.text('hosts'), '/hosts');
  if (open.has('hosts'))
    for (const host of hosts) {
      const key = `host ${host.id}`;
      lines.push({ ...hostLine(host, words, open.has(key)), ...countOf(vms.get(key)) });
      if (open.has(key)) below(key, 2);
    }
  group('images', words.text('images'), '/images');
  if (open.has('images')) for (const image of images?.items ?? []) lines.push(imageLine(image, 1));
  return lines;
}

function countOf(page: Page<Vm> | undefined): { readonly count?: number } {
  return page !== undefined && page.total > page.items.length ? { count: page.total } : {};
}

/** A folder is seen when all folders above it are unfolded; the top folder always is. */
function isReached(folder: Folder, all: readonly Folder[], open: ReadonlySet<string>): boolean {
  if (folder.parentId === null) return true;
  const parent = all.find(({ id }) => id === folder.parentId);
  return parent === undefined || (open.has(`folder ${parent.id}`) && isReached(parent, all, open));
}

function vmLine(vm: Vm, above: string, depth: number, words: Words): TreeLine {
  const { glyph, tone } = vmStateFacts[vm.state];
  return {
    key: `${above} vm ${vm.id}`,
    depth,
    label: vm.name,
    sign: { glyph, word: words.state(vm.state), tone },
    open: undefined,
    to: `/vms/${vm.id}`,
  };
}

function hostLine(host: Host, words: Words, open: boolean | undefined): TreeLine {
  return {
    key: `host ${host.id}`,
    depth: open === undefined ? 0 : 1,
    label: host.name,
    sign: {
      glyph: hostGlyphs[host.status],
      word: words.hostStatus(host.status),
      tone: host.status === 'ready' ? 'ok' : 'problem',
    },
    open,
    to: `/hosts/${host.id}`,
  };
}

function imageLine(image: Image, depth: number): TreeLine {
  return {
    key: `image ${image.id}`,
    depth,
    label: image.name,
    sign: undefined,
    open: undefined,
    to: `/images/${image.id}`,
  };
}
