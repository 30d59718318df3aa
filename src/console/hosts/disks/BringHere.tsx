/** A file of this computer comes to a host within what is open, a dialog or a form: into the host's folder for vms. */
import { ActionGroup, Button, Content } from '@patternfly/react-core';
import type { KeyboardEvent, ReactNode } from 'react';
import { BringButton, BringFields } from './BringFields.tsx';
import { useUploadText } from './upload-words.ts';
import { useBringing } from './use-bringing.ts';

export function BringHere({
  host,
  onDone,
  onClose,
}: {
  readonly host: { readonly id: string; readonly name: string };
  /** Told where it lies. */
  readonly onDone: (path: string) => void;
  readonly onClose: () => void;
}): ReactNode {
  const text = useUploadText();
  const bringing = useBringing({ host: host.id, onChange: () => undefined, onDone });
  // The form around it, if there is one, has another purpose.
  const keep = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || !(event.target instanceof HTMLInputElement)) return;
    if (event.target.type === 'file') return;
    event.preventDefault();
    bringing.begin();
  };
  const title = text('title', { host: host.name });
  return (
    <section aria-label={title} className="bring-here" onKeyDown={keep}>
      <Content component="h3">{title}</Content>
      <BringFields bringing={bringing} host={host.name} />
      <ActionGroup>
        <BringButton bringing={bringing} />
        <Button variant="link" onClick={onClose}>
          {text('close')}
        </Button>
      </ActionGroup>
    </section>
  );
}
