/** An administrator's own certificate for the native viewers of a host, with its key. */
import {
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  TextArea,
} from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { Host, ViewerCertificate } from '#api';
import { useConsole } from '../../console.ts';
import { FormDialog } from '../../parts/FormDialog.tsx';
import { useViewerText } from './words.ts';

export function SupplyCertificate({
  host,
  onTaken,
  onClose,
}: {
  readonly host: Host;
  readonly onTaken: (shown: ViewerCertificate) => void;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const text = useViewerText();
  const [chain, setChain] = useState('');
  const [key, setKey] = useState('');
  const send = async (): Promise<void> => {
    const asked = { params: { host: host.id }, body: { chain, key } };
    onTaken(await client.call('host.viewer-certificate.set', asked));
  };
  return (
    <FormDialog
      title={text('supply')}
      verb={text('supply')}
      look="primary"
      size="medium"
      canSend={chain.trim() !== '' && key.trim() !== ''}
      send={send}
      onClose={onClose}
    >
      <FormGroup label={text('chain')} fieldId="viewer-chain" isRequired>
        <TextArea
          id="viewer-chain"
          isRequired
          rows={6}
          spellCheck={false}
          value={chain}
          onChange={(_event, to) => setChain(to)}
        />
      </FormGroup>
      <FormGroup label={text('key')} fieldId="viewer-key" isRequired>
        <TextArea
          id="viewer-key"
          isRequired
          rows={6}
          spellCheck={false}
          autoComplete="off"
          value={key}
          onChange={(_event, to) => setKey(to)}
        />
        <FormHelperText>
          <HelperText>
            <HelperTextItem>{text('keyHint')}</HelperTextItem>
          </HelperText>
        </FormHelperText>
      </FormGroup>
    </FormDialog>
  );
}
