/** Networks as the API shows them: the document, how hosts carry it, how many adapters are on it. */
import { Fault } from '#lib';
import {
  isServedOnce,
  isolationOf,
  isUuid,
  networkSchema,
  type IsolationSurroundings,
  type Network,
  type NetworkState,
  type NetworkReport,
  type Page,
  type Thing,
} from '#api';
import {
  networkDocumentSchema,
  type HostDocument,
  type NetworkDocument,
  type SpanDocument,
} from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { pageOfOutlined } from '../../inventory/list/page.ts';
import type { PlainQuery } from '../../inventory/list/query.ts';
import type { Document } from '../../store/store.ts';
import { asReasons } from '../hardware-warnings.ts';
import { hostThing } from '../things.ts';
import { warnOfAbsentAdapter } from './absent-adapter.ts';
import { warnOfOthers } from './environments.ts';
import { warnOfBalancing } from './load-balancing.ts';

const severity: readonly NetworkReport['state'][] = ['ready', 'degraded', 'down'];

/** The worst of the states that hosts have told (NET-47). */
export function stateOfNetwork(states: readonly NetworkReport['state'][]): NetworkState {
  if (states.length === 0) return 'unused';
  return severity[Math.max(...states.map((state) => severity.indexOf(state)))] ?? 'down';
}

/** How many adapters of vms are on the network. */
export function countAdapters(inventory: Inventory, id: string): number {
  return inventory
    .vmsOnNetwork(id)
    .values()
    .reduce((sum, count) => sum + count, 0);
}

export function showNetwork(inventory: Inventory, document: Document<NetworkDocument>): Network {
  const { id, version, createdAt, updatedAt, data } = document;
  const hosts = [...inventory.networkReports(id)].map(([host, { state, reasons, bridge }]) => ({
    host,
    hostName: inventory.document<HostDocument>('host', host)?.data.name ?? host,
    state,
    reasons,
    bridge,
  }));
  const absent = warnOfAbsentAdapter(inventory, data);
  return {
    kind: 'network',
    id,
    ...data,
    state:
      hosts.length === 0 && absent.length > 0
        ? 'down'
        : stateOfNetwork(hosts.map(({ state }) => state)),
    hosts,
    service: isServedOnce(data) ? serviceOf(inventory, id) : null,
    adapters: countAdapters(inventory, id),
    warnings: asReasons([
      ...absent,
      ...warnOfOthers(inventory, id, data),
      ...warnOfBalancing(inventory, data),
    ]),
    isolation: isolationOf(data, { adapter: adapterKind(inventory, data) }),
    version,
    createdAt,
    updatedAt,
  };
}

/** What its adapter is on the hosts that have one of this name: where they differ, what isolates less. */
function adapterKind(
  inventory: Inventory,
  { adapter, vlan }: NetworkDocument,
): IsolationSurroundings['adapter'] {
  if (adapter === null || vlan !== null) return 'own';
  for (const { data } of inventory.documents<HostDocument>('host'))
    for (const { name, kind } of data.facts?.interfaces ?? [])
      if (name === adapter && kind === 'bridge') return 'bridge-of-host';
  return 'own';
}

function serviceOf(inventory: Inventory, id: string): Network['service'] {
  const host = inventory.document<SpanDocument>('span', id)?.data.host;
  return host === undefined ? null : { host, hostName: hostThing(inventory, host).name };
}

/** By its name, or by its id when it is not known any more. */
export function networkThing(inventory: Inventory, id: string): Thing {
  const network = inventory.document<NetworkDocument>('network', id);
  return { kind: 'network', id, name: network?.data.name ?? id };
}

type Outline = NetworkDocument & {
  readonly id: string;
  readonly document: Document<NetworkDocument>;
};

const outlined = new Set<string>(['id', ...Object.keys(networkDocumentSchema.shape)]);

/** One page; what hosts tell of a network and what isolates it is looked for where it is shown or asked for. */
export function listNetworks(inventory: Inventory, query: PlainQuery): Page<Network> {
  const listed = { kind: 'network', schema: networkSchema, defaultSort: 'name' };
  const outlines = Iterator.from(inventory.documents<NetworkDocument>('network')).map(
    (document): Outline => ({ ...document.data, id: document.id, document }),
  );
  const complete = ({ document }: Outline): Network => showNetwork(inventory, document);
  return pageOfOutlined(listed, { outlines, fields: outlined, complete }, query);
}

/** By id or name. Errors: `not-found`. */
export function findNetwork(inventory: Inventory, reference: string): Document<NetworkDocument> {
  const found = isUuid(reference)
    ? inventory.document<NetworkDocument>('network', reference)
    : inventory.find<NetworkDocument>('network', reference);
  if (found !== undefined) return found;
  throw new Fault('not-found', `there is no network ${reference.slice(0, 100)}`, {
    hint: 'look at: gantry network list',
  });
}
