/** Where hosts look for vms, disks and images: the folders of each in their order, and a form for those of one. */
import { Content, PageSection } from '@patternfly/react-core';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { hostSettingsSchema, type Host } from '#api';
import { useRights } from '../access/use-rights.ts';
import { useConsole, useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { useList } from '../parts/ask.ts';
import { JudgedButton } from '../parts/JudgedButton.tsx';
import { PlainTable, type PlainColumn } from '../parts/PlainTable.tsx';
import { PatchDialog } from '../vm/settings/PatchDialog.tsx';
import { useSiteText } from './words.ts';

const schema = hostSettingsSchema.pick({ searchPath: true });

export function SearchPaths(): ReactNode {
  const words = useWords();
  const text = useSiteText();
  // Hypervisors of others have pools in the place of folders.
  const question = useList('host.list', { sort: 'name', limit: 1000 });
  const whyNot = useRights().whyNowhere('host.settings');
  const [changed, setChanged] = useState<Host>();
  const columns: readonly PlainColumn<Host>[] = [
    [
      text('host'),
      ({ id, name }) => (
        <Link to="/hosts/$host" params={{ host: id }}>
          {name}
        </Link>
      ),
    ],
    [
      text('folders'),
      ({ settings }) =>
        settings.searchPath.length === 0 ? (
          words.text('none')
        ) : (
          <ol className="search-path">
            {settings.searchPath.map((folder) => (
              <li key={folder} className="breakable">
                {folder}
              </li>
            ))}
          </ol>
        ),
    ],
    [
      words.text('actions'),
      (host) => (
        <JudgedButton
          whyNot={whyNot}
          variant="secondary"
          size="sm"
          aria-label={text('changeSearchPath', { name: host.name })}
          onClick={() => setChanged(host)}
        >
          {words.text('change')}
        </JudgedButton>
      ),
    ],
  ];
  return (
    <PageSection>
      <Content component="h2">{text('searchPaths')}</Content>
      <Content component="p">{text('searchPathsExplain')}</Content>
      <Answer question={question}>
        {({ items }) => (
          <PlainTable
            label={text('searchPaths')}
            columns={columns}
            rows={items.filter(({ connection }) => connection === null)}
            keyOf={({ id }) => id}
          />
        )}
      </Answer>
      {changed !== undefined && (
        <ChangeSearchPath key={changed.id} host={changed} onClose={() => setChanged(undefined)} />
      )}
    </PageSection>
  );
}

function ChangeSearchPath({
  host,
  onClose,
}: {
  readonly host: Host;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useSiteText();
  // What somebody else saves while the form is open is not overwritten.
  const [{ id, name, version, settings }] = useState(host);
  return (
    <PatchDialog
      title={text('changeSearchPath', { name })}
      verb={words.text('save')}
      schema={schema}
      value={{ searchPath: settings.searchPath }}
      send={async (changes) => {
        const body = { settings: changes };
        await client.call('host.update', { params: { host: id }, body, ifMatch: version });
      }}
      onClose={onClose}
    />
  );
}
