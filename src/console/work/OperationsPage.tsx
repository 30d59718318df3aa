/** Work in progress and work done, newest first. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import { parseListPlace } from '../list/place.ts';
import { ThingList } from '../list/ThingList.tsx';
import { useNarrowed } from '../frame/narrowed.ts';
import { pageHelp } from '../manual/help.ts';
import { PageTitle } from '../parts/PageTitle.tsx';
import { CancelButton } from './CancelButton.tsx';
import { operationColumns } from './operation-columns.tsx';

export function OperationsPage(): ReactNode {
  const words = useWords();
  const narrowed = useNarrowed();
  const navigate = useNavigate();
  return (
    <>
      <PageTitle title={words.text('operations')} help={pageHelp.operations} narrowed={narrowed} />
      <ThingList
        name="operation.list"
        {...(narrowed === undefined ? {} : { within: `hostId = "${narrowed.id}"` })}
        label={words.text('operations')}
        columns={operationColumns}
        defaultSort="-createdAt"
        place={parseListPlace(useSearch({ strict: false }))}
        onPlace={(to) => void navigate({ to: '/operations', search: to })}
        empty={{ all: words.text('noOperations'), filtered: words.text('noOperationsFound') }}
        example={words.text('operationFilterExample')}
        menu={(operation) => <CancelButton operation={operation} look="sign" />}
      />
    </>
  );
}
