/** The network that an adapter is plugged into, out of those there are. One that is not in the list is still shown. */
import { FormSelect, FormSelectOption } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { describe } from '../../networks/NetworkChoice.tsx';
import { useList } from '../../parts/ask.ts';
import type { InputProps } from './input-props.ts';

export function NetworkInput({ value, onValue, ...common }: InputProps<string>): ReactNode {
  const networks = useList('network.list', { sort: 'name', limit: 1000 });
  const items = networks.data?.items ?? [];
  const isKnown = items.some(({ id }) => id === value);
  return (
    <FormSelect {...common} value={value} onChange={(_event, to) => onValue(to)}>
      {!isKnown && <FormSelectOption value={value} label={value} />}
      {items.map((network) => (
        <FormSelectOption key={network.id} value={network.id} label={describe(network)} />
      ))}
    </FormSelect>
  );
}
