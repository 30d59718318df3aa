/** All attributes of one thing and their values, as the API tells them: to be looked through, copied and saved. */
import {
  Button,
  PageSection,
  SearchInput,
  Toolbar,
  ToolbarContent,
  ToolbarItem,
} from '@patternfly/react-core';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { Client } from '#api';
import { useConsole, useWords } from '../console.ts';
import { NothingHere } from '../frame/NothingHere.tsx';
import { thingHelp } from '../manual/help.ts';
import { Answer } from '../parts/Answer.tsx';
import { installationKey } from '../parts/ask.ts';
import { PageTitle } from '../parts/PageTitle.tsx';
import { PlainTable, type PlainColumn } from '../parts/PlainTable.tsx';
import { findAttributes, listAttributes, writeValue, type Attribute } from './list-attributes.ts';
import { parseAttributesPlace, type AttributesPlace } from './place.ts';
import { useAttributeText } from './words.ts';

export function AttributesPage(): ReactNode {
  const place = parseAttributesPlace(useSearch({ strict: false }));
  return place.kind === undefined ? (
    <NothingHere />
  ) : (
    <Shown key={`${place.kind} ${place.id}`} place={place} />
  );
}

/** Under the keys of the pages of these things, so that it is the same answer, and live. */
function question(
  client: Client,
  { kind, id, host = '' }: AttributesPlace,
): {
  readonly queryKey: readonly unknown[];
  readonly queryFn: (context: { readonly signal: AbortSignal }) => Promise<object>;
} {
  switch (kind) {
    case 'vm':
      return {
        queryKey: ['vm.show', id],
        queryFn: ({ signal }) => client.call('vm.show', { params: { vm: id } }, signal),
      };
    case 'host':
      return {
        queryKey: ['host.show', id],
        queryFn: ({ signal }) => client.call('host.show', { params: { host: id } }, signal),
      };
    case 'team':
      return {
        queryKey: ['team.show', id],
        queryFn: ({ signal }) => client.call('team.show', { params: { team: id } }, signal),
      };
    case 'network':
      return {
        queryKey: ['network.show', id],
        queryFn: ({ signal }) => client.call('network.show', { params: { network: id } }, signal),
      };
    case 'image':
      return {
        queryKey: ['image.show', id],
        queryFn: ({ signal }) => client.call('image.show', { params: { image: id } }, signal),
      };
    case 'folder':
      return {
        queryKey: ['folder.show', id],
        queryFn: ({ signal }) => client.call('folder.show', { params: { folder: id } }, signal),
      };
    case 'disk':
      return {
        queryKey: ['host.disk', host, id],
        queryFn: ({ signal }) =>
          client.call('host.disk', { params: { host }, query: { file: id } }, signal),
      };
    case 'installation':
      return {
        queryKey: installationKey,
        queryFn: ({ signal }) => client.call('installation.show', {}, signal),
      };
  }
}

function Shown({ place }: { readonly place: AttributesPlace }): ReactNode {
  const { client } = useConsole();
  const answer: UseQueryResult<object> = useQuery(question(client, place));
  return <Answer question={answer}>{(thing) => <Table place={place} thing={thing} />}</Answer>;
}

function Table({
  place,
  thing,
}: {
  readonly place: AttributesPlace;
  readonly thing: object;
}): ReactNode {
  const { notices } = useConsole();
  const words = useWords();
  const text = useAttributeText();
  const [typed, setTyped] = useState('');
  const all = listAttributes(thing);
  const found = findAttributes(all, typed);
  const name = nameOf(place, thing);
  const copy = (): void => {
    navigator.clipboard.writeText(JSON.stringify(thing, null, 2)).then(
      () => notices.tell(text('copied')),
      (error: unknown) => notices.fail(text('copy'), error),
    );
  };
  const columns: readonly PlainColumn<Attribute>[] = [
    [text('attribute'), ({ path }) => <code>{path}</code>, ({ path }) => path],
    [
      text('value'),
      (one) =>
        one.value === null ? (
          words.language.events.noValue
        ) : (
          // In the words of the API, whatever language the page is in.
          <span lang="en" translate="no">
            {writeValue(one)}
          </span>
        ),
      writeValue,
    ],
  ];
  return (
    <>
      <PageTitle title={text('title', { name })} help={thingHelp[place.kind]}>
        <WayToIt place={place} thing={thing} />
        {/* A browser that came without TLS gives pages no clipboard. */}
        {'clipboard' in navigator && (
          <Button variant="secondary" onClick={copy}>
            {text('copy')}
          </Button>
        )}
      </PageTitle>
      <PageSection isFilled>
        <PlainTable
          label={words.text('objectAttributes')}
          columns={columns}
          rows={found}
          keyOf={({ path }) => path}
          savedAs={{ fileName: `${name.replaceAll(/[^\w.-]+/g, '-')}-attributes`, items: [thing] }}
          head={
            <Toolbar inset={{ default: 'insetNone' }}>
              <ToolbarContent>
                <ToolbarItem>
                  <SearchInput
                    aria-label={text('find')}
                    placeholder={text('find')}
                    value={typed}
                    onChange={(_event, to) => setTyped(to)}
                    onClear={() => setTyped('')}
                    resultsCount={text('found', {
                      found: words.count(found.length),
                      all: words.count(all.length),
                    })}
                  />
                </ToolbarItem>
              </ToolbarContent>
            </Toolbar>
          }
        />
      </PageSection>
    </>
  );
}

function nameOf({ kind, id }: AttributesPlace, thing: object): string {
  if (kind === 'folder' && 'path' in thing) return String(thing.path);
  if ('name' in thing) return String(thing.name);
  return kind === 'disk' ? (id.split('/').at(-1) ?? id) : 'Gantry';
}

/** The page of the thing itself. */
function WayToIt({
  place: { kind, id, host },
  thing,
}: {
  readonly place: AttributesPlace;
  readonly thing: object;
}): ReactNode {
  const words = useWords();
  const label = words.text('open');
  switch (kind) {
    case 'disk':
      return (
        <Link to="/hosts/$host" params={{ host: host ?? '' }} search={{ tab: 'virtualDisks' }}>
          {label}
        </Link>
      );
    case 'installation':
      return <Link to="/site">{label}</Link>;
    case 'folder':
      return (
        <Link to="/vms" search={{ filter: `folder = "${nameOf({ kind, id }, thing)}"` }}>
          {label}
        </Link>
      );
    case 'vm':
    case 'host':
    case 'team':
    case 'network':
    case 'image':
      return <Link to={`/${kind}s/${id}`}>{label}</Link>;
  }
}
