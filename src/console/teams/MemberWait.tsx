/** What is waited for after a member has started; a change is saved when the field is left. */
import './teams.css';
import { FormSelect, FormSelectOption, TextInput } from '@patternfly/react-core';
import { useEffect, useState, type ReactNode } from 'react';
import { teamWaitSchema, type TeamWait } from '#api';
import { useTeamText } from './words.ts';

/** With the time that one begins with. */
const firstWaits = {
  nothing: { for: 'nothing' },
  time: { for: 'time', seconds: 10 },
  additions: { for: 'additions', timeoutSeconds: 120 },
} as const satisfies Readonly<Record<TeamWait['for'], TeamWait>>;
const kinds = Object.keys(firstWaits) as readonly TeamWait['for'][];

export function MemberWait({
  member,
  wait,
  isDisabled,
  onWait,
}: {
  /** Its name. */
  readonly member: string;
  readonly wait: TeamWait;
  readonly isDisabled: boolean;
  readonly onWait: (wait: TeamWait) => void;
}): ReactNode {
  const text = useTeamText();
  const saved = secondsOf(wait);
  const [typed, setTyped] = useState(saved);
  // Enter and leaving the field after it are one save.
  const [sent, setSent] = useState<string | undefined>(undefined);
  useEffect(() => setTyped(saved), [saved]);
  const parsed = teamWaitSchema.safeParse(withSeconds(wait.for, Number(typed)));
  const save = (): void => {
    if (!parsed.success || typed === saved || typed === sent) return;
    setSent(typed);
    onWait(parsed.data);
  };
  return (
    <span className="member-wait">
      <FormSelect
        aria-label={text('waitOf', { name: member })}
        isDisabled={isDisabled}
        value={wait.for}
        onChange={(_event, to) => {
          const kind = kinds.find((known) => known === to);
          if (kind !== undefined) onWait(firstWaits[kind]);
        }}
      >
        {kinds.map((kind) => (
          <FormSelectOption key={kind} value={kind} label={text(`wait.${kind}`)} />
        ))}
      </FormSelect>
      {wait.for !== 'nothing' && (
        <>
          <TextInput
            type="number"
            min={1}
            max={3600}
            aria-label={text('secondsOf', { name: member })}
            isDisabled={isDisabled}
            validated={parsed.success ? 'default' : 'error'}
            value={typed}
            onChange={(_event, to) => {
              setTyped(to);
              setSent(undefined);
            }}
            onBlur={save}
            onKeyDown={({ key }) => {
              if (key === 'Enter') save();
            }}
          />
          s
        </>
      )}
    </span>
  );
}

function secondsOf(wait: TeamWait): string {
  switch (wait.for) {
    case 'nothing':
      return '';
    case 'time':
      return String(wait.seconds);
    case 'additions':
      return String(wait.timeoutSeconds);
  }
}

function withSeconds(kind: TeamWait['for'], seconds: number): TeamWait {
  switch (kind) {
    case 'nothing':
      return { for: kind };
    case 'time':
      return { for: kind, seconds };
    case 'additions':
      return { for: kind, timeoutSeconds: seconds };
  }
}
