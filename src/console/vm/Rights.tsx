/** Who may do what with this vm: the grants on it and on what it lies in, and what one may do oneself. */
import {
  ActionGroup,
  Button,
  Checkbox,
  Content,
  Form,
  FormGroup,
  FormSelect,
  FormSelectOption,
  Label,
  TextInput,
} from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import { coversVm, type Grant, type Vm } from '#api';
import { useConsole, useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import { useVmActions } from '../parts/ask.ts';
import { useVmText } from './words/vm-words.ts';

const listQuery = { limit: 1000 } as const;

export function Rights({ vm }: { readonly vm: Vm }): ReactNode {
  const { client, queries, notices } = useConsole();
  const words = useWords();
  const text = useVmText();
  const queryKey = ['grant.list', vm.id];
  const question = useQuery({
    queryKey,
    staleTime: 0,
    queryFn: ({ signal }) => client.call('grant.list', { query: listQuery }, signal),
  });
  const reread = (): void => void queries.invalidateQueries({ queryKey });
  const withdraw = async (grant: Grant): Promise<void> => {
    try {
      await client.call('grant.delete', { params: { grant: grant.id }, ifMatch: grant.version });
    } catch (error) {
      notices.fail(text('withdraw'), error);
    }
    reread();
  };
  return (
    <>
      <Content component="h2">{text('allowedBy')}</Content>
      <Answer question={question}>
        {({ items }) => {
          const grants = items.filter((grant) => coversVm(grant, vm));
          return (
            <>
              {grants.length === 0 ? (
                <Content component="p">{text('allowNothing')}</Content>
              ) : (
                <Table aria-label={text('grants')} variant="compact" gridBreakPoint="grid-md">
                  <Thead>
                    <Tr>
                      <Th>{words.text('user')}</Th>
                      <Th>{text('role')}</Th>
                      <Th>{text('granted')}</Th>
                      <Th>{text('grantObject')}</Th>
                      <Th screenReaderText={words.text('actions')} />
                    </Tr>
                  </Thead>
                  <Tbody>
                    {grants.map((grant) => (
                      <Tr key={grant.id}>
                        <Td dataLabel={words.text('user')}>
                          {grant.subjectKind === 'group'
                            ? `${text('group')} ${grant.subject}`
                            : grant.subject}
                        </Td>
                        <Td dataLabel={text('role')}>{grant.role}</Td>
                        <Td dataLabel={text('granted')}>
                          <Label isCompact color={grant.deny ? 'red' : 'green'}>
                            {text(grant.deny ? 'deny' : 'allow')}
                          </Label>
                        </Td>
                        <Td dataLabel={text('grantObject')}>
                          {`${grant.objectKind} ${grant.object}`}
                        </Td>
                        <Td isActionCell>
                          {grant.objectKind === 'vm' && (
                            <Button variant="link" onClick={() => void withdraw(grant)}>
                              {text('withdraw')}
                            </Button>
                          )}
                        </Td>
                      </Tr>
                    ))}
                  </Tbody>
                </Table>
              )}
              <NewGrant vm={vm} onDone={reread} />
            </>
          );
        }}
      </Answer>
      <MyRights vm={vm} />
    </>
  );
}

function NewGrant({ vm, onDone }: { readonly vm: Vm; readonly onDone: () => void }): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useVmText();
  const roles = useQuery({
    queryKey: ['role.list'],
    queryFn: ({ signal }) => client.call('role.list', { query: listQuery }, signal),
  });
  const [subjectKind, setSubjectKind] = useState<Grant['subjectKind']>('user');
  const [subject, setSubject] = useState('');
  const [chosen, setRole] = useState<string | undefined>(undefined);
  const [deny, setDeny] = useState(false);
  const [failure, setFailure] = useState<unknown>(undefined);
  const role = chosen ?? roles.data?.items[0]?.name ?? '';
  const grant = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    try {
      await client.call('grant.create', {
        body: { subjectKind, subject, role, objectKind: 'vm', object: vm.id, deny },
      });
      setFailure(undefined);
      setSubject('');
      onDone();
    } catch (error) {
      setFailure(error);
    }
  };
  return (
    <Form isHorizontal className="settings" onSubmit={(event) => void grant(event)}>
      <Content component="h3">{text('grantRole')}</Content>
      {failure !== undefined && <FailureAlert error={failure} />}
      <FormGroup label={text('subjectKind')} fieldId="grant-kind">
        <FormSelect
          id="grant-kind"
          value={subjectKind}
          onChange={(_event, to) => setSubjectKind(to === 'group' ? 'group' : 'user')}
        >
          <FormSelectOption value="user" label={words.text('user')} />
          <FormSelectOption value="group" label={text('group')} />
        </FormSelect>
      </FormGroup>
      <FormGroup label={words.text('name')} fieldId="grant-subject" isRequired>
        <TextInput
          id="grant-subject"
          isRequired
          autoComplete="off"
          value={subject}
          onChange={(_event, to) => setSubject(to)}
        />
      </FormGroup>
      <FormGroup label={text('role')} fieldId="grant-role">
        <FormSelect id="grant-role" value={role} onChange={(_event, to) => setRole(to)}>
          {(roles.data?.items ?? []).map(({ id, name, meaning }) => (
            <FormSelectOption key={id} value={name} label={`${name} – ${meaning}`} />
          ))}
        </FormSelect>
      </FormGroup>
      <Checkbox
        id="grant-deny"
        label={text('denyInstead')}
        isChecked={deny}
        onChange={(_event, checked) => setDeny(checked)}
      />
      <ActionGroup>
        <Button type="submit" variant="secondary" isDisabled={subject === '' || role === ''}>
          {text('grantRole')}
        </Button>
      </ActionGroup>
    </Form>
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
          <Table aria-label={text('whatIsThis')} variant="compact" gridBreakPoint="grid-md">
            <Thead>
              <Tr>
                <Th>{words.text('actions')}</Th>
                <Th>{text('granted')}</Th>
                <Th>{words.text('reason')}</Th>
              </Tr>
            </Thead>
            <Tbody>
              {actions.map(({ action, allowed, reason, hint }) => (
                <Tr key={action}>
                  <Td dataLabel={words.text('actions')}>{words.action(action)}</Td>
                  <Td dataLabel={text('granted')}>{text(allowed ? 'now' : 'notNow')}</Td>
                  <Td dataLabel={words.text('reason')} modifier="breakWord">
                    {[reason, hint].filter((part) => part !== undefined).join(' – ')}
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
