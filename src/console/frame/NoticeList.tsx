/** The notices at the edge of the page; good news goes by itself, bad news stays until it is closed. */
import { AlertActionCloseButton, AlertGroup } from '@patternfly/react-core';
import { useSyncExternalStore, type ReactNode } from 'react';
import { useConsole, useWords } from '../console.ts';
import type { Failure } from '../parts/failure.ts';
import { FailureHelp } from '../parts/FailureHelp.tsx';
import { Alert } from '../parts/Alert.tsx';

const shownMs = 6000;

export function NoticeList(): ReactNode {
  const { notices } = useConsole();
  const words = useWords();
  const list = useSyncExternalStore(notices.subscribe, () => notices.list);
  return (
    <AlertGroup isToast isLiveRegion hasAnimations={false}>
      {list.map(({ id, variant, title, detail, failure }) => (
        <Alert
          key={id}
          variant={variant}
          title={title}
          component="p"
          timeout={variant === 'success' ? shownMs : false}
          onTimeout={() => notices.remove(id)}
          actionClose={
            <AlertActionCloseButton
              aria-label={words.text('close')}
              onClose={() => notices.remove(id)}
            />
          }
        >
          {detail}
          {failure !== undefined && <Told failure={failure} />}
        </Alert>
      ))}
    </AlertGroup>
  );
}

function Told({ failure }: { readonly failure: Failure }): ReactNode {
  const words = useWords();
  return (
    <>
      {words.fault(failure)}
      <FailureHelp failure={failure} />
    </>
  );
}
