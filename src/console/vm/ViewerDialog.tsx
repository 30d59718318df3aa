/** Where native viewers see the screen of a vm, and what lets one in once. */
import {
  Button,
  ClipboardCopy,
  Content,
  ModalBody,
  ModalFooter,
  ModalHeader,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { ConsoleTicket, Vm, VmViewer } from '#api';
import { useConsole, useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { useVmText } from './words/vm-words.ts';
import { Dialog } from '../parts/Dialog.tsx';

export function ViewerDialog({
  vm,
  onClose,
}: {
  readonly vm: Vm;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useVmText();
  const question = useQuery({
    queryKey: ['vm.viewer', vm.id],
    queryFn: ({ signal }) => client.call('vm.viewer', { params: { vm: vm.id } }, signal),
    refetchOnMount: 'always',
  });
  return (
    <Dialog isOpen variant="small" onClose={onClose} aria-labelledby="viewer">
      <ModalHeader labelId="viewer" title={text('viewer')} />
      <ModalBody>
        <Answer question={question}>{(viewer) => <Way vm={vm} viewer={viewer} />}</Answer>
      </ModalBody>
      <ModalFooter>
        <Button onClick={onClose}>{words.text('close')}</Button>
      </ModalFooter>
    </Dialog>
  );
}

function Way({
  vm,
  viewer: { state, reason, address, port, signIn },
}: {
  readonly vm: Vm;
  readonly viewer: VmViewer;
}): ReactNode {
  const { client, notices } = useConsole();
  const words = useWords();
  const text = useVmText();
  const [ticket, setTicket] = useState<ConsoleTicket>();
  if (state !== 'listening' || address === null || port === null) {
    const why =
      state === 'off' ? text('viewerOff') : words.told(reason ?? words.text('notAvailable'));
    return <Content component="p">{text('viewerNone', { reason: why })}</Content>;
  }
  const ask = async (): Promise<void> => {
    try {
      setTicket(await client.call('vm.console.ticket', { params: { vm: vm.id } }));
    } catch (error) {
      notices.fail(text('viewerTicket'), error);
    }
  };
  return (
    <>
      <Content component="p">{text('viewerHint')}</Content>
      <ClipboardCopy
        isReadOnly
        hoverTip={words.text('copy')}
        clickTip={words.text('copied')}
        textAriaLabel={words.text('address')}
      >
        {`${address.includes(':') ? `[${address}]` : address}::${port}`}
      </ClipboardCopy>
      {signIn !== 'accounts' && (
        <Button variant="secondary" className="viewer-ticket" onClick={() => void ask()}>
          {text('viewerTicket')}
        </Button>
      )}
      {ticket !== undefined && (
        <Content component="p" role="status">
          {text('viewerTicketHint', {
            time: words.time(ticket.expiresAt),
            password: ticket.password,
          })}
        </Content>
      )}
    </>
  );
}
