/**
 * Every address of the console that has something of its own to show: the table of its routes, each with the
 * tabs, sections and forms that its address can name. A route that this does not know is an error.
 */
import { readFileSync } from 'node:fs';
import { topFolderId } from '#api';
import { attributeKinds, type AttributeKind } from '../../src/console/attributes/place.ts';
import { diskBeginnings } from '../../src/console/hosts/disks/place.ts';
import { hostTabs } from '../../src/console/hosts/place.ts';
import { networkTabs } from '../../src/console/networks/place.ts';
import { configurationPages } from '../../src/console/vm/configuration-pages.ts';
import { vmTabs } from '../../src/console/vm/tabs.ts';

/** What stands in the addresses, by their ids. */
export interface Shown {
  readonly vm: string;
  readonly host: string;
  readonly network: string;
  readonly team: string;
  readonly image: string;
  /** An image's file and the host that has it, whose disks are shown, too. */
  readonly file: { readonly host: string; readonly path: string };
}

export interface Place {
  /** For files and people: `vms-vm-configuration-memory`. */
  readonly name: string;
  readonly path: string;
}

/** The paths of the router, as its source has them. */
export function readRoutes(): readonly string[] {
  const source = readFileSync(new URL('../../src/console/router.tsx', import.meta.url), 'utf8');
  return [...new Set(Array.from(source.matchAll(/'(\/[\w$/-]*)'/g), ([, path]) => path ?? ''))];
}

type Variants = readonly Readonly<Record<string, string>>[];
const tabs = (names: readonly string[]): Variants => names.map((tab) => ({ tab }));
const open = (...names: readonly string[]): Variants => [
  {},
  ...names.map((name) => ({ [name]: 'true' })),
];

/** What an address can ask for besides; those not named here have nothing. */
const variants: Readonly<Record<string, Variants>> = {
  '/summary': [{}, { range: 'year' }],
  '/vms': open('create', 'add', 'import'),
  '/vms/$vm': [
    ...tabs(vmTabs.filter((tab) => tab !== 'configuration')),
    ...configurationPages.map((section) => ({ tab: 'configuration', section })),
  ],
  '/hosts/$host': tabs(hostTabs),
  '/disks': [{}, ...diskBeginnings.map((begin) => ({ begin }))],
  '/images': open('build'),
  '/networks': open('create', 'add'),
  '/networks/$network': tabs(networkTabs),
};

function attributesOf({ file, ...shown }: Shown): Variants {
  const ids: Readonly<Record<AttributeKind, string>> = {
    ...shown,
    folder: topFolderId,
    disk: file.path,
    installation: '',
  };
  return attributeKinds.map((kind) => ({
    kind,
    id: ids[kind],
    ...(kind === 'disk' ? { host: file.host } : {}),
  }));
}

/** Shown only once somebody has recorded a session at a real console, and looked at where that is tested. */
const elsewhere: readonly string[] = ['/recording/$vm/$recording'];

/** Errors: names a route with a place in it that nothing is known for. */
export function listPlaces(shown: Shown): readonly Place[] {
  const filled: Readonly<Record<string, string>> = {
    vm: shown.vm,
    host: shown.host,
    network: shown.network,
    team: shown.team,
    image: shown.image,
    '': 'manual/README.md',
  };
  const routes = readRoutes().filter((route) => !elsewhere.includes(route));
  return routes.flatMap((route) => {
    const path = route.replaceAll(/\$(\w*)/g, (_place, name: string) => {
      const value = filled[name];
      if (value === undefined) throw new Error(`what is shown at ${route} is not known`);
      return value;
    });
    const base = route.replaceAll(/\W+/g, '-').replace(/^-/, '') || 'start';
    const asked: Variants =
      route === '/disks/files'
        ? [shown.file, { ...shown.file, partition: '1' }].map(({ path: file, ...rest }) => ({
            ...rest,
            file,
          }))
        : route === '/attributes'
          ? attributesOf(shown)
          : (variants[route] ?? [{}]);
    return asked.map((search) => {
      const isOfFiles = route === '/hosts/$host' && search['tab'] === 'virtualDisks';
      const shownAt = isOfFiles ? `/hosts/${shown.file.host}` : path;
      const words = Object.entries(search).map(([key, value]) => (value === 'true' ? key : value));
      const query = new URLSearchParams(search).toString();
      return {
        name: [base.replace(/-$/, ''), ...words.map((word) => word.replaceAll(/\W+/g, '-'))]
          .join('-')
          .slice(0, 80),
        path: query === '' ? shownAt : `${shownAt}?${query}`,
      };
    });
  });
}
