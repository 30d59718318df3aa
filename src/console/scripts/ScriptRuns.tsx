/** The last run of each script that is attached to an event of a vm or a host, out of the events that tell of its end (EVT-67). */
import { Content, ExpandableSection } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { Event, HostScript, Script } from '#api';
import { useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { PlainTable } from '../parts/PlainTable.tsx';
import { useEvents } from '../work/use-events.ts';
import './scripts.css';
import { useScriptText } from './words.ts';

/** So many ends of scripts are looked through; a script that ran before them is told as one that did not run. */
const maxLooked = 200;

export function ScriptRuns({
  of,
  id,
  scripts,
}: {
  readonly of: 'vm' | 'host';
  readonly id: string;
  readonly scripts: readonly (Script | HostScript)[];
}): ReactNode {
  const words = useWords();
  const text = useScriptText();
  const ends = `(name = ${of}.script.finished OR name = ${of}.script.failed)`;
  const { question, events } = useEvents(`target.id = "${id}" AND ${ends}`, maxLooked);
  if (scripts.length === 0) return null;
  const rows = scripts.map((script, index) => ({
    key: String(index),
    script,
    run: events.find(({ attributes }) => isOf(attributes, script)),
  }));
  return (
    <>
      <Content component="h2">{text('lastRuns')}</Content>
      <Answer question={question}>
        {() => (
          <PlainTable
            label={text('lastRuns')}
            columns={[
              [text('script'), ({ script }) => script.file],
              [text('event'), ({ script }) => script.event],
              [
                text('lastRun'),
                ({ run }) => (run === undefined ? text('neverRan') : words.time(run.time)),
              ],
              [text('exitStatus'), ({ run }) => run && <ExitStatus run={run} />],
              [text('output'), ({ run }) => run && <Output run={run} />],
            ]}
            rows={rows}
            keyOf={({ key }) => key}
          />
        )}
      </Answer>
    </>
  );
}

function isOf(attributes: Event['attributes'], script: Script | HostScript): boolean {
  return attributes['script'] === script.file && attributes['event'] === script.event;
}

/** Of one that was ended, or never began, the reason is told in its place. */
function ExitStatus({ run }: { readonly run: Event }): ReactNode {
  const words = useWords();
  const { exitStatus, reason } = run.attributes;
  return typeof exitStatus === 'number' ? exitStatus : words.told(String(reason ?? ''));
}

function Output({ run }: { readonly run: Event }): ReactNode {
  const text = useScriptText();
  const { output, errorOutput } = run.attributes;
  const parts = [output, errorOutput].filter((part) => typeof part === 'string' && part !== '');
  if (parts.length === 0) return text('noOutput');
  return (
    <ExpandableSection toggleText={text('output')}>
      {parts.map((part, index) => (
        // What is wider than the cell is scrolled to, by keyboard too.
        <pre key={index} className="script-output" tabIndex={0}>
          {part}
        </pre>
      ))}
    </ExpandableSection>
  );
}
