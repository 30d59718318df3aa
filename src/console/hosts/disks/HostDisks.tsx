/** The virtual disks of a host as trees of layers: what each takes, who has it, what nobody has. */
import { Button, Content, Flex, Label, PageSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { formatWords, type Host, type HostDisk, type HostDiskList } from '#api';
import { useRights } from '../../access/use-rights.ts';
import { useConsole, useWords } from '../../console.ts';
import { JudgedButton } from '../../parts/JudgedButton.tsx';
import { Answer } from '../../parts/Answer.tsx';
import { PlainTable, type PlainColumn } from '../../parts/PlainTable.tsx';
import { arrangeDisks, fileName, unusedBytes, type DiskRow } from './disk-tree.ts';
import { begunBy, type DiskVerbAsked } from './disk-verbs.ts';
import { useDiskText } from './disk-words.ts';
import { DiskDialog } from './DiskDialog.tsx';
import { DiskMenu } from './DiskMenu.tsx';
import type { DiskBeginning } from './place.ts';
import { disksKey } from './use-disk-work.ts';
import { Alert } from '../../parts/Alert.tsx';

export function HostDisks({
  host,
  begin,
  onBegun,
}: {
  readonly host: Host;
  /** What is begun at once, and told when it is over. */
  readonly begin?: DiskBeginning | undefined;
  readonly onBegun?: () => void;
}): ReactNode {
  const { client } = useConsole();
  const text = useDiskText();
  const [own, setAsked] = useState<DiskVerbAsked>();
  const asked = own ?? (begin === undefined ? undefined : begunBy[begin]);
  const question = useQuery({
    queryKey: disksKey(host),
    queryFn: ({ signal }) => client.call('host.disks', { params: { host: host.id } }, signal),
    // Files come and go while nobody looks.
    refetchOnMount: 'always',
  });
  return (
    <PageSection isFilled>
      <Answer question={question}>
        {(list) => (
          <>
            {!list.complete && (
              <Alert variant="warning" isInline component="p" title={text('incomplete')} />
            )}
            {list.disks.length === 0 ? (
              <>
                <Head host={host} list={list} onAsk={setAsked} />
                <Content component="p">{text('none')}</Content>
              </>
            ) : (
              <DiskTable host={host} list={list} onAsk={setAsked} />
            )}
            {asked !== undefined && (
              <DiskDialog
                host={host}
                disks={list.disks}
                key={JSON.stringify(asked)}
                asked={asked}
                onClose={() => {
                  setAsked(undefined);
                  if (own === undefined) onBegun?.();
                }}
              />
            )}
          </>
        )}
      </Answer>
    </PageSection>
  );
}

/** What is done with none of them, and how many there are. */
function Head({
  host,
  list: { disks },
  onAsk,
}: {
  readonly host: Host;
  readonly list: HostDiskList;
  readonly onAsk: (asked: DiskVerbAsked) => void;
}): ReactNode {
  const words = useWords();
  const text = useDiskText();
  const { whyNot } = useRights({ host: host.id });
  const bytes = words.bytes(unusedBytes(disks));
  return (
    <Flex alignItems={{ default: 'alignItemsCenter' }}>
      <JudgedButton whyNot={whyNot('host.disk.work')} onClick={() => onAsk({ verb: 'create' })}>
        {text('create')}
      </JudgedButton>
      <JudgedButton
        whyNot={whyNot('host.upload.begin')}
        variant="secondary"
        onClick={() => onAsk({ verb: 'upload' })}
      >
        {text('upload')}
      </JudgedButton>
      <span>{text('unused', { count: words.count(disks.length), bytes })}</span>
    </Flex>
  );
}

function DiskTable({
  host,
  list,
  onAsk,
}: {
  readonly host: Host;
  readonly list: HostDiskList;
  readonly onAsk: (asked: DiskVerbAsked) => void;
}): ReactNode {
  const words = useWords();
  const text = useDiskText();
  const columns: readonly PlainColumn<DiskRow>[] = [
    [
      text('file'),
      ({ disk, depth }) => (
        <span className="disk-name" style={{ paddingInlineStart: `${depth * 1.5}rem` }}>
          {depth > 0 && <span aria-hidden>└ </span>}
          <Button
            variant="link"
            isInline
            title={disk.path}
            onClick={() => onAsk({ verb: 'inspect', disk })}
          >
            {fileName(disk.path)}
          </Button>
        </span>
      ),
      ({ disk }) => disk.path,
    ],
    [
      text('format'),
      ({ disk: { format, variant } }) =>
        format === null ? words.text('notAvailable') : formatWords(format, variant),
      ({ disk: { format, variant } }) => (format === null ? null : formatWords(format, variant)),
    ],
    [text('size'), ({ disk }) => words.bytes(disk.sizeBytes), ({ disk }) => disk.sizeBytes],
    [text('taken'), ({ disk }) => words.bytes(disk.fileBytes), ({ disk }) => disk.fileBytes],
    [text('chain'), ({ disk }) => words.bytes(disk.chainBytes), ({ disk }) => disk.chainBytes],
    [text('usedBy'), ({ disk }) => <Users disk={disk} />, ({ disk }) => disk.vms.join(', ')],
    [
      words.text('actions'),
      ({ disk }) => <DiskMenu host={host} disk={disk} onAsk={(verb) => onAsk({ verb, disk })} />,
    ],
  ];
  return (
    <PlainTable
      label={words.text('virtualDisks')}
      columns={columns}
      rows={arrangeDisks(list.disks)}
      keyOf={({ disk }) => disk.path}
      head={<Head host={host} list={list} onAsk={onAsk} />}
      savedAs={{ fileName: `${host.name}-disks`, items: list.disks }}
    />
  );
}

/** Who has it, and what is wrong with it. */
function Users({ disk }: { readonly disk: HostDisk }): ReactNode {
  const text = useDiskText();
  const { vms, orphan, parent, problem } = disk;
  return (
    <>
      {vms.join(', ')}
      {orphan === 'unused' && <Label isCompact>{text('orphan')}</Label>}
      {orphan === 'parent-missing' && (
        <Label isCompact color="red">
          {text('lost', { parent: parent ?? '' })}
        </Label>
      )}
      {problem !== null && (
        <Label isCompact color="red">
          {problem}
        </Label>
      )}
    </>
  );
}
