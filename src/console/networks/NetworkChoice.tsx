/** What an adapter is plugged into, in the contract's words: the id of a network, `user` or `none`. */
import { FormGroup, FormSelect, FormSelectOption, Radio } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { Network } from '#api';
import { useWords } from '../console.ts';
import { useNetworkText } from './words.ts';

export function NetworkChoice({
  networks,
  value,
  onValue,
}: {
  readonly networks: readonly Network[];
  readonly value: string;
  readonly onValue: (value: string) => void;
}): ReactNode {
  const words = useWords();
  const text = useNetworkText();
  const chosen = networks.find(({ id }) => id === value);
  const kinds = [
    { kind: 'network', label: text('plug.network'), to: networks[0]?.id },
    { kind: 'user', label: text('plug.user'), to: 'user' },
    { kind: 'none', label: text('plug.none'), to: 'none' },
  ] as const;
  const kindNow = chosen === undefined ? value : 'network';
  return (
    <>
      <FormGroup role="radiogroup" fieldId="plug" label={words.text('network')} isStack>
        {kinds.map(({ kind, label, to }) => (
          <Radio
            key={kind}
            id={`plug-${kind}`}
            name="plug"
            label={label}
            autoFocus={kindNow === kind}
            isDisabled={to === undefined}
            isChecked={kindNow === kind}
            onChange={() => onValue(to ?? 'user')}
          />
        ))}
      </FormGroup>
      {chosen !== undefined && (
        <FormGroup label={text('plug.which')} fieldId="plug-which">
          <FormSelect
            id="plug-which"
            value={chosen.id}
            onChange={(_event, network) => onValue(network)}
          >
            {networks.map((network) => (
              <FormSelectOption key={network.id} value={network.id} label={describe(network)} />
            ))}
          </FormSelect>
        </FormGroup>
      )}
    </>
  );
}

/** As it is told from others where one is chosen: `lab (nat, 10.80.0.0/24)`. */
export function describe({ name, type, ipv4, adapter }: Network): string {
  const where = ipv4?.subnet ?? adapter;
  return `${name} (${where === null ? type : `${type}, ${where}`})`;
}
