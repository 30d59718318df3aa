/** The guest additions of a vm: their state and version, how they are installed, and what they can do (GA-03): each function by itself, or why this guest does not have it. */
import { Card, CardBody, CardTitle } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { ReactNode } from 'react';
import { additionsFunctions, type AdditionsFunction, type Vm } from '#api';
import { useWords } from '../console.ts';
import { FactList } from '../parts/FactList.tsx';
import { InstallAdditions } from './InstallAdditions.tsx';
import { useVmText } from './words/vm-words.ts';

const functions = Object.keys(additionsFunctions) as readonly AdditionsFunction[];

export function Additions({ vm }: { readonly vm: Vm }): ReactNode {
  const words = useWords();
  const text = useVmText();
  const { additions } = vm.status;
  return (
    <Card isCompact>
      <CardTitle component="h2">{words.text('guestAdditions')}</CardTitle>
      <CardBody>
        <FactList
          facts={[
            [words.text('state'), text(`additions.${additions.state}`)],
            [text('version'), additions.version ?? words.text('notAvailable')],
          ]}
        />
        <InstallAdditions vm={vm} />
        <Table
          aria-label={words.text('guestAdditions')}
          variant="compact"
          gridBreakPoint="grid-md"
          borders={false}
        >
          <Thead>
            <Tr>
              <Th>{text('function')}</Th>
              <Th>{text('available')}</Th>
            </Tr>
          </Thead>
          <Tbody>
            {functions.map((name) => {
              const told = additions.functions[name];
              return (
                <Tr key={name}>
                  <Td dataLabel={text('function')}>{text(`function.${name}`)}</Td>
                  <Td dataLabel={text('available')}>
                    {told === true
                      ? text('yes')
                      : `${text('no')}${told === undefined ? '' : `: ${words.told(told)}`}`}
                  </Td>
                </Tr>
              );
            })}
          </Tbody>
        </Table>
      </CardBody>
    </Card>
  );
}
