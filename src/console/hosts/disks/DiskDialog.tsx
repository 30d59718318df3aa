/** The dialog of each verb for a disk. */
import { Content } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { Host, HostDisk } from '#api';
import { FormDialog } from '../../parts/FormDialog.tsx';
import { fileName } from './disk-tree.ts';
import { verbWord, type DiskVerbAsked, type PlainVerb } from './disk-verbs.ts';
import { useDiskText } from './disk-words.ts';
import { DiskReport } from './DiskReport.tsx';
import { MakeDisk } from './MakeDisk.tsx';
import { ResizeDisk } from './ResizeDisk.tsx';
import { useDiskWork } from './use-disk-work.ts';

export function DiskDialog({
  host,
  disks,
  asked,
  onClose,
}: {
  readonly host: Host;
  readonly disks: readonly HostDisk[];
  readonly asked: DiskVerbAsked;
  readonly onClose: () => void;
}): ReactNode {
  const { verb, disk } = asked;
  switch (verb) {
    case 'create':
      return <MakeDisk host={host} disks={disks} verb={verb} onClose={onClose} />;
    case 'create-child':
    case 'convert':
      return <MakeDisk host={host} disks={disks} verb={verb} source={disk} onClose={onClose} />;
    case 'inspect':
      return <DiskReport host={host} disk={disk} onClose={onClose} />;
    case 'resize':
      return <ResizeDisk host={host} disk={disk} onClose={onClose} />;
    case 'compact':
    case 'commit':
    case 'flatten':
    case 'delete':
      return <ConfirmWork host={host} disk={disk} verb={verb} onClose={onClose} />;
  }
}

/** What it means is said before. */
function ConfirmWork({
  host,
  disk: { path, parent },
  verb,
  onClose,
}: {
  readonly host: Host;
  readonly disk: HostDisk;
  readonly verb: PlainVerb;
  readonly onClose: () => void;
}): ReactNode {
  const text = useDiskText();
  const { begin } = useDiskWork(host);
  const action = text(verbWord[verb]);
  return (
    <FormDialog
      title={`${action}: ${fileName(path)}`}
      verb={action}
      look={verb === 'compact' ? 'primary' : 'danger'}
      size="medium"
      canSend
      send={() => begin(action, { verb, file: path })}
      onClose={onClose}
    >
      <Content component="p" className="breakable">
        {path}
      </Content>
      <Content component="p">{text(`${verb}Means`, { parent: parent ?? '' })}</Content>
    </FormDialog>
  );
}
