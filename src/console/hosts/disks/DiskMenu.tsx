/** What may be done with a disk file; the host says no with the reason where it is in use. */
import { Divider } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { useNavigate } from '@tanstack/react-router';
import type { Host, HostDisk } from '#api';
import { useRights } from '../../access/use-rights.ts';
import { useConsole } from '../../console.ts';
import { saveContent } from '../../parts/save-content.ts';
import { thingHelp } from '../../manual/help.ts';
import { JudgedItem } from '../../parts/JudgedItem.tsx';
import { ThingMenu } from '../../parts/ThingMenu.tsx';
import { fileName } from './disk-tree.ts';
import { verbWord, type VerbOfDisk } from './disk-verbs.ts';
import { useDiskText } from './disk-words.ts';

const anyDisk: readonly VerbOfDisk[] = ['inspect', 'create-child', 'convert', 'resize', 'compact'];
const withParent: readonly VerbOfDisk[] = ['commit', 'flatten'];

export function DiskMenu({
  host,
  disk,
  onAsk,
}: {
  readonly host: Host;
  readonly disk: HostDisk;
  readonly onAsk: (verb: VerbOfDisk) => void;
}): ReactNode {
  const text = useDiskText();
  const { client, notices } = useConsole();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const { whyNot } = useRights({ host: host.id }, { enabled: open });
  const download = (): void => {
    const input = { params: { host: host.id }, query: { file: disk.path } };
    saveContent(client, 'host.file.content', input).catch((error: unknown) =>
      notices.fail(text('download'), error),
    );
  };
  const item = (verb: VerbOfDisk): ReactNode => (
    <JudgedItem
      key={verb}
      whyNot={whyNot(verb === 'inspect' ? 'host.disk' : 'host.disk.work')}
      onClick={() => onAsk(verb)}
    >
      {text(verbWord[verb])}
    </JudgedItem>
  );
  return (
    <ThingMenu
      name={fileName(disk.path)}
      look="row"
      onOpen={setOpen}
      help={thingHelp.disk}
      attributes={{ kind: 'disk', id: disk.path, host: host.id }}
    >
      {(disk.problem === null ? anyDisk : anyDisk.slice(0, 1)).map(item)}
      {disk.problem === null && (
        <JudgedItem
          whyNot={whyNot('host.disk.files')}
          onClick={() =>
            void navigate({ to: '/disks/files', search: { host: host.id, file: disk.path } })
          }
        >
          {text('filesInside')}
        </JudgedItem>
      )}
      <JudgedItem whyNot={whyNot('host.file.content')} onClick={download}>
        {text('download')}
      </JudgedItem>
      {disk.parent !== null && withParent.map(item)}
      <Divider component="li" />
      {disk.problem === null && disk.parent === null && item('wipe')}
      {item('delete')}
    </ThingMenu>
  );
}
