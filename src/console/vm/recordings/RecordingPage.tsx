/** A recording of a console, played in a tab of its own: `/recording/VM/RECORDING`. */
import { Bullseye, Button, Spinner, Title } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useEffect, type ReactNode } from 'react';
import { Fault } from '#lib';
import type { Recording } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { Answer } from '../../parts/Answer.tsx';
import { useVm } from '../../parts/ask.ts';
import { saveRecording } from '../save-file.ts';
import { useVmText } from '../words/vm-words.ts';
import { Player } from './Player.tsx';
import { readCast, readFbs, type Recorded } from './recorded.ts';
import '../vm.css';

interface Opened {
  readonly about: Recording;
  readonly recorded: Recorded;
  readonly file: Uint8Array;
}

export function RecordingPage(): ReactNode {
  const { client } = useConsole();
  const params = useParams({ strict: false }) as { vm: string; recording: string };
  const words = useWords();
  const text = useVmText();
  const question = useVm(params.vm);
  const opened = useQuery<Opened>({
    queryKey: ['vm.recording.file', params.vm, params.recording],
    // It is large, and what is played does not begin anew whatever is told meanwhile.
    enabled: ({ state }) => state.data === undefined,
    gcTime: 0,
    structuralSharing: false,
    queryFn: async ({ signal }) => {
      const { vm } = params;
      const { items } = await client.call('vm.recording.list', { params: { vm } }, signal);
      const about = items.find(({ id }) => id === params.recording);
      if (about === undefined)
        throw new Fault('not-found', `there is no recording ${params.recording} of this vm`);
      const file = await client.call('vm.recording.file', { params }, signal);
      return { about, file, recorded: about.console === 'screen' ? readFbs(file) : readCast(file) };
    },
  });
  const name = question.data?.name;
  useEffect(() => {
    if (name !== undefined) document.title = `${name}: ${text('recordings')} · Gantry`;
  }, [name, text]);
  return (
    <main id="main" className="console-alone">
      <Answer question={question}>
        {(vm) => (
          <>
            <Title headingLevel="h1" size="md">
              {vm.name}
            </Title>
            {opened.isPending ? (
              <Bullseye>
                <Spinner aria-label={words.text('loading')} />
              </Bullseye>
            ) : (
              <Answer question={opened}>
                {({ about, recorded, file }) => (
                  <>
                    <p>
                      {text(`recorded.${about.console}`)} · {words.time(about.startedAt)} ·{' '}
                      {text('recordedBy', { person: about.by })}
                    </p>
                    <Player recorded={recorded} console={about.console}>
                      <Button
                        variant="secondary"
                        onClick={() => saveRecording(file, vm.name, about.console)}
                      >
                        {text('download')}
                      </Button>
                    </Player>
                  </>
                )}
              </Answer>
            )}
          </>
        )}
      </Answer>
    </main>
  );
}
