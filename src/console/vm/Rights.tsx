/** Who may do what with this vm, and what one may do oneself. */
import { Content } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { ReactNode } from 'react';
import { coversVm, type Vm } from '#api';
import { Grants } from '../access/Grants.tsx';
import { useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { useVmActions } from '../parts/ask.ts';
import { useVmText } from './words/vm-words.ts';

export function Rights({ vm }: { readonly vm: Vm }): ReactNode {
  const text = useVmText();
  return (
    <>
      <Grants
        title={text('allowedBy')}
        on={{ kind: 'vm', id: vm.id, covers: (grant) => coversVm(grant, vm) }}
      />
      <MyRights vm={vm} />
    </>
  );
}

/** Every action, whether it is possible now, else why not and what would help. */
function MyRights({ vm }: { readonly vm: Vm }): ReactNode {
  const words = useWords();
  const text = useVmText();
  return (
    <>
      <Content component="h2">{text('whatIsThis')}</Content>
      <Answer question={useVmActions(vm.id, true)}>
        {({ actions }) => (
          <Table aria-label={text('whatIsThis')} variant="compact" gridBreakPoint="grid-lg">
            <Thead>
              <Tr>
                <Th>{words.text('actions')}</Th>
                <Th>{text('granted')}</Th>
                <Th>{words.text('reason')}</Th>
              </Tr>
            </Thead>
            <Tbody>
              {actions.map((judged) => (
                <Tr key={judged.action}>
                  <Td dataLabel={words.text('actions')}>{words.action(judged.action)}</Td>
                  <Td dataLabel={text('granted')}>{text(judged.allowed ? 'now' : 'notNow')}</Td>
                  <Td dataLabel={words.text('reason')} modifier="breakWord">
                    {words.whyNot(judged)}
                  </Td>
                </Tr>
              ))}
            </Tbody>
          </Table>
        )}
      </Answer>
    </>
  );
}
