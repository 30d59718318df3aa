/**
 * What is inside a disk file or an image of a host, or inside a disk as it is in a snapshot: partitions, folders, files; taken out
 * and, where nothing uses it, put in.
 */
import { Content, PageSection, Spinner, ToolbarItem } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { InnerFiles, InnerFileSystem } from '#api';
import { useRights } from '../../access/use-rights.ts';
import { useConsole, useWords } from '../../console.ts';
import { pageHelp } from '../../manual/help.ts';
import { FailureAlert } from '../../parts/FailureAlert.tsx';
import { JudgedButton } from '../../parts/JudgedButton.tsx';
import { PageTitle } from '../../parts/PageTitle.tsx';
import { PlainTable, type PlainColumn } from '../../parts/PlainTable.tsx';
import { fileName } from './disk-tree.ts';
import { InnerFolder, type OpenFolder } from './InnerFolder.tsx';
import { innerSource } from './inner-source.ts';
import { useInnerText } from './inner-words.ts';
import {
  elsewhere,
  isOfSnapshot,
  parseInnerPlace,
  type DiskPlace,
  type InnerPlace,
} from './place.ts';
import { PutFiles } from './PutFiles.tsx';
import { SnapshotFolder } from './SnapshotFolder.tsx';
import { AboutSnapshot, SnapshotTitle } from './SnapshotHead.tsx';
import { Alert } from '../../parts/Alert.tsx';

export function InnerFilesPage(): ReactNode {
  const { client } = useConsole();
  const text = useInnerText();
  const place = parseInnerPlace(useSearch({ strict: false }));
  const { data, error } = useQuery({
    ...innerSource(client, place).question,
    // A machine is started for each try.
    retry: false,
    staleTime: 0,
  });
  return (
    <>
      {isOfSnapshot(place) ? (
        <SnapshotTitle place={place} />
      ) : (
        <PageTitle title={text('files', { file: fileName(place.file) })} help={pageHelp.disks} />
      )}
      <PageSection isFilled>
        {isOfSnapshot(place) ? (
          <AboutSnapshot place={place} />
        ) : (
          <Content component="p" className="breakable">
            {place.file}
          </Content>
        )}
        {error !== null && <FailureAlert error={error} />}
        {data === undefined && error === null && (
          <div role="status">
            <Spinner size="lg" aria-label={text('starting')} /> {text('starting')}
          </div>
        )}
        {data !== undefined && <Found place={place} found={data} />}
      </PageSection>
    </>
  );
}

function Found({
  place,
  found: { fileSystems, readOnly, folder },
}: {
  readonly place: InnerPlace;
  readonly found: InnerFiles;
}): ReactNode {
  if (folder === null)
    return (
      <>
        {!isOfSnapshot(place) && <ReadOnly reason={readOnly} />}
        <FileSystems place={place} systems={fileSystems} />
      </>
    );
  if (isOfSnapshot(place)) return <SnapshotFolder place={place} folder={folder} />;
  return (
    <>
      <ReadOnly reason={readOnly} />
      <DiskFolder place={place} folder={folder} readOnly={readOnly} />
    </>
  );
}

function ReadOnly({ reason }: { readonly reason: string | null }): ReactNode {
  const words = useWords();
  const text = useInnerText();
  if (reason === null) return null;
  return (
    <Alert
      className="above-list"
      variant="info"
      isInline
      component="p"
      title={text('readOnly', { reason: words.told(reason) })}
    />
  );
}

/** Files of this computer can be put into it. */
function DiskFolder({
  place,
  folder,
  readOnly,
}: {
  readonly place: DiskPlace;
  readonly folder: OpenFolder;
  readonly readOnly: string | null;
}): ReactNode {
  const text = useInnerText();
  const queries = useQueryClient();
  const { whyNot } = useRights({ host: place.host });
  const [puts, setPuts] = useState(false);
  return (
    <>
      <InnerFolder
        place={place}
        folder={folder}
        tools={
          <ToolbarItem>
            <JudgedButton
              whyNot={readOnly ?? whyNot('host.disk.put-file')}
              variant="secondary"
              onClick={() => setPuts(true)}
            >
              {text('put')}
            </JudgedButton>
          </ToolbarItem>
        }
      />
      {puts && (
        <PutFiles
          place={elsewhere(place, folder.partition, folder.path)}
          onClose={() => {
            setPuts(false);
            void queries.invalidateQueries({ queryKey: ['host.disk.files'] });
          }}
        />
      )}
    </>
  );
}

function FileSystems({
  place,
  systems,
}: {
  readonly place: InnerPlace;
  readonly systems: readonly InnerFileSystem[];
}): ReactNode {
  const words = useWords();
  const text = useInnerText();
  const columns: readonly PlainColumn<InnerFileSystem>[] = [
    [
      text('partition'),
      ({ partition, readable }) => {
        const name = partition === 0 ? text('wholeDisk') : `${text('partition')} ${partition}`;
        return readable ? (
          <Link to="/disks/files" search={elsewhere(place, partition, '/')}>
            {name}
          </Link>
        ) : (
          name
        );
      },
    ],
    [
      text('holds'),
      ({ name, readable }) => (
        <>
          {name ?? words.text('none')}
          {!readable && name !== null && ` – ${text('unreadable')}`}
        </>
      ),
    ],
    [text('label'), ({ label }) => label ?? ''],
    [text('size'), ({ sizeBytes }) => words.bytes(sizeBytes)],
    [text('begins'), ({ start }) => words.bytes(start)],
  ];
  return (
    <PlainTable
      label={text('systems')}
      columns={columns}
      rows={systems}
      keyOf={({ partition }) => String(partition)}
    />
  );
}
