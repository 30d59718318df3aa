/** What is inside a disk file or an image of a host: partitions, folders, files; taken out and, where nothing uses it, put in. */
import {
  Alert,
  Breadcrumb,
  BreadcrumbItem,
  Button,
  Content,
  PageSection,
  Spinner,
  Toolbar,
  ToolbarContent,
  ToolbarItem,
} from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { InnerFile, InnerFiles, InnerFileSystem } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { pageHelp } from '../../manual/help.ts';
import { FailureAlert } from '../../parts/FailureAlert.tsx';
import { JudgedButton } from '../../parts/JudgedButton.tsx';
import { PageTitle } from '../../parts/PageTitle.tsx';
import { PlainTable, type PlainColumn } from '../../parts/PlainTable.tsx';
import { fileName } from './disk-tree.ts';
import { useInnerText } from './inner-words.ts';
import { parseInnerPlace, type InnerPlace } from './place.ts';
import { PutFiles } from './PutFiles.tsx';

export function InnerFilesPage(): ReactNode {
  const { client } = useConsole();
  const text = useInnerText();
  const place = parseInnerPlace(useSearch({ strict: false }));
  const { host, ...query } = place;
  const { data, error } = useQuery({
    queryKey: ['host.disk.files', place],
    queryFn: ({ signal }) => client.call('host.disk.files', { params: { host }, query }, signal),
    // A machine is started for each try.
    retry: false,
    staleTime: 0,
  });
  return (
    <>
      <PageTitle title={text('files', { file: fileName(place.file) })} help={pageHelp.disks} />
      <PageSection isFilled>
        <Content component="p" className="breakable">
          {place.file}
        </Content>
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
  const text = useInnerText();
  return (
    <>
      {readOnly !== null && (
        <Alert
          className="above-list"
          variant="info"
          isInline
          component="p"
          title={text('readOnly', { reason: readOnly })}
        />
      )}
      {folder === null ? (
        <FileSystems place={place} systems={fileSystems} />
      ) : (
        <Folder place={place} folder={folder} readOnly={readOnly} />
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
          <Link to="/disks/files" search={{ ...place, partition, path: '/' }}>
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

type OpenFolder = NonNullable<InnerFiles['folder']>;

const inside = (path: string, name: string): string => `${path === '/' ? '' : path}/${name}`;
/** Folders first. */
const rank = ({ kind }: InnerFile): number => (kind === 'folder' ? 0 : 1);

function Folder({
  place,
  folder: { partition, path, items },
  readOnly,
}: {
  readonly place: InnerPlace;
  readonly folder: OpenFolder;
  readonly readOnly: string | null;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useInnerText();
  const queries = useQueryClient();
  const [puts, setPuts] = useState(false);
  const { host, file } = place;
  const to = (inner: string): InnerPlace => ({ host, file, partition, path: inner });
  const saves = (inner: string): string =>
    client.url('host.disk.file', { host }, { file, partition, path: inner }).href;
  const columns: readonly PlainColumn<InnerFile>[] = [
    [
      words.text('name'),
      ({ name, kind, target }) => (
        <span className="breakable">
          {kind === 'folder' ? (
            <Link to="/disks/files" search={to(inside(path, name))}>
              {name}/
            </Link>
          ) : (
            name
          )}
          {target !== null && ` → ${target}`}
        </span>
      ),
    ],
    [text('kind'), ({ kind }) => text(`kind.${kind}`)],
    [text('size'), ({ kind, sizeBytes }) => (kind === 'file' ? words.bytes(sizeBytes) : '')],
    [
      text('changed'),
      ({ changedAt }) => (changedAt === null ? words.text('none') : words.time(changedAt)),
    ],
    [text('mode'), ({ mode }) => mode.toString(8).padStart(4, '0')],
    [text('owner'), ({ uid, gid }) => `${uid}:${gid}`],
    [
      text('save'),
      ({ name, kind }) =>
        kind === 'file' || kind === 'folder' ? (
          <Button
            component="a"
            variant="link"
            isInline
            href={saves(inside(path, name))}
            download=""
            aria-label={text('saveNamed', { name })}
          >
            {text('save')}
          </Button>
        ) : null,
    ],
  ];
  return (
    <>
      <Toolbar>
        <ToolbarContent alignItems="center">
          <ToolbarItem>
            <Above place={place} partition={partition} path={path} to={to} />
          </ToolbarItem>
          <ToolbarItem>
            <JudgedButton
              whyNot={readOnly ?? undefined}
              variant="secondary"
              onClick={() => setPuts(true)}
            >
              {text('put')}
            </JudgedButton>
          </ToolbarItem>
          <ToolbarItem>
            <Button component="a" variant="link" href={saves(path)} download="">
              {text('saveFolder')}
            </Button>
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      {items.length === 0 ? (
        <Content component="p">{text('empty')}</Content>
      ) : (
        <PlainTable
          label={path}
          columns={columns}
          rows={items.toSorted((one, other) => rank(one) - rank(other))}
          keyOf={({ name }) => name}
        />
      )}
      {puts && (
        <PutFiles
          place={to(path)}
          onClose={() => {
            setPuts(false);
            void queries.invalidateQueries({ queryKey: ['host.disk.files'] });
          }}
        />
      )}
    </>
  );
}

/** The disk, then each folder down to the open one. */
function Above({
  place: { host, file },
  partition,
  path,
  to,
}: {
  readonly place: InnerPlace;
  readonly partition: number;
  readonly path: string;
  readonly to: (path: string) => InnerPlace;
}): ReactNode {
  const text = useInnerText();
  const names = path.split('/').filter((name) => name !== '');
  const root = partition === 0 ? text('wholeDisk') : `${text('partition')} ${partition}`;
  const item = (label: string, search: InnerPlace): ReactNode => (
    <BreadcrumbItem
      key={`${label} ${search.path ?? ''}`}
      render={({ className }) => (
        <Link className={className} to="/disks/files" search={search}>
          {label}
        </Link>
      )}
    />
  );
  return (
    <Breadcrumb aria-label={text('path')}>
      {item(fileName(file), { host, file })}
      {item(root, to('/'))}
      {names.map((name, index) => item(name, to(`/${names.slice(0, index + 1).join('/')}`)))}
    </Breadcrumb>
  );
}
