/** Asks before a network is deleted; one that vms are on is not, and why is said before. */
import { Content } from '@patternfly/react-core';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Network } from '#api';
import { useConsole, useWords } from '../console.ts';
import { FormDialog } from '../parts/FormDialog.tsx';
import { useNetworkText } from './words.ts';

export function DeleteNetwork({
  network,
  onClose,
}: {
  readonly network: Network;
  readonly onClose: () => void;
}): ReactNode {
  const { client, notices, queries } = useConsole();
  const words = useWords();
  const text = useNetworkText();
  const navigate = useNavigate();
  const { name, adapters } = network;
  const send = async (): Promise<void> => {
    await client.call('network.delete', { params: { network: network.id } });
    notices.tell(words.text('actionTaken', { action: words.text('delete'), name }));
    await navigate({ to: '/networks' });
    await queries.invalidateQueries({ queryKey: ['network.list'] });
  };
  return (
    <FormDialog
      title={words.text('deleteNamed', { name })}
      verb={words.text('delete')}
      look="danger"
      canSend={adapters === 0}
      send={send}
      onClose={onClose}
    >
      <Content component="p">
        {adapters === 0
          ? text('deleteUnused')
          : text('deleteUsed', { count: words.count(adapters) })}
      </Content>
    </FormDialog>
  );
}
