/** The lines of the tree, out of what was read: groups, the things in them, and below some of these their vms. */
import {
  vmStandingFacts,
  type Folder,
  type Host,
  type Image,
  type Network,
  type Page,
  type Team,
  type Vm,
} from '#api';
import { hostGlyphs } from '../../hosts/HostStatusLabel.tsx';
import type { Words } from '../../i18n/words.ts';
import { networkSigns } from '../../networks/NetworkStateLabel.tsx';
import type { TreeLine } from './node.ts';

/** Things whose names hold what is searched. */
export interface Found {
  readonly hosts: readonly Host[];
  readonly vms: readonly Vm[];
  readonly teams: readonly Team[];
  readonly networks: readonly Network[];
  readonly images: readonly Image[];
}

/** What was read of what is unfolded. */
export interface Unfolded extends Omit<Found, 'vms'> {
  readonly folders: readonly Folder[];
  /** By the key of the line that they lie below. */
  readonly vms: ReadonlyMap<string, Page<Vm>>;
}

type Line = Omit<TreeLine, 'depth'>;

const at =
  (depth: number) =>
  (line: Line): TreeLine => ({ ...line, depth });

export function foundLines(found: Found, words: Words): readonly TreeLine[] {
  return [
    ...found.hosts.map((host) => hostLine(host, words, undefined)),
    ...found.vms.map((vm) => vmLine(vm, 'found', words)),
    ...found.teams.map((team) => teamLine(team, words, undefined)),
    ...found.networks.map((network) => networkLine(network, words, undefined)),
    ...found.images.map(imageLine),
  ].map(at(0));
}

export function unfoldedLines(
  unfolded: Unfolded,
  open: ReadonlySet<string>,
  words: Words,
): readonly TreeLine[] {
  const { folders, hosts, teams, networks, images, vms } = unfolded;
  const group = (
    key: string,
    label: string,
    to: string,
    inside: () => readonly TreeLine[],
  ): readonly TreeLine[] => [
    { key, depth: 0, label, thing: undefined, sign: undefined, open: open.has(key), to },
    ...(open.has(key) ? inside() : []),
  ];
  const withVms = (line: Line, depth: number): readonly TreeLine[] => {
    const page = vms.get(line.key);
    const hidden = page !== undefined && page.total > page.items.length;
    return [
      { ...line, depth, ...(hidden ? { count: page.total } : {}) },
      ...(line.open === true ? (page?.items ?? []) : []).map((vm) =>
        at(depth + 1)(vmLine(vm, line.key, words)),
      ),
    ];
  };
  const isOpen = (kind: string, { id }: { readonly id: string }): boolean =>
    open.has(`${kind} ${id}`);
  return [
    ...group('folders', words.text('folders'), '/folders', () =>
      folders
        .filter((folder) => isReached(folder, folders, open))
        .flatMap((folder) =>
          withVms(folderLine(folder, isOpen('folder', folder)), depthOf(folder)),
        ),
    ),
    ...group('hosts', words.text('hosts'), '/hosts', () =>
      hosts.flatMap((host) => withVms(hostLine(host, words, isOpen('host', host)), 1)),
    ),
    ...group('teams', words.text('teams'), '/teams', () =>
      teams.flatMap((team) => [
        at(1)(teamLine(team, words, isOpen('team', team))),
        ...(isOpen('team', team) ? team.members : []).map((member) =>
          at(2)(
            vmLine(
              { id: member.vm, name: member.name, standing: member.state },
              `team ${team.id}`,
              words,
            ),
          ),
        ),
      ]),
    ),
    ...group('networks', words.text('networks'), '/networks', () =>
      networks.flatMap((network) =>
        withVms(networkLine(network, words, isOpen('network', network)), 1),
      ),
    ),
    ...group('images', words.text('images'), '/images', () =>
      images.map((image) => at(1)(imageLine(image))),
    ),
  ];
}

/** A folder is seen when all folders above it are unfolded; the top folder always is. */
function isReached(folder: Folder, all: readonly Folder[], open: ReadonlySet<string>): boolean {
  if (folder.parentId === null) return true;
  const parent = all.find(({ id }) => id === folder.parentId);
  return parent === undefined || (open.has(`folder ${parent.id}`) && isReached(parent, all, open));
}

function depthOf({ path }: Folder): number {
  return path === '/' ? 1 : path.split('/').length;
}

function folderLine({ id, name, path }: Folder, open: boolean): Line {
  return {
    key: `folder ${id}`,
    label: path === '/' ? '/' : name,
    thing: 'folder',
    sign: undefined,
    open,
    to: '/vms',
    search: { filter: `folder = "${path}"` },
  };
}

function vmLine(vm: Pick<Vm, 'id' | 'name' | 'standing'>, above: string, words: Words): Line {
  const { glyph, tone } = vmStandingFacts[vm.standing];
  return {
    key: `${above} vm ${vm.id}`,
    label: vm.name,
    thing: 'virtualMachine',
    sign: { glyph, word: words.state(vm.standing), tone },
    open: undefined,
    to: `/vms/${vm.id}`,
  };
}

function hostLine(host: Host, words: Words, open: boolean | undefined): Line {
  return {
    key: `host ${host.id}`,
    label: host.name,
    thing: 'host',
    sign: {
      glyph: hostGlyphs[host.status],
      word: words.hostStatus(host.status),
      tone: host.status === 'ready' ? 'ok' : 'problem',
    },
    open,
    to: `/hosts/${host.id}`,
  };
}

/** The state of a team is shown where its members share one. */
function teamLine({ id, name, state }: Team, words: Words, open: boolean | undefined): Line {
  const shared = state === 'mixed' || state === 'empty' ? undefined : state;
  return {
    key: `team ${id}`,
    label: name,
    thing: 'team',
    sign:
      shared === undefined
        ? undefined
        : {
            glyph: vmStandingFacts[shared].glyph,
            word: words.state(shared),
            tone: vmStandingFacts[shared].tone,
          },
    open,
    to: `/teams/${id}`,
  };
}

function networkLine({ id, name, state }: Network, words: Words, open: boolean | undefined): Line {
  const { glyph, tone } = networkSigns[state];
  return {
    key: `network ${id}`,
    label: name,
    thing: 'network',
    sign: { glyph, word: words.networkState(state), tone },
    open,
    to: `/networks/${id}`,
  };
}

function imageLine({ id, name }: Image): Line {
  return {
    key: `image ${id}`,
    label: name,
    thing: 'image',
    sign: undefined,
    open: undefined,
    to: `/images/${id}`,
  };
}
