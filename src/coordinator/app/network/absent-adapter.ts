/** Bridged networks whose adapter no host has: told before a vm is to be on one, which no host could carry. */
import type { Reason } from '#lib';
import type { HostDocument, NetworkDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';

/** Names in one sentence. */
const maxNamed = 12;

/** Empty where some host has it, and where no host has told of any adapter. */
export function warnOfAbsentAdapter(
  inventory: Inventory,
  { adapter }: Pick<NetworkDocument, 'adapter'>,
): readonly Reason[] {
  if (adapter === null) return [];
  const names = new Set<string>();
  for (const { data } of inventory.documents<HostDocument>('host'))
    for (const { name } of data.facts?.interfaces ?? []) names.add(name);
  if (names.size === 0 || names.has(adapter)) return [];
  const known = [...names].sort();
  const more = known.length > maxNamed ? ` and ${known.length - maxNamed} more` : '';
  return [
    {
      code: 'adapter-missing',
      text: `no host has an adapter ${adapter}; hosts have ${known.slice(0, maxNamed).join(', ')}${more}`,
      remedy: 'name one of those, or plug it in: until then no vm can be on the network',
    },
  ];
}
