/** Disks, network adapters and shared folders: what comes and goes by requests of its own, and while the vm runs. */
import {
  Button,
  Content,
  Flex,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
} from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState, type ReactNode } from 'react';
import {
  adapterAttachSchema,
  diskAttachSchema,
  placeName,
  sharedFolderAddSchema,
  type Operation,
  type Vm,
} from '#api';
import { useConsole, useWords } from '../console.ts';
import { useVmActions } from '../parts/ask.ts';
import { RequestDialog } from './settings/RequestDialog.tsx';
import { nameSetting } from './words/setting-words.ts';
import { useVmText } from './words/vm-words.ts';

interface Member {
  readonly key: string;
  readonly facts: readonly string[];
  readonly remove: () => Promise<Operation>;
}

export function Disks({ vm }: { readonly vm: Vm }): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const params = { vm: vm.id };
  return (
    <MemberTable
      vm={vm}
      path="hardware/disks"
      action="change-disks"
      columns={['place', 'file', 'sizeBytes', 'format']}
      members={vm.definition.hardware.disks.map((disk) => {
        const place = placeName(disk);
        return {
          key: place,
          facts: [place, disk.file, words.bytes(disk.sizeBytes), disk.format],
          remove: () => client.call('vm.disk.detach', { params: { ...params, place } }),
        };
      })}
      dialog={(title, onClose) => (
        <RequestDialog
          title={title}
          name="disk"
          schema={diskAttachSchema}
          onClose={onClose}
          onSend={(body) => client.call('vm.disk.attach', { params, body })}
        />
      )}
    />
  );
}

export function Adapters({ vm }: { readonly vm: Vm }): ReactNode {
  const { client } = useConsole();
  const params = { vm: vm.id };
  return (
    <MemberTable
      vm={vm}
      path="hardware/adapters"
      action="configure"
      columns={['slot', 'model', 'mac', 'attachment']}
      members={vm.definition.hardware.adapters.map(({ slot, model, mac, attachment }) => ({
        key: String(slot),
        facts: [String(slot), model, mac, attachment.kind],
        remove: () => client.call('vm.adapter.detach', { params: { ...params, slot } }),
      }))}
      dialog={(title, onClose) => (
        <RequestDialog
          title={title}
          name="adapter"
          schema={adapterAttachSchema}
          onClose={onClose}
          onSend={(body) => client.call('vm.adapter.attach', { params, body })}
        />
      )}
    />
  );
}

export function SharedFolders({ vm }: { readonly vm: Vm }): ReactNode {
  const { client } = useConsole();
  const params = { vm: vm.id };
  return (
    <MemberTable
      vm={vm}
      path="hardware/sharedFolders"
      action="configure"
      columns={['name', 'hostPath']}
      members={vm.definition.hardware.sharedFolders.map(({ name, hostPath }) => ({
        key: name,
        facts: [name, hostPath],
        remove: () => client.call('vm.share.remove', { params: { ...params, name } }),
      }))}
      dialog={(title, onClose) => (
        <RequestDialog
          title={title}
          name="folder"
          schema={sharedFolderAddSchema}
          onClose={onClose}
          onSend={(body) => client.call('vm.share.add', { params, body })}
        />
      )}
    />
  );
}

function MemberTable({
  vm,
  path,
  action,
  columns,
  members,
  dialog,
}: {
  readonly vm: Vm;
  readonly path: string;
  readonly action: 'configure' | 'change-disks';
  readonly columns: readonly string[];
  readonly members: readonly Member[];
  readonly dialog: (title: string, onClose: () => void) => ReactNode;
}): ReactNode {
  const words = useWords();
  const text = useVmText();
  const [adding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<Member | undefined>(undefined);
  const { data } = useVmActions(vm.id, true);
  const judged = data?.actions.find((allowed) => allowed.action === action);
  const name = nameSetting(words, path);
  const columnName = (column: string): string =>
    column === 'place' ? text('place') : nameSetting(words, `${path}/${column}`);
  const title = text('addMember', { name });
  return (
    <>
      <Flex justifyContent={{ default: 'justifyContentSpaceBetween' }}>
        <Content component="h2">{name}</Content>
        <Button
          variant="secondary"
          isDisabled={judged?.allowed !== true}
          onClick={() => setAdding(true)}
        >
          {title}
        </Button>
      </Flex>
      {judged?.allowed === false && (
        <Content component="small">
          {[judged.reason, judged.hint].filter((part) => part !== undefined).join(' – ')}
        </Content>
      )}
      {members.length === 0 ? (
        <Content component="p">{text('noMembers')}</Content>
      ) : (
        <Table aria-label={name} variant="compact" gridBreakPoint="grid-md">
          <Thead>
            <Tr>
              {columns.map((column) => (
                <Th key={column}>{columnName(column)}</Th>
              ))}
              <Th screenReaderText={words.text('actions')} />
            </Tr>
          </Thead>
          <Tbody>
            {members.map((member) => (
              <Tr key={member.key}>
                {member.facts.map((fact, index) => (
                  <Td
                    key={columns[index]}
                    dataLabel={columnName(columns[index] ?? '')}
                    modifier="breakWord"
                  >
                    {fact}
                  </Td>
                ))}
                <Td isActionCell>
                  <Button
                    variant="link"
                    isDisabled={judged?.allowed !== true}
                    onClick={() => setLeaving(member)}
                  >
                    {text('detach')}
                  </Button>
                </Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      )}
      {adding && dialog(title, () => setAdding(false))}
      {leaving !== undefined && (
        <Detach name={leaving.key} remove={leaving.remove} onClose={() => setLeaving(undefined)} />
      )}
    </>
  );
}

function Detach({
  name,
  remove,
  onClose,
}: {
  readonly name: string;
  readonly remove: () => Promise<Operation>;
  readonly onClose: () => void;
}): ReactNode {
  const { live, notices } = useConsole();
  const words = useWords();
  const text = useVmText();
  const title = `${text('detach')}: ${name}`;
  const act = async (): Promise<void> => {
    onClose();
    try {
      live.onEnd(await remove(), ({ state, fault }) => {
        if (state === 'done') notices.tell(title);
        else if (fault !== null) notices.fail(title, fault);
      });
    } catch (error) {
      notices.fail(title, error);
    }
  };
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="detach">
      <ModalHeader labelId="detach" title={title} />
      <ModalBody>{text('detachDisk', { name })}</ModalBody>
      <ModalFooter>
        <Button variant="danger" onClick={() => void act()}>
          {text('detach')}
        </Button>
        <Button variant="link" onClick={onClose}>
          {words.text('cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
