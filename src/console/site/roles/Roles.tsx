/** The roles of the installation: those that are built in, and sets of rights that were put together here (SEC-40). */
import { Content, PageSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { Role } from '#api';
import { useRights } from '../../access/use-rights.ts';
import { useConsole, useWords } from '../../console.ts';
import { Answer } from '../../parts/Answer.tsx';
import { JudgedButton } from '../../parts/JudgedButton.tsx';
import { PlainTable, type PlainColumn } from '../../parts/PlainTable.tsx';
import { RemoveDialog } from '../../parts/RemoveDialog.tsx';
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
      {removed !== undefined && (
        <RemoveDialog
          title={text('remove', { name: removed.name })}
          explain={text('removeExplain')}
          remove={async () => {
            const params = { role: removed.id };
            await client.call('role.delete', { params, ifMatch: removed.version });
            await readAgain();
          }}
          done={text('deleted', { name: removed.name })}
          onClose={close}
        />
      )}
    </PageSection>
  );
}
