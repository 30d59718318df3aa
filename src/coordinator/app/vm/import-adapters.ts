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
  type VmImport,
} from '#api';
import { Fault, type Reason } from '#lib';

export interface AdapterOptions extends Pick<VmImport, 'networks' | 'adapters'> {
  readonly foreign: Pick<ForeignMachine, 'adapters'>;
  /** Addresses of other vms, which this one cannot keep. */
  readonly usedMacs: ReadonlySet<string>;
  readonly makeMac: () => string;
}

interface AdapterNotes {
  warn(reason: Reason): void;
  changed(setting: string, value: string, how: string): void;
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
  notes: AdapterNotes,
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
    const mac = macSchema.safeParse(adapter.mac);
    const isFree = mac.success && !options.usedMacs.has(mac.data) && !own.has(mac.data);
    if (adapter.mac !== null && !isFree)
      notes.changed(
        `adapter ${slot}`,
        adapter.mac,
        'the address is taken or none; it has a new one',
      );
    const address = isFree ? mac.data : options.makeMac();
    own.add(address);
    const network = networks[slot] ?? 'none';
    if (adapter.network !== null)
      notes.changed('network', adapter.network, `adapter ${slot} is in ${nameOf(network)} instead`);
    return {
      slot,
      model: model ?? instead,
      mac: address,
      macMode: isFree ? 'static' : 'dynamic',
      link: 'up',
      optional: false,
      ...plainPort,
      attachment: attachmentTo(network),
    };
  });
  return judgeSharing(adapters, networks, options.adapters, notes);
}

/** By slot: those that are named, in the order of the adapters that are connected; the last one is that of the rest. */
function chooseNetworks({ foreign, networks }: AdapterOptions): readonly string[] {
  let next = 0;
  const chosen = foreign.adapters.slice(0, maxAdapters).map(({ network }) => {
    if (network === null) return 'none';
    next += 1;
    return networks[next - 1] ?? networks.at(-1) ?? 'user';
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
  notes: AdapterNotes,
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
