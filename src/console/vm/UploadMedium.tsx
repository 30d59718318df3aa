/** The way by which an image of this computer comes among those that are offered for a drive. */
import { Button } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { Suspense, useState, type ReactNode } from 'react';
import { lazyPart } from '../parts/lazy-part.ts';
import { useVmText } from './words/vm-words.ts';

// Comes when it is asked for.
const BringHere = lazyPart(async () => (await import('../hosts/disks/BringHere.tsx')).BringHere);

export function UploadMedium({
  host,
  knownKey,
  onDone,
}: {
  readonly host: { readonly id: string; readonly name: string };
  /** Of the question which images are known. */
  readonly knownKey: readonly unknown[];
  /** Told where it lies on the host. */
  readonly onDone: (path: string) => void;
}): ReactNode {
  const text = useVmText();
  const queries = useQueryClient();
  const [standing, setStanding] = useState<'asked' | 'closed' | 'unasked'>('unasked');
  const bring = (
    <Suspense>
      <BringHere
        host={host}
        onDone={(path) => {
          onDone(path);
          void queries.invalidateQueries({ queryKey: knownKey });
        }}
        onClose={() => setStanding('closed')}
      />
    </Suspense>
  );
  return (
    <div className="upload-medium">
      {standing === 'asked' ? (
        bring
      ) : (
        // Whoever closes it by the keyboard goes on from here.
        <Button
          variant="secondary"
          autoFocus={standing === 'closed'}
          onClick={() => setStanding('asked')}
        >
          {text('uploadMedium')}
        </Button>
      )}
    </div>
  );
}
