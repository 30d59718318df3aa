/** Who may sign in: each with groups, how and when they signed in, and what can be changed of it. */
import { Content, Label, PageSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { User } from '#api';
import { useRights } from '../access/use-rights.ts';
import { useConsole, useWords } from '../console.ts';
import { pageHelp } from '../manual/help.ts';
import { Answer } from '../parts/Answer.tsx';
import { JudgedItem } from '../parts/JudgedItem.tsx';
import { PlainTable, type PlainColumn } from '../parts/PlainTable.tsx';
import { RemoveDialog } from '../parts/RemoveDialog.tsx';
import { ThingMenu } from '../parts/ThingMenu.tsx';
import { SignInLink } from './SignInLink.tsx';
import { UserForm } from './UserForm.tsx';
import { usePeopleText } from './words.ts';

const usersKey = ['user.list'] as const;

/** What is open over the page. */
export type AskedOfUser =
  { readonly how: 'create' } | { readonly how: 'change' | 'link' | 'remove'; readonly id: string };

export function Users({
  asked,
  ask,
}: {
  readonly asked: AskedOfUser | undefined;
  readonly ask: (asked: AskedOfUser | undefined) => void;
}): ReactNode {
  const { client, queries } = useConsole();
  const words = useWords();
  const text = usePeopleText();
  const question = useQuery({
    queryKey: usersKey,
    queryFn: ({ signal }) =>
      client.call('user.list', { query: { sort: 'name', limit: 1000 } }, signal),
  });
  const readAgain = (): Promise<void> => queries.invalidateQueries({ queryKey: usersKey });
  const close = (): void => ask(undefined);
  const found =
    asked === undefined || asked.how === 'create'
      ? undefined
      : question.data?.items.find(({ id }) => id === asked.id);
  const columns: readonly PlainColumn<User>[] = [
    [words.text('user'), ({ name }) => name, ({ name }) => name],
    [text('displayName'), ({ displayName }) => displayName, ({ displayName }) => displayName],
    [text('groups'), ({ groups }) => groups.join(', '), ({ groups }) => groups.join(' ')],
    [text('signIn'), (user) => text(signInOf(user)), (user) => signInOf(user)],
    [
      text('lastSignIn'),
      ({ lastSignInAt }) => (lastSignInAt === null ? text('never') : words.time(lastSignInAt)),
      ({ lastSignInAt }) => lastSignInAt,
    ],
    [
      text('state'),
      ({ disabled }) => (
        <Label isCompact color={disabled ? 'red' : 'green'}>
          {text(disabled ? 'disabled' : 'enabled')}
        </Label>
      ),
      ({ disabled }) => disabled,
    ],
    [words.text('actions'), (user) => <UserMenu user={user} ask={ask} onDone={readAgain} />],
  ];
  return (
    <PageSection>
      <Content component="h2">{text('users')}</Content>
      <Content component="p">{text('explain')}</Content>
      <Answer question={question}>
        {({ items }) => (
          <PlainTable
            label={text('users')}
            columns={columns}
            rows={items}
            keyOf={({ id }) => id}
            savedAs={{ fileName: 'users', items }}
          />
        )}
      </Answer>
      {asked?.how === 'create' && <UserForm user={undefined} onDone={readAgain} onClose={close} />}
      {found !== undefined && asked?.how === 'change' && (
        <UserForm user={found} onDone={readAgain} onClose={close} />
      )}
      {found !== undefined && asked?.how === 'link' && <SignInLink user={found} onClose={close} />}
      {found !== undefined && asked?.how === 'remove' && (
        <RemoveDialog
          title={text('remove', { name: found.name })}
          explain={text('removeExplain')}
          remove={async () => {
            const params = { user: found.id };
            await client.call('user.delete', { params, ifMatch: found.version });
            await readAgain();
          }}
          done={text('deleted', { name: found.name })}
          onClose={close}
        />
      )}
    </PageSection>
  );
}

function signInOf({
  hasPassword,
  hasSecondFactor,
}: User): 'noPassword' | 'bothFactors' | 'password' {
  if (!hasPassword) return 'noPassword';
  return hasSecondFactor ? 'bothFactors' : 'password';
}

function UserMenu({
  user,
  ask,
  onDone,
}: {
  readonly user: User;
  readonly ask: (asked: AskedOfUser) => void;
  readonly onDone: () => Promise<void>;
}): ReactNode {
  const { client, notices } = useConsole();
  const words = useWords();
  const text = usePeopleText();
  const { whyNot } = useRights();
  const why = whyNot('user.update');
  const { name } = user;
  const act = async (label: string, work: () => Promise<unknown>, done: string): Promise<void> => {
    try {
      await work();
      notices.tell(done);
    } catch (error) {
      notices.fail(label, error);
    }
    await onDone();
  };
  const params = { user: user.id };
  const turn = text(user.disabled ? 'enable' : 'disable');
  const told = text(user.disabled ? 'enabledNow' : 'disabledNow', { name });
  const update = () => client.call('user.update', { params, body: { disabled: !user.disabled } });
  const dropFactor = () => client.call('user.second-factor.delete', { params });
  // Whoever has signed in meanwhile has another version.
  const open = (how: 'change' | 'link' | 'remove'): void =>
    void onDone().then(() => ask({ how, id: user.id }));
  const entries: readonly (readonly [label: string, onChosen: () => void])[] = [
    [words.text('change'), () => open('change')],
    [text('link'), () => open('link')],
    ...(user.hasSecondFactor
      ? ([
          [
            text('dropFactor'),
            () => void act(text('dropFactor'), dropFactor, text('factorGone', { name })),
          ],
        ] as const)
      : []),
    [turn, () => void act(turn, update, told)],
    [words.text('delete'), () => open('remove')],
  ];
  return (
    <ThingMenu name={name} look="row" help={pageHelp.people}>
      {entries.map(([label, onChosen]) => (
        <JudgedItem key={label} whyNot={why} onClick={onChosen}>
          {label}
        </JudgedItem>
      ))}
    </ThingMenu>
  );
}
