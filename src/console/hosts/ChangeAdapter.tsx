/** What an adapter is for. A change that could cut the host off is confirmed by its own answer, which came over it. */
import {
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  Radio,
} from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { AdapterUse, Host, HostAdapter } from '#api';
import { useConsole, useWords } from '../console.ts';
import { FormDialog } from '../parts/FormDialog.tsx';
import { useAdapterText } from './adapter-words.ts';

const uses: readonly AdapterUse[] = ['any', 'host', 'networks', 'shared'];

export function ChangeAdapter({
  host,
  adapter: { name, use: before },
  onClose,
}: {
  readonly host: Host;
  readonly adapter: HostAdapter;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useAdapterText();
  const [use, setUse] = useState(before);
  const send = async (): Promise<void> => {
    const params = { host: host.id, adapter: name };
    const { trial } = await client.call('host.set-adapter', { params, body: { use } });
    if (trial !== null) await client.call('host.confirm-adapter', { params });
  };
  return (
    <FormDialog
      title={text('change', { name })}
      verb={words.text('change')}
      look="primary"
      size="medium"
      canSend={use !== before}
      send={send}
      onClose={onClose}
    >
      <FormGroup role="radiogroup" label={text('use')} isStack>
        {uses.map((one) => (
          <Radio
            key={one}
            id={`adapter-use-${one}`}
            name="adapter-use"
            label={text(`use.${one}`)}
            isChecked={use === one}
            onChange={() => setUse(one)}
          />
        ))}
        <FormHelperText>
          <HelperText>
            <HelperTextItem>{text('saved')}</HelperTextItem>
          </HelperText>
        </FormHelperText>
      </FormGroup>
    </FormDialog>
  );
}
