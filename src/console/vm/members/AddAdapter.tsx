/** One more network adapter: what it is plugged into; its model and MAC address are given where none is said. */
import { FormGroup, FormSelect, FormSelectOption, TextInput } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { adapterModels, type CallInput, type Network, type Vm } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { NetworkChoice } from '../../networks/NetworkChoice.tsx';
import { FormDialog } from '../../parts/FormDialog.tsx';
import { useOutcome } from '../../parts/use-outcome.ts';
import { nameSetting } from '../words/setting-words.ts';
import { useVmText } from '../words/vm-words.ts';

export function AddAdapter({
  vm,
  title,
  networks,
  onClose,
}: {
  readonly vm: Vm;
  readonly title: string;
  readonly networks: readonly Network[];
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useVmText();
  const tellOutcome = useOutcome();
  const [plug, setPlug] = useState(networks[0]?.id ?? 'user');
  const [model, setModel] = useState('');
  const [mac, setMac] = useState('');
  const send = async (): Promise<void> => {
    const known = adapterModels.find((one) => one === model);
    const body: CallInput<'vm.adapter.attach'>['body'] = {
      attachment:
        plug === 'user' || plug === 'none' ? { kind: plug } : { kind: 'network', network: plug },
      ...(known === undefined ? {} : { model: known }),
      ...(mac === '' ? {} : { mac: mac.toLowerCase(), macMode: 'static' }),
    };
    const operation = await client.call('vm.adapter.attach', { params: { vm: vm.id }, body });
    tellOutcome({ action: title, name: vm.name }, operation);
  };
  return (
    <FormDialog title={title} verb={title} look="primary" canSend send={send} onClose={onClose}>
      <NetworkChoice networks={networks} value={plug} onValue={setPlug} />
      <FormGroup label={nameSetting(words, 'adapters/model')} fieldId="adapter-model">
        <FormSelect id="adapter-model" value={model} onChange={(_event, to) => setModel(to)}>
          <FormSelectOption value="" label={text('automatic')} />
          {adapterModels.map((one) => (
            <FormSelectOption key={one} value={one} label={one} />
          ))}
        </FormSelect>
      </FormGroup>
      <FormGroup label={nameSetting(words, 'adapters/mac')} fieldId="adapter-mac">
        <TextInput
          id="adapter-mac"
          autoComplete="off"
          placeholder={text('automatic')}
          value={mac}
          onChange={(_event, to) => setMac(to.trim())}
        />
      </FormGroup>
    </FormDialog>
  );
}
