/** A console alone, in a tab of its own: `/screen/VM` and `/serial/VM`. */
import { Bullseye, Spinner, Title } from '@patternfly/react-core';
import { useLocation, useParams } from '@tanstack/react-router';
import { Suspense, useEffect, type ReactNode } from 'react';
import { useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { useVm } from '../parts/ask.ts';
import { ConsoleContent } from './TabContent.tsx';
import './vm.css';

export function ConsolePage(): ReactNode {
  const { vm } = useParams({ strict: false }) as { vm: string };
  const kind = useLocation().pathname.startsWith('/serial/') ? 'serial' : 'screen';
  const words = useWords();
  const question = useVm(vm);
  const name = question.data?.name;
  useEffect(() => {
    if (name !== undefined) document.title = `${name}: ${words.text(kind)} · Gantry`;
  }, [name, kind, words]);
  return (
    <main id="main" className="console-alone">
      <Answer question={question}>
        {(found) => (
          <>
            <Title headingLevel="h1" size="md">
              {found.name}
            </Title>
            <Suspense
              fallback={
                <Bullseye>
                  <Spinner aria-label={words.text('loading')} />
                </Bullseye>
              }
            >
              <ConsoleContent vm={found} kind={kind} />
            </Suspense>
          </>
        )}
      </Answer>
    </main>
  );
}
