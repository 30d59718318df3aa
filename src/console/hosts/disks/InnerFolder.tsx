/** A folder inside a disk: its files with what is known of them, each to be saved. */
import {
  Breadcrumb,
  BreadcrumbItem,
  Button,
  Content,
  Toolbar,
  ToolbarContent,
  ToolbarItem,
} from '@patternfly/react-core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { InnerFile, InnerFiles } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { PlainTable, type PlainColumn } from '../../parts/PlainTable.tsx';
import { fileName } from './disk-tree.ts';
import { innerSource } from './inner-source.ts';
import { useInnerText } from './inner-words.ts';
import { elsewhere, isOfSnapshot, wholeDisk, type InnerPlace } from './place.ts';

export type OpenFolder = NonNullable<InnerFiles['folder']>;

const inside = (path: string, name: string): string => `${path === '/' ? '' : path}/${name}`;
/** Folders first. */
const rank = ({ kind }: InnerFile): number => (kind === 'folder' ? 0 : 1);

export function InnerFolder({
  place,
  folder: { partition, path, items },
  tools,
  deed,
}: {
  readonly place: InnerPlace;
  readonly folder: OpenFolder;
  /** Beside the way to the folder. */
  readonly tools?: ReactNode;
  /** What else is done with a file, in a column of its own. */
  readonly deed?: {
    readonly label: string;
    readonly of: (file: InnerFile, path: string) => ReactNode;
  };
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useInnerText();
  const to = (inner: string): InnerPlace => elsewhere(place, partition, inner);
  const saves = (inner: string): string => innerSource(client, to(inner)).url.href;
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
    ...(deed === undefined
      ? []
      : [[deed.label, (file: InnerFile) => deed.of(file, inside(path, file.name))] as const]),
  ];
  return (
    <>
      <Toolbar>
        <ToolbarContent alignItems="center">
          <ToolbarItem>
            <Above place={place} partition={partition} path={path} to={to} />
          </ToolbarItem>
          {tools}
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
    </>
  );
}

/** The disk, then each folder down to the open one. */
function Above({
  place,
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
  const disk = isOfSnapshot(place) ? (place.disk ?? text('disk')) : fileName(place.file);
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
      {item(disk, wholeDisk(place))}
      {item(root, to('/'))}
      {names.map((name, index) => item(name, to(`/${names.slice(0, index + 1).join('/')}`)))}
    </Breadcrumb>
  );
}
