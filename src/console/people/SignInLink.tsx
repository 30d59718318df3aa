/** A link by which a user signs in once: made when it is asked for, and shown this once. */
import {
  Button,
  ClipboardCopy,
  Content,
  ModalBody,
  ModalFooter,
  ModalHeader,
} from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { User } from '#api';
import { useConsole, useWords } from '../console.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import { usePeopleText } from './words.ts';

export function SignInLink({
  user,
  onClose,
}: {
  readonly user: User;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = usePeopleText();
  const made = useMutation({
    mutationFn: () => client.call('user.link', { params: { user: user.id } }),
  });
  const title = text('linkOf', { name: user.name });
  return (
    <Dialog isOpen variant="small" onClose={onClose} aria-labelledby="link-title">
      <ModalHeader labelId="link-title" title={title} />
      <ModalBody>
        {made.error !== null && <FailureAlert error={made.error} />}
        {made.data === undefined ? (
          <Content component="p">{text('makeExplain', { name: user.name })}</Content>
        ) : (
          <>
            <ClipboardCopy
              isReadOnly
              hoverTip={text('copy')}
              clickTip={text('copied')}
              textAriaLabel={title}
            >
              {`${location.origin}/#link=${made.data.code}`}
            </ClipboardCopy>
            <Content component="p">
              {text('linkExplain', { until: words.time(made.data.expiresAt) })}
            </Content>
          </>
        )}
      </ModalBody>
      <ModalFooter>
        {made.data === undefined && (
          <Button autoFocus isDisabled={made.isPending} onClick={() => made.mutate()}>
            {text('makeLink')}
          </Button>
        )}
        <Button variant="link" onClick={onClose}>
          {words.text('close')}
        </Button>
      </ModalFooter>
    </Dialog>
  );
}
