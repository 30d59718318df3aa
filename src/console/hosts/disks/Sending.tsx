/** How far a file of this computer is on its way to a host. */
import { FormHelperText, HelperText, HelperTextItem, Progress } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useWords } from '../../console.ts';
import { useUploadText } from './upload-words.ts';
import type { SendingState } from './use-upload.ts';

export function Sending({ progress, isBroken }: SendingState): ReactNode {
  const words = useWords();
  const text = useUploadText();
  const { doneBytes = 0, totalBytes = 0, bytesPerSecond = 0, remainingMs } = progress ?? {};
  const share = text('share', {
    done: words.bytes(doneBytes),
    total: words.bytes(totalBytes),
    rate: words.bytes(bytesPerSecond),
  });
  const time = words.duration(Math.ceil((remainingMs ?? 0) / 1000));
  return (
    <div>
      <Progress
        aria-label={text('progress')}
        value={totalBytes === 0 ? 0 : Math.floor((doneBytes / totalBytes) * 100)}
      />
      <FormHelperText>
        <HelperText>
          <HelperTextItem>
            {remainingMs === undefined ? share : text('left', { share, time })}
          </HelperTextItem>
          <HelperTextItem variant={isBroken ? 'warning' : 'default'}>
            {text(isBroken ? 'broke' : 'whileOpen')}
          </HelperTextItem>
        </HelperText>
      </FormHelperText>
    </div>
  );
}
