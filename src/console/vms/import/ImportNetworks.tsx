/** What the adapters of the vm are plugged into here: each by itself once the host has read which there are, all as one before. */
import { FormGroup, FormSelect, FormSelectOption } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { ImportedAdapter, Network } from '#api';
import { useList } from '../../parts/ask.ts';
import { describe } from '../../networks/NetworkChoice.tsx';
import { useNetworkText } from '../../networks/words.ts';
import { useImportText } from './import-words.ts';

/** `networks` as the request takes them: none, one for all, or one for each. */
export function ImportNetworks({
  adapters,
  networks,
  onNetworks,
}: {
  readonly adapters: readonly ImportedAdapter[] | undefined;
  readonly networks: readonly string[];
  readonly onNetworks: (networks: readonly string[]) => void;
}): ReactNode {
  const text = useImportText();
  const known = useList('network.list', { sort: 'name', limit: 1000 }).data?.items ?? [];
  if (adapters === undefined)
    return (
      <Choice
        id="import-network"
        label={text('network')}
        value={networks[0] ?? ''}
        unset={text('networkAsThere')}
        known={known}
        onValue={(to) => onNetworks(to === '' ? [] : [to])}
      />
    );
  const values = adapters.map(
    ({ network }, index) => networks[index] ?? networks.at(-1) ?? network,
  );
  return adapters.map(({ slot, there }, index) => (
    <Choice
      key={slot}
      id={`import-network-${slot}`}
      label={text(there === '' ? 'networkOfUnnamed' : 'networkOf', { slot, there })}
      value={values[index] ?? 'user'}
      known={known}
      onValue={(to) => onNetworks(values.with(index, to))}
    />
  ));
}

interface ChoiceProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  /** What it is called that none is named. */
  readonly unset?: string;
  readonly known: readonly Network[];
  readonly onValue: (value: string) => void;
}

function Choice({ id, label, value, unset, known, onValue }: ChoiceProps): ReactNode {
  const networkText = useNetworkText();
  return (
    <FormGroup label={label} fieldId={id}>
      <FormSelect id={id} value={value} onChange={(_event, to) => onValue(to)}>
        {unset !== undefined && <FormSelectOption value="" label={unset} />}
        <FormSelectOption value="user" label={networkText('plug.user')} />
        <FormSelectOption value="none" label={networkText('plug.none')} />
        {known.map((network) => (
          <FormSelectOption key={network.id} value={network.name} label={describe(network)} />
        ))}
      </FormSelect>
    </FormGroup>
  );
}
