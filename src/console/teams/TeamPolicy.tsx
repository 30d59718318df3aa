/** What becomes of the others when a member of a team fails; a choice is saved at once. */
import { Form, FormGroup, FormSelect, FormSelectOption } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { failurePolicies, type Team } from '#api';
import { useRights } from '../access/use-rights.ts';
import { useConsole } from '../console.ts';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import { Hint } from '../parts/Hint.tsx';
import { useTeamText } from './words.ts';

export function TeamPolicy({ team }: { readonly team: Team }): ReactNode {
  const { client, queries } = useConsole();
  const text = useTeamText();
  const whyNot = useRights({ team: team.id }).whyNot('team.update');
  const [failure, setFailure] = useState<unknown>(undefined);
  const queryKey = ['team.show', team.id];
  const change = async (chosen: string): Promise<void> => {
    const onFailure = failurePolicies.find((known) => known === chosen);
    try {
      const changed = await client.call('team.update', {
        params: { team: team.id },
        body: { onFailure },
        ifMatch: team.version,
      });
      queries.setQueryData(queryKey, changed);
      setFailure(undefined);
    } catch (error) {
      setFailure(error);
      await queries.invalidateQueries({ queryKey });
    }
  };
  return (
    <Form isHorizontal className="team-policy" onSubmit={(event) => event.preventDefault()}>
      {failure !== undefined && <FailureAlert error={failure} />}
      <FormGroup label={text('onFailure')} fieldId="team-policy">
        <FormSelect
          id="team-policy"
          isDisabled={whyNot !== undefined}
          value={team.onFailure}
          onChange={(_event, to) => void change(to)}
        >
          {failurePolicies.map((policy) => (
            <FormSelectOption key={policy} value={policy} label={text(`onFailure.${policy}`)} />
          ))}
        </FormSelect>
        <Hint id="team-policy-hint">{whyNot}</Hint>
      </FormGroup>
    </Form>
  );
}
