/** The members of a team in the order in which they are started; moved, added and taken out here. */
import './teams.css';
import { ActionList, ActionListItem, Content, EmptyState, TextInput } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { Team, TeamWait } from '#api';
import { useRights } from '../access/use-rights.ts';
import { useConsole, useWords } from '../console.ts';
import { JudgedButton } from '../parts/JudgedButton.tsx';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import { VmStateLabel } from '../vm/VmStateLabel.tsx';
import { MemberWait } from './MemberWait.tsx';
import { useTeamText } from './words.ts';

/** As it is given back: a vm by id or name. */
interface Place {
  readonly vm: string;
  readonly wait: TeamWait;
}

export function TeamMembers({ team }: { readonly team: Team }): ReactNode {
  const { client, queries } = useConsole();
  const words = useWords();
  const text = useTeamText();
  const { whyNot } = useRights({ team: team.id });
  const [added, setAdded] = useState('');
  const [failure, setFailure] = useState<unknown>(undefined);
  const isGreyed = whyNot('team.update') !== undefined;
  const places: readonly Place[] = team.members.map(({ vm, wait }) => ({ vm, wait }));
  const change = async (members: readonly Place[]): Promise<void> => {
    try {
      const changed = await client.call('team.update', {
        params: { team: team.id },
        body: { members: [...members] },
        ifMatch: team.version,
      });
      queries.setQueryData(['team.show', team.id], changed);
      setAdded('');
      setFailure(undefined);
    } catch (error) {
      setFailure(error);
      await queries.invalidateQueries({ queryKey: ['team.show', team.id] });
    }
  };
  return (
    <>
      <Content component="p">{text('order')}</Content>
      {failure !== undefined && <FailureAlert error={failure} />}
      {places.length === 0 && <EmptyState titleText={text('empty')} headingLevel="h2" />}
      {places.length > 0 && (
        <Table aria-label={words.text('members')} variant="compact" gridBreakPoint="grid-md">
          <Thead>
            <Tr>
              <Th>{text('position')}</Th>
              <Th>{words.text('name')}</Th>
              <Th>{words.text('state')}</Th>
              <Th>{text('wait')}</Th>
              <Th screenReaderText={words.text('actions')} />
            </Tr>
          </Thead>
          <Tbody>
            {team.members.map(({ vm, name, state, wait }, index) => (
              <Tr key={vm}>
                <Td dataLabel={text('position')}>{words.count(index + 1)}</Td>
                <Td dataLabel={words.text('name')}>
                  <Link to="/vms/$vm" params={{ vm }}>
                    {name}
                  </Link>
                </Td>
                <Td dataLabel={words.text('state')}>
                  <VmStateLabel state={state} />
                </Td>
                <Td dataLabel={text('wait')}>
                  <MemberWait
                    member={name}
                    wait={wait}
                    isDisabled={isGreyed}
                    onWait={(to) => void change(places.with(index, { vm, wait: to }))}
                  />
                </Td>
                <Td isActionCell>
                  <ActionList isIconList>
                    <MoveButton
                      whyNot={whyNot('team.update')}
                      sign="↑"
                      label={text('up', { name })}
                      to={index === 0 ? undefined : swap(places, index - 1)}
                      onMove={change}
                    />
                    <MoveButton
                      whyNot={whyNot('team.update')}
                      sign="↓"
                      label={text('down', { name })}
                      to={index === places.length - 1 ? undefined : swap(places, index)}
                      onMove={change}
                    />
                    <MoveButton
                      whyNot={whyNot('team.update')}
                      sign="✕"
                      label={text('remove', { name })}
                      to={places.toSpliced(index, 1)}
                      onMove={change}
                    />
                  </ActionList>
                </Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      )}
      <form
        className="add-member"
        onSubmit={(event) => {
          event.preventDefault();
          void change([...places, { vm: added, wait: { for: 'nothing' } }]);
        }}
      >
        <TextInput
          aria-label={text('vm')}
          placeholder={text('vm')}
          isDisabled={isGreyed}
          value={added}
          onChange={(_event, value) => setAdded(value)}
        />
        <JudgedButton
          whyNot={whyNot('team.update')}
          type="submit"
          variant="secondary"
          isDisabled={added === ''}
        >
          {text('add')}
        </JudgedButton>
      </form>
    </>
  );
}

function MoveButton({
  whyNot,
  sign,
  label,
  to,
  onMove,
}: {
  readonly whyNot: string | undefined;
  readonly sign: string;
  readonly label: string;
  /** The members after it; undefined: not possible. */
  readonly to: readonly Place[] | undefined;
  readonly onMove: (members: readonly Place[]) => Promise<void>;
}): ReactNode {
  return (
    <ActionListItem>
      <JudgedButton
        whyNot={whyNot}
        variant="plain"
        aria-label={label}
        isAriaDisabled={to === undefined}
        icon={<span aria-hidden>{sign}</span>}
        onClick={() => {
          if (to !== undefined) void onMove(to);
        }}
      />
    </ActionListItem>
  );
}

/** The one at the index and the one behind it, exchanged. */
function swap(places: readonly Place[], index: number): readonly Place[] {
  return places.toSpliced(index, 2, ...places.slice(index, index + 2).reverse());
}
