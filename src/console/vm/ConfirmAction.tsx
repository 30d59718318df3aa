/** Asks before something is lost, in words that name the loss; a deletion shows the files and wants the name. */
import {
  Button,
  Checkbox,
  Content,
  FormGroup,
  ModalBody,
  ModalFooter,
  ModalHeader,
  TextInput,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { CallOutput, Vm } from '#api';
import { useConsole, useWords } from '../console.ts';
import { useAct } from './act.ts';
import { mayGoUnasked, useAsking } from './asking.ts';
import type { ImmediateAction } from './offered.ts';
import { useVmText } from './words/vm-words.ts';
import { Dialog } from '../parts/Dialog.tsx';

export function ConfirmAction({
  vm,
  action,
  loss,
  onClose,
}: {
  readonly vm: Vm;
  readonly action: ImmediateAction;
  readonly loss: string;
  readonly onClose: () => void;
}): ReactNode {
  const words = useWords();
  const text = useVmText();
  const act = useAct();
  const asking = useAsking();
  const deletes = action === 'delete';
  const [typed, setTyped] = useState('');
  const [silent, setSilent] = useState(false);
  const [disks, setDisks] = useState<'delete' | 'keep'>('delete');
  return (
    <Dialog
      isOpen
      variant="small"
      onClose={onClose}
      aria-labelledby="confirm"
      aria-describedby="confirm-loss"
    >
      <ModalHeader
        labelId="confirm"
        titleIconVariant="warning"
        title={`${words.action(action)}: ${vm.name}`}
      />
      <ModalBody id="confirm-loss">
        <Content component="p">
          {disks === 'keep' ? text('definitionGoes', { host: vm.host }) : loss}
        </Content>
        {action === 'remove' && <WayBack vm={vm} />}
        {mayGoUnasked(action) && (
          <Checkbox
            id="unasked"
            label={text('doNotAsk', { name: vm.name })}
            isChecked={silent}
            onChange={(_event, on) => setSilent(on)}
          />
        )}
        {deletes && vm.driver === 'libvirt' && (
          <Checkbox
            id="keep-disks"
            label={text('keepDisks')}
            isChecked={disks === 'keep'}
            onChange={(_event, on) => setDisks(on ? 'keep' : 'delete')}
          />
        )}
        {deletes && disks === 'delete' && <DeletedFiles vm={vm} />}
        {deletes && (
          <FormGroup label={words.text('confirmName', { name: vm.name })} fieldId="typed-name">
            <TextInput
              id="typed-name"
              autoComplete="off"
              value={typed}
              onChange={(_event, value) => setTyped(value)}
            />
          </FormGroup>
        )}
      </ModalBody>
      <ModalFooter>
        <Button
          variant="danger"
          isDisabled={deletes && typed !== vm.name}
          onClick={() => {
            if (silent) asking.choose(vm.id, 'do at once');
            onClose();
            void act(vm, action, disks);
          }}
        >
          {words.action(action)}
        </Button>
        <Button variant="link" autoFocus={!deletes} onClick={onClose}>
          {words.text('cancel')}
        </Button>
      </ModalFooter>
    </Dialog>
  );
}

function useFiles(vm: Vm): CallOutput<'vm.files'>['files'] {
  const { client } = useConsole();
  const { data } = useQuery({
    queryKey: ['vm.files', vm.id],
    staleTime: 0,
    queryFn: ({ signal }) => client.call('vm.files', { params: { vm: vm.id } }, signal),
  });
  return data?.files ?? [];
}

/** How a vm that is removed comes back. */
function WayBack({ vm }: { readonly vm: Vm }): ReactNode {
  const words = useWords();
  const configuration = useFiles(vm).find(({ role }) => role === 'configuration');
  if (configuration === undefined) return null;
  return (
    <Content component="p">
      {words.text('addAgain', { file: configuration.path, host: vm.host })}
    </Content>
  );
}

function DeletedFiles({ vm }: { readonly vm: Vm }): ReactNode {
  const words = useWords();
  const deleted = useFiles(vm).filter((file) => file.deleted);
  if (deleted.length === 0) return null;
  return (
    <>
      <Content component="p">{words.text('deletedFiles')}</Content>
      <ul className="files">
        {deleted.map(({ path, sizeBytes }) => (
          <li key={path}>
            {path} ({words.bytes(sizeBytes)})
          </li>
        ))}
      </ul>
    </>
  );
}
