/** The devices as the guest sees them, or as the next start will make them. */
import { Content } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Vm } from '#api';
import { useConsole } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { useVmText } from './words/vm-words.ts';

const columns = ['device', 'model', 'bus', 'position', 'address', 'resource'] as const;

export function EffectiveHardware({ vm }: { readonly vm: Vm }): ReactNode {
  const { client } = useConsole();
  const text = useVmText();
  const question = useQuery({
    queryKey: ['vm.hardware', vm.id, vm.version, vm.state],
    queryFn: ({ signal }) => client.call('vm.hardware', { params: { vm: vm.id } }, signal),
  });
  return (
    <Answer question={question}>
      {({ running, devices }) => {
        const title = text(running ? 'effective' : 'effectiveNext');
        return (
          <>
            <Content component="h2">{title}</Content>
            <Table aria-label={title} variant="compact" gridBreakPoint="grid-md">
              <Thead>
                <Tr>
                  {columns.map((column) => (
                    <Th key={column}>{text(column)}</Th>
                  ))}
                </Tr>
              </Thead>
              <Tbody>
                {devices.map((device, index) => (
                  <Tr key={index}>
                    {columns.map((column) => (
                      <Td key={column} dataLabel={text(column)} modifier="breakWord">
                        {device[column] ?? ''}
                      </Td>
                    ))}
                  </Tr>
                ))}
              </Tbody>
            </Table>
          </>
        );
      }}
    </Answer>
  );
}
