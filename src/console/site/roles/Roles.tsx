/** The roles of the installation: those that are built in, and sets of rights that were put together here (SEC-40). */
import { Content, PageSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { Role } from '#api';
import { useRights } from '../../access/use-rights.ts';
import { useConsole, useWords } from '../../console.ts';
import { Answer } from '../../parts/Answer.tsx';
import { FormDialog } from '../../parts/FormDialog.tsx';
import { JudgedButton } from '../../parts/JudgedButton.tsx';
import { PlainTable, type PlainColumn } from '../../parts/PlainTable.tsx';
import { RoleForm } from './RoleForm.tsx';
import { useRoleNames } from '../../access/role-words.ts';
import { useRoleText } from './words.ts';

const rolesKey = ['role.list'] as const;

interface Asked {
  readonly how: 'write' | 'remove';
  readonly role?: Role;
}

/** Nothing for those who may not see roles. */
export function Roles(): ReactNode {
  const { whyNot, settled } = useRights();
  return (
    settled && whyNot('role.list') === undefined && <Shown whyNotChange={whyNot('role.create')} />
  );
}

function Shown({ whyNotChange }: { readonly whyNotChange: string | undefined }): ReactNode {
  const { client, queries } = useConsole();
  const words = useWords();
  const text = useRoleText();
  const names = useRoleNames();
  const [asked, ask] = useState<Asked>();
  const question = useQuery({
    queryKey: rolesKey,
    queryFn: ({ signal }) =>
      client.call('role.list', { query: { sort: 'name', limit: 1000 } }, signal),
  });
  const readAgain = (): Promise<void> => queries.invalidateQueries({ queryKey: rolesKey });
  const close = (): void => ask(undefined);
  const columns: readonly PlainColumn<Role>[] = [
    [text('role'), ({ name }) => names.name(name), ({ name }) => name],
    [text('meaning'), (role) => names.meaning(role), ({ meaning }) => meaning],
    [text('rights'), (role) => writeVerbs(role), ({ verbs }) => verbs.join(' ')],
    [
      text('origin'),
      (role) => (
        <>
          {text(role.builtIn ? 'builtIn' : 'own')}
          {!role.builtIn && (
            <>
              {' '}
              <JudgedButton
                whyNot={whyNotChange}
                variant="link"
                isInline
                aria-label={text('change', { name: role.name })}
                onClick={() => ask({ how: 'write', role })}
              >
                {words.text('change')}
              </JudgedButton>{' '}
              <JudgedButton
                whyNot={whyNotChange}
                variant="link"
                isInline
                isDanger
                aria-label={text('remove', { name: role.name })}
                onClick={() => ask({ how: 'remove', role })}
              >
                {words.text('delete')}
              </JudgedButton>
            </>
          )}
        </>
      ),
      ({ builtIn }) => builtIn,
    ],
  ];
  const writeVerbs = ({ verbs }: Role): string =>
    verbs.length === 0 ? text('none') : verbs.join(', ');
  const removed = asked?.how === 'remove' ? asked.role : undefined;
  return (
    <PageSection>
      <Content component="h2">{text('roles')}</Content>
      <Content component="p">{text('explain')}</Content>
      <JudgedButton whyNot={whyNotChange} variant="secondary" onClick={() => ask({ how: 'write' })}>
        {text('create')}
      </JudgedButton>
      <Answer question={question}>
        {({ items }) => (
          <PlainTable
            label={text('roles')}
            columns={columns}
            rows={items}
            keyOf={({ id }) => id}
            savedAs={{ fileName: 'roles', items }}
          />
        )}
      </Answer>
      {asked?.how === 'write' && <RoleForm role={asked.role} onDone={readAgain} onClose={close} />}
      {removed !== undefined && <RemoveRole role={removed} onDone={readAgain} onClose={close} />}
    </PageSection>
  );
}

function RemoveRole({
  role,
  onDone,
  onClose,
}: {
  readonly role: Role;
  readonly onDone: () => Promise<void>;
  readonly onClose: () => void;
}): ReactNode {
  const { client, notices } = useConsole();
  const text = useRoleText();
  const title = text('remove', { name: role.name });
  return (
    <FormDialog
      title={title}
      verb={title}
      look="danger"
      canSend
      send={async () => {
        await client.call('role.delete', { params: { role: role.id }, ifMatch: role.version });
        notices.tell(text('deleted', { name: role.name }));
        await onDone();
      }}
      onClose={onClose}
    >
      <p>{text('removeExplain')}</p>
    </FormDialog>
  );
}
