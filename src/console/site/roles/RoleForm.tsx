/** A role that is made, or the rights of one that is there: each right with what it permits. */
import { Checkbox, FormGroup, TextInput } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { allVerbs, type Role, type Verb } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { FormDialog } from '../../parts/FormDialog.tsx';
import { useRoleText } from './words.ts';

export function RoleForm({
  role,
  onDone,
  onClose,
}: {
  /** The one that is changed; absent: one is made. */
  readonly role: Role | undefined;
  readonly onDone: () => Promise<void>;
  readonly onClose: () => void;
}): ReactNode {
  const { client, notices } = useConsole();
  const words = useWords();
  const text = useRoleText();
  const [name, setName] = useState(role?.name ?? '');
  const [meaning, setMeaning] = useState(role?.meaning ?? '');
  const [chosen, choose] = useState<ReadonlySet<Verb>>(() => new Set(role?.verbs));
  const send = async (): Promise<void> => {
    const verbs = allVerbs.filter((verb) => chosen.has(verb));
    if (role === undefined) {
      await client.call('role.create', { body: { name: name.trim(), meaning, verbs } });
      notices.tell(text('created', { name: name.trim() }));
    } else {
      const params = { role: role.id };
      await client.call('role.update', {
        params,
        body: { meaning, verbs },
        ifMatch: role.version,
      });
    }
    await onDone();
  };
  return (
    <FormDialog
      title={role === undefined ? text('create') : text('change', { name: role.name })}
      verb={role === undefined ? text('create') : words.text('save')}
      look="primary"
      size="medium"
      canSend={name.trim() !== '' && chosen.size > 0}
      send={send}
      onClose={onClose}
    >
      {role === undefined && (
        <FormGroup label={text('name')} fieldId="role-name" isRequired>
          <TextInput
            id="role-name"
            autoFocus
            isRequired
            maxLength={100}
            value={name}
            onChange={(_event, to) => setName(to)}
          />
        </FormGroup>
      )}
      <FormGroup label={text('meaning')} fieldId="role-meaning">
        <TextInput
          id="role-meaning"
          maxLength={500}
          value={meaning}
          onChange={(_event, to) => setMeaning(to)}
        />
      </FormGroup>
      <FormGroup label={text('rights')} role="group" isStack>
        {allVerbs.map((verb) => (
          <Checkbox
            key={verb}
            id={`right-${verb}`}
            label={verb}
            description={text(verb)}
            isChecked={chosen.has(verb)}
            onChange={(_event, to) => {
              const next = new Set(chosen);
              if (to) next.add(verb);
              else next.delete(verb);
              choose(next);
            }}
          />
        ))}
      </FormGroup>
    </FormDialog>
  );
}
