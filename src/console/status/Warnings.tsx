/** What is wrong, with the way to what it is about, what helps, and who has taken note of it. */
import {
  Button,
  ExpandableSection,
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  TextArea,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { Warning } from '#api';
import { useConsole, useWords } from '../console.ts';
import type { Narrowed } from '../frame/narrowed.ts';
import { Answer } from '../parts/Answer.tsx';
import { findingVariants } from '../parts/FindingList.tsx';
import { FormDialog } from '../parts/FormDialog.tsx';
import { ThingLink } from '../work/ThingLink.tsx';
import { useWarningText } from './words.ts';
import { Alert } from '../parts/Alert.tsx';

const warningsKey = ['warning.list'] as const;

export function Warnings({ narrowed }: { readonly narrowed: Narrowed | undefined }): ReactNode {
  const { client, queries } = useConsole();
  const words = useWords();
  const text = useWarningText();
  const [noting, setNoting] = useState<Warning>();
  const question = useQuery({
    queryKey: warningsKey,
    queryFn: ({ signal }) => client.call('warning.list', {}, signal),
  });
  const readAgain = (): Promise<void> => queries.invalidateQueries({ queryKey: warningsKey });
  const reopen = async ({ id }: Warning): Promise<void> => {
    await client.call('warning.reopen', { params: { warning: id } });
    await readAgain();
  };
  return (
    <Answer question={question}>
      {({ items: all, total: found }) => {
        // What is not about a host is about each.
        const items = all.filter(({ hostId }) => isHere(hostId, narrowed));
        const total = narrowed === undefined ? found : items.length;
        const noted = items.filter(({ acknowledged }) => acknowledged !== null);
        const open = items.filter(({ acknowledged }) => acknowledged === null);
        return (
          <section aria-label={text('warnings')} className="findings">
            {open.length === 0 && (
              <Alert
                variant="success"
                isInline
                isPlain
                component="p"
                title={words.text('nothingWrong')}
              />
            )}
            {open.map((warning) => (
              <OneWarning key={warning.id} warning={warning}>
                <Button variant="link" isInline onClick={() => setNoting(warning)}>
                  {text('acknowledge')}
                </Button>
              </OneWarning>
            ))}
            {total > items.length && (
              <p>{text('more', { count: words.count(total - items.length) })}</p>
            )}
            {noted.length > 0 && (
              <ExpandableSection
                toggleText={text('acknowledgedOnes', { count: words.count(noted.length) })}
              >
                <div className="findings">
                  {noted.map((warning) => (
                    <OneWarning key={warning.id} warning={warning}>
                      <Button variant="link" isInline onClick={() => void reopen(warning)}>
                        {text('reopen')}
                      </Button>
                    </OneWarning>
                  ))}
                </div>
              </ExpandableSection>
            )}
            {noting !== undefined && (
              <Acknowledge
                warning={noting}
                onDone={readAgain}
                onClose={() => setNoting(undefined)}
              />
            )}
          </section>
        );
      }}
    </Answer>
  );
}

const isHere = (hostId: string | null, narrowed: Narrowed | undefined): boolean =>
  narrowed === undefined || hostId === null || hostId === narrowed.id;

function OneWarning({
  warning,
  children,
}: {
  readonly warning: Warning;
  readonly children: ReactNode;
}): ReactNode {
  const words = useWords();
  const text = useWarningText();
  const { result, thing, acknowledged } = warning;
  const { what, remedy } = words.finding(warning);
  return (
    <Alert
      variant={findingVariants[result]}
      isInline
      component="p"
      title={what}
      actionLinks={
        <>
          {thing.kind === 'installation' ? (
            <Link to="/site">{words.text('siteSettings')}</Link>
          ) : (
            <ThingLink thing={thing} />
          )}
          {children}
        </>
      }
    >
      {remedy !== null && <p>{words.text('remedy', { remedy })}</p>}
      {acknowledged !== null && (
        <p>
          {text('acknowledged', {
            by: acknowledged.by,
            at: words.time(acknowledged.at),
            note: acknowledged.note,
          })}
        </p>
      )}
    </Alert>
  );
}

function Acknowledge({
  warning,
  onDone,
  onClose,
}: {
  readonly warning: Warning;
  readonly onDone: () => Promise<void>;
  readonly onClose: () => void;
}): ReactNode {
  const { client, notices } = useConsole();
  const words = useWords();
  const text = useWarningText();
  const [note, setNote] = useState('');
  const send = async (): Promise<void> => {
    const params = { warning: warning.id };
    await client.call('warning.acknowledge', { params, body: { note } });
    notices.tell(text('taken'));
    await onDone();
  };
  return (
    <FormDialog
      title={text('acknowledge')}
      verb={text('acknowledge')}
      look="primary"
      size="medium"
      canSend={note.trim() !== ''}
      send={send}
      onClose={onClose}
    >
      <p>{words.finding(warning).what}</p>
      <FormGroup label={text('note')} fieldId="warning-note" isRequired>
        <TextArea
          id="warning-note"
          value={note}
          maxLength={500}
          isRequired
          resizeOrientation="vertical"
          onChange={(_event, value) => setNote(value)}
        />
        <FormHelperText>
          <HelperText>
            <HelperTextItem>
              {text('noteHelp')} {text('explain')}
            </HelperTextItem>
          </HelperText>
        </FormHelperText>
      </FormGroup>
    </FormDialog>
  );
}
