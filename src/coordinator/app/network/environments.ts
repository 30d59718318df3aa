/** Vms for tests on networks in production, and the other way round: told where it comes about, and while it is so (NET-48). */
import { environmentOf, type Environment, type VmDefinition } from '#api';
import type { Reason } from '#lib';
import type { NetworkDocument, VmDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { NewEvent } from '../../store/store.ts';
import type { EventFrame } from '../setting-events.ts';

/** An adapter that connects a vm with a network of the other environment. */
interface Mixture {
  readonly slot: number;
  readonly network: string;
  readonly environment: Environment;
  readonly other: Environment;
}

function mixturesOf(inventory: Inventory, { tags, hardware }: VmDefinition): readonly Mixture[] {
  const environment = environmentOf(tags);
  if (environment === undefined) return [];
  return hardware.adapters.flatMap(({ slot, attachment }) => {
    if (attachment.kind !== 'network') return [];
    const network = inventory.document<NetworkDocument>('network', attachment.network)?.data;
    const other = environmentOf(network?.tags ?? []);
    if (network === undefined || other === undefined || other === environment) return [];
    return [{ slot, network: network.name, environment, other }];
  });
}

function reasonOf({ slot, network, environment, other }: Mixture): Reason {
  return {
    code: 'environment-mixed',
    text: `the vm is tagged ${environment}, and its adapter ${slot} is on network ${network}, which is tagged ${other}`,
    remedy: 'plug it into another network, or change the tags',
  };
}

/** Of all adapters of the vm, or of one. */
export function warnOfEnvironments(
  inventory: Inventory,
  definition: VmDefinition,
  only?: number,
): readonly Reason[] {
  return mixturesOf(inventory, definition)
    .filter(({ slot }) => only === undefined || slot === only)
    .map(reasonOf);
}

/** Of a vm that is new, or has changed: what was not so before. */
export function environmentEvents(
  inventory: Inventory,
  frame: EventFrame,
  after: VmDefinition,
  before?: VmDefinition,
): readonly NewEvent[] {
  const known = new Set(
    before === undefined ? [] : mixturesOf(inventory, before).map((one) => reasonOf(one).text),
  );
  return mixturesOf(inventory, after)
    .filter((mixture) => !known.has(reasonOf(mixture).text))
    .map(({ slot, network, environment, other }) => ({
      ...frame,
      name: 'vm.environment-mixed',
      attributes: { environment, network, other, adapter: String(slot) },
    }));
}

/** How many adapters on the network are of vms of the other environment. */
function countOthers(inventory: Inventory, id: string, environment: Environment): number {
  let count = 0;
  for (const [vm, adapters] of inventory.vmsOnNetwork(id)) {
    const tags = inventory.document<VmDocument>('vm', vm)?.data.definition.tags ?? [];
    const other = environmentOf(tags);
    if (other !== undefined && other !== environment) count += adapters;
  }
  return count;
}

const otherOf = (environment: Environment): Environment =>
  environment === 'test' ? 'production' : 'test';

/** Of a network: how many, and not which, since not everybody who sees a network sees its vms. */
export function warnOfOthers(
  inventory: Inventory,
  id: string,
  { tags }: Pick<NetworkDocument, 'tags'>,
): readonly Reason[] {
  const environment = environmentOf(tags);
  const count = environment === undefined ? 0 : countOthers(inventory, id, environment);
  if (environment === undefined || count === 0) return [];
  const what = count === 1 ? '1 adapter of a vm' : `${count} adapters of vms`;
  return [
    {
      code: 'environment-mixed',
      text: `the network is tagged ${environment}, and ${what} tagged ${otherOf(environment)} ${count === 1 ? 'is' : 'are'} on it`,
      remedy: 'plug them into another network, or change the tags',
    },
  ];
}

/** Of a network whose tags have changed. */
export function othersEvents(
  inventory: Inventory,
  frame: EventFrame,
  before: NetworkDocument,
  after: NetworkDocument,
): readonly NewEvent[] {
  const environment = environmentOf(after.tags);
  if (environment === undefined || environment === environmentOf(before.tags)) return [];
  const count = countOthers(inventory, frame.target.id, environment);
  if (count === 0) return [];
  const attributes = { environment, other: otherOf(environment), count };
  return [{ ...frame, name: 'network.environment-mixed', attributes }];
}
