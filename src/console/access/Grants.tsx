/** Who may do what with a thing: the grants on it and on what it lies in; further ones are made, and those on it withdrawn. */
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
import { grantObjectKinds, type Grant } from '#api';
import { useConsole, useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import type { TextKey } from '../i18n/en.ts';
import type { Words } from '../i18n/words.ts';
import { useVmText } from '../vm/words/vm-words.ts';
import { useRoleNames } from './role-words.ts';

const kindTexts: Readonly<Partial<Record<Grant['objectKind'], TextKey>>> = {
  vm: 'virtualMachine',
  host: 'host',
  folder: 'folder',
  image: 'image',
  installation: 'installation',
};

function nameKind(words: Words, kind: Grant['objectKind']): string {
  const key = kindTexts[kind];
  return key === undefined ? words.told(kind) : words.text(key);
}

const listQuery = { limit: 1000 } as const;

/**
 * What roles are granted on here: the vm or host itself, what it lies in, and the whole installation are said in the rows. Where it is the
 * installation, the object is named in the form.
 */
export interface GrantedOn {
  readonly kind: 'vm' | 'host' | 'installation';
  readonly id: string;
  /** Whether a grant reaches it. */
  readonly covers: (grant: Grant) => boolean;
}

export function Grants({
  title,
  on,
}: {
  readonly title: string;
  readonly on: GrantedOn;
}): ReactNode {
  const { client, queries, notices } = useConsole();
  const words = useWords();
  const text = useVmText();
  const names = useRoleNames();
  const queryKey = ['grant.list', on.id];
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
      <Content component="h2">{title}</Content>
      <Answer question={question}>
        {({ items }) => {
          const grants = items.filter((grant) => on.covers(grant));
          return (
            <>
              {grants.length === 0 ? (
                <Content component="p">{text('allowNothing')}</Content>
              ) : (
                <Table aria-label={text('grants')} variant="compact" gridBreakPoint="grid-lg">
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
                        <Td dataLabel={text('role')}>{names.name(grant.role)}</Td>
                        <Td dataLabel={text('granted')}>
                          <Label isCompact color={grant.deny ? 'red' : 'green'}>
                            {text(grant.deny ? 'deny' : 'allow')}
                          </Label>
                        </Td>
                        <Td dataLabel={text('grantObject')}>
                          {`${nameKind(words, grant.objectKind)} ${grant.object}`}
                        </Td>
                        <Td isActionCell>
                          {(grant.objectKind === on.kind || on.kind === 'installation') && (
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
              <NewGrant on={on} onDone={reread} />
            </>
          );
        }}
      </Answer>
    </>
  );
}

function NewGrant({
  on,
  onDone,
}: {
  readonly on: GrantedOn;
  readonly onDone: () => void;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useVmText();
  const names = useRoleNames();
  const roles = useQuery({
    queryKey: ['role.list'],
    queryFn: ({ signal }) => client.call('role.list', { query: listQuery }, signal),
  });
  const [subjectKind, setSubjectKind] = useState<Grant['subjectKind']>('user');
  const [subject, setSubject] = useState('');
  const [chosen, setRole] = useState<string | undefined>(undefined);
  const [deny, setDeny] = useState(false);
  const [objectKind, setObjectKind] = useState<Grant['objectKind']>(on.kind);
  const [object, setObject] = useState(on.id);
  const [failure, setFailure] = useState<unknown>(undefined);
  const role = chosen ?? roles.data?.items[0]?.name ?? '';
  const grant = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    try {
      await client.call('grant.create', {
        body: { subjectKind, subject, role, objectKind, object, deny },
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
          {(roles.data?.items ?? []).map((one) => (
            <FormSelectOption
              key={one.id}
              value={one.name}
              label={`${names.name(one.name)} – ${names.meaning(one)}`}
            />
          ))}
        </FormSelect>
      </FormGroup>
      {on.kind === 'installation' && (
        <>
          <FormGroup label={text('grantObject')} fieldId="grant-object-kind">
            <FormSelect
              id="grant-object-kind"
              value={objectKind}
              onChange={(_event, to) => {
                setObjectKind(grantObjectKinds.find((kind) => kind === to) ?? 'installation');
                setObject('');
              }}
            >
              {grantObjectKinds.map((kind) => (
                <FormSelectOption key={kind} value={kind} label={nameKind(words, kind)} />
              ))}
            </FormSelect>
          </FormGroup>
          {objectKind !== 'installation' && (
            <FormGroup label={nameKind(words, objectKind)} fieldId="grant-object" isRequired>
              <TextInput
                id="grant-object"
                isRequired
                autoComplete="off"
                value={object}
                onChange={(_event, to) => setObject(to)}
              />
            </FormGroup>
          )}
        </>
      )}
      <Checkbox
        id="grant-deny"
        label={text('denyInstead')}
        isChecked={deny}
        onChange={(_event, checked) => setDeny(checked)}
      />
      <ActionGroup>
        <Button
          type="submit"
          variant="secondary"
          isDisabled={
            subject === '' || role === '' || (object === '' && objectKind !== 'installation')
          }
        >
          {text('grantRole')}
        </Button>
      </ActionGroup>
    </Form>
  );
}
