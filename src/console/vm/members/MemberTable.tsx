/** Members of a vm that come and go by requests of their own, while it runs too: what each is, and the ways to add one and take one out. */
import {
  Button,
  Content,
  DropdownItem,
  Flex,
  ModalBody,
  ModalFooter,
  ModalHeader,
} from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState, type ReactNode } from 'react';
import type { Operation, Vm, VmAction } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { useVmActions } from '../../parts/ask.ts';
import { memberHelp } from '../../manual/help.ts';
import { ThingMenu } from '../../parts/ThingMenu.tsx';
import { useOutcome } from '../../parts/use-outcome.ts';
import { nameSetting } from '../words/setting-words.ts';
import { useVmText } from '../words/vm-words.ts';
import { Dialog } from '../../parts/Dialog.tsx';

export interface MemberDeed {
  readonly label: string;
  readonly act: () => void;
  /** By default that of the table. */
  readonly action?: VmAction;
}

export interface Member {
  readonly key: string;
  readonly name: string;
  readonly facts: readonly ReactNode[];
  /** What else may be done with it. */
  readonly deeds?: readonly MemberDeed[];
  readonly remove: () => Promise<Operation>;
}

export function MemberTable({
  vm,
  path,
  action,
  columns,
  members,
  heading = 'own',
  dialog,
}: {
  readonly vm: Vm;
  readonly path: string;
  readonly action: 'configure' | 'change-disks';
  readonly columns: readonly string[];
  readonly members: readonly Member[];
  /** Whether it has one of its own, or what stands above names it already. */
  readonly heading?: 'own' | 'above';
  readonly dialog: (title: string, onClose: () => void) => ReactNode;
}): ReactNode {
  const words = useWords();
  const text = useVmText();
  const [adding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<Member | undefined>(undefined);
  const { data } = useVmActions(vm.id, true);
  const judge = (one: VmAction) => data?.actions.find((allowed) => allowed.action === one);
  const judged = judge(action);
  const name = nameSetting(words, path);
  const columnName = (column: string): string =>
    column === 'place' ? text('place') : nameSetting(words, `${path}/${column}`);
  const title = text('addMember', { name });
  return (
    <>
      <Flex
        justifyContent={{
          default: heading === 'own' ? 'justifyContentSpaceBetween' : 'justifyContentFlexEnd',
        }}
      >
        {heading === 'own' && <Content component="h2">{name}</Content>}
        <Button
          variant="secondary"
          isDisabled={judged?.allowed !== true}
          onClick={() => setAdding(true)}
        >
          {title}
        </Button>
      </Flex>
      {judged?.allowed === false && <Content component="small">{words.whyNot(judged)}</Content>}
      {members.length === 0 ? (
        <Content component="p">{text('noMembers')}</Content>
      ) : (
        <Table aria-label={name} variant="compact" gridBreakPoint="grid-md">
          <Thead>
            <Tr>
              {columns.map((column) => (
                <Th key={column} modifier="wrap">
                  {columnName(column)}
                </Th>
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
                  {member.deeds === undefined ? (
                    <Button
                      variant="link"
                      isDisabled={judged?.allowed !== true}
                      onClick={() => setLeaving(member)}
                    >
                      {text('detach')}
                    </Button>
                  ) : (
                    <ThingMenu name={member.name} look="row" help={memberHelp}>
                      {member.deeds.map(({ label, act, action: own = action }) => (
                        <DropdownItem
                          key={label}
                          isDisabled={judge(own)?.allowed !== true}
                          onClick={act}
                        >
                          {label}
                        </DropdownItem>
                      ))}
                      <DropdownItem
                        isDanger
                        isDisabled={judged?.allowed !== true}
                        onClick={() => setLeaving(member)}
                      >
                        {text('detach')}
                      </DropdownItem>
                    </ThingMenu>
                  )}
                </Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      )}
      {adding && dialog(title, () => setAdding(false))}
      {leaving !== undefined && (
        <Detach
          name={`${name} ${leaving.key}`}
          remove={leaving.remove}
          onClose={() => setLeaving(undefined)}
        />
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
  const { notices } = useConsole();
  const tellOutcome = useOutcome();
  const words = useWords();
  const text = useVmText();
  const title = `${text('detach')}: ${name}`;
  const act = async (): Promise<void> => {
    onClose();
    try {
      tellOutcome({ action: text('detach'), name }, await remove());
    } catch (error) {
      notices.fail(title, error);
    }
  };
  return (
    <Dialog isOpen variant="small" onClose={onClose} aria-labelledby="detach">
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
    </Dialog>
  );
}
