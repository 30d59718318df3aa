/**
 * Network adapters of a vm of another product: their models, their addresses, and which networks they are plugged into
 * here. Several on one network are in each other's way, in most guests: that is told, with what can be done (NET-50).
 */
import {
  macSchema,
  plainPort,
  type Adapter,
  type AdapterModel,
  type Attachment,
  type ForeignMachine,
  type ImportedAdapter,
  type VmImport,
} from '#api';
import { Fault } from '#lib';
import { clean, type ImportNotes } from './import-notes.ts';

export interface AdapterOptions extends Pick<
  VmImport,
  'networks' | 'adapters' | 'origin' | 'takenAddresses'
> {
  readonly foreign: Pick<ForeignMachine, 'adapters'>;
  /** Who has an address already: another vm, or an adapter of a host. */
  readonly macOwners: ReadonlyMap<string, string>;
  readonly makeMac: () => string;
  /** Networks here by their names there, those that are asked for before those that are kept. */
  readonly networkNames: ReadonlyMap<string, string>;
}

/** What Gantry has at most. */
const maxAdapters = 16;

const adapterModels: Readonly<Record<string, AdapterModel>> = {
  vlance: 'pcnet',
  e1000: 'e1000',
  e1000e: 'e1000e',
  tulip: 'tulip',
  virtio: 'virtio',
};

/** Errors: `invalid` for more networks than adapters that are connected. */
export function importAdapters(
  options: AdapterOptions,
  isLinux: boolean,
  notes: ImportNotes,
): Adapter[] {
  const own = new Set<string>();
  const networks = chooseNetworks(options);
  const adapters = options.foreign.adapters.slice(0, maxAdapters).map((adapter, slot): Adapter => {
    const word = adapter.model?.toLowerCase() ?? 'e1000';
    const model = Object.hasOwn(adapterModels, word) ? adapterModels[word] : undefined;
    const instead = isLinux ? 'virtio' : 'e1000e';
    if (model === undefined)
      notes.changed(
        `adapter ${slot}`,
        word,
        `there is no such network adapter; it becomes ${instead}`,
      );
    const { address, macMode } = chooseMac(adapter, slot, { options, own, notes });
    own.add(address);
    const network = networks[slot] ?? 'none';
    if (adapter.network !== null) tellNetwork(adapter.network, slot, network, options, notes);
    return {
      slot,
      model: model ?? instead,
      mac: address,
      macMode,
      link: 'up',
      optional: false,
      ...plainPort,
      attachment: attachmentTo(network),
    };
  });
  return judgeSharing(adapters, networks, options.adapters, notes);
}

/**
 * Static addresses stay; those that the product made stay with a vm that has moved and are new for a copy (CMP-36). One
 * that somebody else has already is kept or made anew as is asked, and without a word blocks (CMP-35).
 */
function chooseMac(
  adapter: ForeignMachine['adapters'][number],
  slot: number,
  {
    options,
    own,
    notes,
  }: {
    readonly options: AdapterOptions;
    readonly own: ReadonlySet<string>;
    readonly notes: ImportNotes;
  },
): Pick<Adapter, 'macMode'> & { readonly address: string } {
  const anew = (how: string): Pick<Adapter, 'macMode'> & { readonly address: string } => {
    if (adapter.mac !== null) notes.changed(`adapter ${slot}`, adapter.mac, how, ownAddress);
    return { address: options.makeMac(), macMode: 'dynamic' };
  };
  const parsed = macSchema.safeParse(adapter.mac);
  if (!parsed.success) return anew('it is no address of an adapter; it has a new one');
  const address = parsed.data;
  if (own.has(address)) return anew('another adapter of the vm has it; it has a new one');
  if (options.origin === 'copied' && adapter.macOrigin === 'generated')
    return anew(
      'the address was made by the other product, and the vm is a copy; it has a new one',
    );
  const macMode = adapter.macOrigin === 'static' ? 'static' : 'dynamic';
  const owner = options.macOwners.get(address);
  if (owner === undefined) {
    notes.carried(`adapter ${slot}`, `${address}, ${macMode}`);
    return { address, macMode };
  }
  switch (options.takenAddresses) {
    case 'keep':
      notes.changed(
        `adapter ${slot}`,
        address,
        `${owner} has it too; only one of them runs on a network`,
        ownAddress,
      );
      return { address, macMode };
    case 'new':
      return anew(`${owner} has it; it has a new one`);
    case undefined:
      notes.block({
        code: 'mac-taken',
        text: `adapter ${slot} has the MAC address ${address}, which ${owner} has`,
        remedy: 'choose: --taken-addresses keep, or new',
      });
      return { address, macMode };
  }
}

const ownAddress = 'give it one by hand: gantry vm set-adapter';

function tellNetwork(
  theirs: string,
  slot: number,
  network: string,
  { networkNames }: AdapterOptions,
  notes: ImportNotes,
): void {
  const remedy = networkNames.has(theirs)
    ? 'name another network: --network, or --map'
    : `name the network that it is here: --map '${clean(theirs, 80)}=NETWORK', with --remember for further imports`;
  notes.changed('network', theirs, `adapter ${slot} is in ${nameOf(network)} instead`, remedy);
}

/** Those that are connected there, in the order in which networks are named for them; also those that are left out. */
export function connectedAdapters(options: AdapterOptions): ImportedAdapter[] {
  const networks = chooseNetworks(options);
  return options.foreign.adapters
    .slice(0, maxAdapters)
    .flatMap(({ network }, slot) =>
      network === null
        ? []
        : [{ slot, there: clean(network, 256), network: networks[slot] ?? 'none' }],
    );
}

/**
 * By slot: those that are named, in the order of the adapters that are connected; the last one is that of the rest. Where
 * none is named, what the name there means here.
 */
function chooseNetworks({ foreign, networks, networkNames }: AdapterOptions): readonly string[] {
  let next = 0;
  const chosen = foreign.adapters.slice(0, maxAdapters).map(({ network }) => {
    if (network === null) return 'none';
    next += 1;
    return networks[next - 1] ?? networks.at(-1) ?? networkNames.get(network) ?? 'user';
  });
  if (networks.length > Math.max(1, next))
    throw new Fault('invalid', `there are ${networks.length} networks for ${next} adapters`, {
      facts: { path: 'networks' },
      hint: 'name one for each adapter, or one for all',
    });
  return chosen;
}

function judgeSharing(
  adapters: readonly Adapter[],
  networks: readonly string[],
  which: AdapterOptions['adapters'],
  notes: ImportNotes,
): Adapter[] {
  const kept = new Set(adapters);
  const groups = Map.groupBy(adapters, ({ slot }) => networks[slot] ?? 'none');
  for (const [network, [first, ...others]] of groups) {
    if (network === 'none' || first === undefined || others.length === 0) continue;
    const slots = others.map(({ slot }) => slot).join(', ');
    if (which === 'first-of-network') {
      for (const other of others) kept.delete(other);
      const text = `adapters ${slots}: left out, since adapter ${first.slot} is in ${nameOf(network)}`;
      notes.warn({ code: 'changed', text });
    } else
      notes.warn({
        code: 'adapters-share-network',
        text: `adapters ${first.slot}, ${slots} are all in ${nameOf(network)}: guests seldom expect that, and answer by any of them`,
        remedy: 'keep one of them (adapters: first-of-network), or name a network for each',
      });
  }
  return [...kept];
}

const nameOf = (network: string): string =>
  network === 'user'
    ? 'the user-mode network'
    : network === 'none'
      ? 'no network'
      : `network ${network}`;

function attachmentTo(network: string): Attachment {
  switch (network) {
    case 'none':
      return { kind: 'none' };
    case 'user':
      return { kind: 'user', restrict: false, bootFile: null, forwards: [] };
    default:
      return { kind: 'network', network };
  }
}
