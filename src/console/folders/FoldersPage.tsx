/** The folders of the installation: made, renamed, moved and deleted. */
import { Content, DropdownItem, PageSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { topFolderId, type Folder } from '#api';
import { useRights } from '../access/use-rights.ts';
import { useConsole, useWords } from '../console.ts';
import { thingHelp } from '../manual/help.ts';
import { Answer } from '../parts/Answer.tsx';
import { JudgedButton } from '../parts/JudgedButton.tsx';
import { JudgedItem } from '../parts/JudgedItem.tsx';
import { PageTitle } from '../parts/PageTitle.tsx';
import { PlainTable, type PlainColumn } from '../parts/PlainTable.tsx';
import { RemoveDialog } from '../parts/RemoveDialog.tsx';
import { ThingMenu } from '../parts/ThingMenu.tsx';
import { FolderForm } from './FolderForm.tsx';
import { useFolderText } from './words.ts';

interface Asked {
  readonly how: 'create' | 'change' | 'remove';
  /** The one to be changed, or in which one is made. */
  readonly folder?: Folder;
}

export function FoldersPage(): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useFolderText();
  const { whyNowhere } = useRights();
  const [asked, ask] = useState<Asked | undefined>(undefined);
  const question = useQuery({
    queryKey: ['folder.list', 'page'],
    queryFn: ({ signal }) =>
      client.call('folder.list', { query: { sort: 'path', limit: 1000 } }, signal),
  });
  const close = (): void => ask(undefined);
  const columns: readonly PlainColumn<Folder>[] = [
    [
      text('path'),
      ({ path }) => (
        <Link to="/vms" search={{ filter: `folder = "${path}"` }}>
          {path}
        </Link>
      ),
      ({ path }) => path,
    ],
    [words.text('actions'), (folder) => <FolderMenu folder={folder} ask={ask} />],
  ];
  return (
    <>
      <PageTitle title={words.text('folders')} help={thingHelp.folder}>
        <JudgedButton
          variant="primary"
          whyNot={whyNowhere('folder.manage')}
          onClick={() => ask({ how: 'create' })}
        >
          {text('create')}
        </JudgedButton>
      </PageTitle>
      <PageSection>
        <Content component="p">{text('explain')}</Content>
        <Answer question={question}>
          {({ items }) => (
            <>
              <PlainTable
                label={words.text('folders')}
                columns={columns}
                rows={items}
                keyOf={({ id }) => id}
                savedAs={{ fileName: 'folders', items }}
              />
              {(asked?.how === 'create' || asked?.how === 'change') && (
                <FolderForm
                  folder={asked.how === 'change' ? asked.folder : undefined}
                  parent={parentOf(asked, items)}
                  folders={items}
                  onClose={close}
                />
              )}
            </>
          )}
        </Answer>
        {asked?.how === 'remove' && asked.folder !== undefined && (
          <RemoveFolder folder={asked.folder} onClose={close} />
        )}
      </PageSection>
    </>
  );
}

function parentOf({ how, folder }: Asked, all: readonly Folder[]): string {
  if (how === 'create') return folder?.path ?? '/';
  return all.find(({ id }) => id === folder?.parentId)?.path ?? '/';
}

function FolderMenu({
  folder,
  ask,
}: {
  readonly folder: Folder;
  readonly ask: (asked: Asked) => void;
}): ReactNode {
  const words = useWords();
  const text = useFolderText();
  const [open, setOpen] = useState(false);
  const { whyNot, whyLacking } = useRights({ folder: folder.id }, { enabled: open });
  const isTop = folder.id === topFolderId;
  return (
    <ThingMenu
      name={folder.path}
      look="row"
      help={thingHelp.folder}
      attributes={{ kind: 'folder', id: folder.id }}
      onOpen={setOpen}
    >
      <DropdownItem to={`/vms?filter=${encodeURIComponent(`folder = "${folder.path}"`)}`}>
        {text('vms')}
      </DropdownItem>
      <JudgedItem
        whyNot={whyLacking('folder.manage')}
        onClick={() => ask({ how: 'create', folder })}
      >
        {text('create')}
      </JudgedItem>
      {!isTop && (
        <JudgedItem whyNot={whyNot('folder.update')} onClick={() => ask({ how: 'change', folder })}>
          {text('changeEntry')}
        </JudgedItem>
      )}
      {!isTop && (
        <JudgedItem
          isDanger
          whyNot={whyNot('folder.delete')}
          onClick={() => ask({ how: 'remove', folder })}
        >
          {words.text('delete')}
        </JudgedItem>
      )}
    </ThingMenu>
  );
}

function RemoveFolder({
  folder: { id, path, version },
  onClose,
}: {
  readonly folder: Folder;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const text = useFolderText();
  return (
    <RemoveDialog
      title={text('remove', { folder: path })}
      explain={text('removeExplain')}
      remove={() => client.call('folder.delete', { params: { folder: id }, ifMatch: version })}
      done={text('deleted', { folder: path })}
      onClose={onClose}
    />
  );
}
