/** What the guest additions of a vm can do (GA-03): each function by itself, or why this guest does not have it. */
import { Button, Card, CardBody, CardTitle, Content } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState, type ReactNode } from 'react';
import { additionsFunctions, type AdditionsFunction, type Vm } from '#api';
import { useWords } from '../console.ts';
import { useVmActions } from '../parts/ask.ts';
import { MediaDialog } from './MediaDialog.tsx';
import { useVmText } from './words/vm-words.ts';

const functions = Object.keys(additionsFunctions) as readonly AdditionsFunction[];

export function Additions({ vm }: { readonly vm: Vm }): ReactNode {
  const words = useWords();
  const text = useVmText();
  const { additions } = vm.status;
  const { data } = useVmActions(vm.id, true);
  const insert = data?.actions.find(({ action }) => action === 'insert-media');
  const [media, setMedia] = useState(false);
  return (
    <Card isCompact>
      <CardTitle component="h2">{words.text('guestAdditions')}</CardTitle>
      <CardBody>
        {additions.state === 'none' && (
          <>
            <Content component="p">{text('additionsInstall')}</Content>
            <Button
              variant="secondary"
              isDisabled={insert?.allowed !== true}
              onClick={() => setMedia(true)}
            >
              {text('media')}
            </Button>
          </>
        )}
        {media && <MediaDialog vm={vm} onClose={() => setMedia(false)} />}
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
                      : `${text('no')}${told === undefined ? '' : `: ${told}`}`}
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
