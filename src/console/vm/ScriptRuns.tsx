/** The last run of each script that is attached to an event of a vm, out of the events that tell of its end (EVT-67). */
import { Content, ExpandableSection } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { Event, Script, Vm } from '#api';
import { useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { PlainTable } from '../parts/PlainTable.tsx';
import { useEvents } from '../work/use-events.ts';
import { useVmText } from './words/vm-words.ts';

/** So many ends of scripts are looked through; a script that ran before them is told as one that did not run. */
const maxLooked = 200;

export function ScriptRuns({ vm }: { readonly vm: Vm }): ReactNode {
  const words = useWords();
  const text = useVmText();
  const ends = '(name = vm.script.finished OR name = vm.script.failed)';
  const { question, events } = useEvents(`target.id = "${vm.id}" AND ${ends}`, maxLooked);
  const { scripts } = vm.definition.settings;
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
              [text('scriptEvent'), ({ script }) => script.event],
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

function isOf(attributes: Event['attributes'], script: Script): boolean {
  return attributes['script'] === script.file && attributes['event'] === script.event;
}

/** Of one that was ended, or never began, the reason is told in its place. */
function ExitStatus({ run }: { readonly run: Event }): ReactNode {
  const { exitStatus, reason } = run.attributes;
  return typeof exitStatus === 'number' ? exitStatus : reason;
}

function Output({ run }: { readonly run: Event }): ReactNode {
  const text = useVmText();
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
