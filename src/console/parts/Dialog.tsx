/** A dialog whose button in the corner is named in the language of the person: PatternFly calls it "Close" in every one. */
import { Modal, type ModalProps } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';

export function Dialog({ children, ...rest }: Omit<ModalProps, 'ref'>): ReactNode {
  const close = useWords().text('close');
  return (
    <Modal {...rest}>
      <span hidden ref={(mark) => nameCloseButton(mark, close)} />
      {children}
    </Modal>
  );
}

function nameCloseButton(mark: HTMLElement | null, name: string): void {
  const box = mark?.closest('.pf-v6-c-modal-box');
  box?.querySelector('.pf-v6-c-modal-box__close button')?.setAttribute('aria-label', name);
}
