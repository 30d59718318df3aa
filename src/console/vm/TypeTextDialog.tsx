/** Text typed into the guest as on a keyboard, by its layout; from the clipboard if the browser lets us. */
import {
  Button,
  Form,
  FormGroup,
  FormSelect,
  FormSelectOption,
  ModalBody,
  ModalFooter,
  ModalHeader,
  TextArea,
} from '@patternfly/react-core';
import { useState, type FormEvent, type ReactNode } from 'react';
import type { Vm } from '#api';
import { useConsole, useWords } from '../console.ts';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import { useVmText } from './words/vm-words.ts';
import { Dialog } from '../parts/Dialog.tsx';

const layouts = ['us', 'de'] as const;
const maxLength = 4096;

export function TypeTextDialog({
  vm,
  onClose,
}: {
  readonly vm: Vm;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useVmText();
  const [typed, setTyped] = useState('');
  const [layout, setLayout] = useState<(typeof layouts)[number]>('us');
  const [failure, setFailure] = useState<unknown>(undefined);
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      setFailure(error);
    }
  };
  const send = (event: FormEvent): void => {
    event.preventDefault();
    void attempt(async () => {
      await client.call('vm.type', { params: { vm: vm.id }, body: { text: typed, layout } });
      onClose();
    });
  };
  return (
    <Dialog isOpen variant="small" onClose={onClose} aria-labelledby="type-text">
      <ModalHeader
        labelId="type-text"
        title={text('typeText')}
        description={text('typeTextHint')}
      />
      <ModalBody>
        <Form id="type-form" onSubmit={send}>
          {failure !== undefined && <FailureAlert error={failure} />}
          <FormGroup label={text('typeText')} fieldId="type-field">
            <TextArea
              id="type-field"
              autoFocus
              maxLength={maxLength}
              value={typed}
              onChange={(_event, to) => setTyped(to)}
            />
          </FormGroup>
          <Button
            variant="link"
            isInline
            onClick={() =>
              void attempt(async () =>
                setTyped((await navigator.clipboard.readText()).slice(0, maxLength)),
              )
            }
          >
            {text('fromClipboard')}
          </Button>
          <FormGroup label={text('keyboardLayout')} fieldId="type-layout">
            <FormSelect
              id="type-layout"
              value={layout}
              onChange={(_event, to) => setLayout(to === 'de' ? 'de' : 'us')}
            >
              <FormSelectOption value="us" label={text('layoutUs')} />
              <FormSelectOption value="de" label={text('layoutDe')} />
            </FormSelect>
          </FormGroup>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="type-form" isDisabled={typed === ''}>
          {text('send')}
        </Button>
        <Button variant="link" onClick={onClose}>
          {words.text('cancel')}
        </Button>
      </ModalFooter>
    </Dialog>
  );
}
