/** The dialog of each verb for a disk. */
import { Content } from '@patternfly/react-core';
import { Suspense, type ReactNode } from 'react';
import type { Host, HostDisk } from '#api';
import { FormDialog } from '../../parts/FormDialog.tsx';
import { lazyPart } from '../../parts/lazy-part.ts';
import { fileName } from './disk-tree.ts';
import { verbWord, type DiskVerbAsked, type PlainVerb } from './disk-verbs.ts';
import { useDiskText } from './disk-words.ts';
import { DiskReport } from './DiskReport.tsx';
import { InspectDisk } from './InspectDisk.tsx';
import { MakeDisk } from './MakeDisk.tsx';
import { MakeFloppy } from './MakeFloppy.tsx';
import { ResizeDisk } from './ResizeDisk.tsx';
import { useDiskWork } from './use-disk-work.ts';

const UploadFile = lazyPart(async () => (await import('./UploadFile.tsx')).UploadFile);

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
  switch (asked.verb) {
    case 'create': {
      const { verb, allocation = 'dynamic' } = asked;
      return (
        <MakeDisk host={host} disks={disks} verb={verb} begun={allocation} onClose={onClose} />
      );
    }
    case 'create-any-child':
      return <MakeDisk host={host} disks={disks} verb="create-child" onClose={onClose} />;
    case 'create-floppy':
      return <MakeFloppy host={host} onClose={onClose} />;
    case 'upload':
      return (
        <Suspense>
          <UploadFile host={host} onClose={onClose} />
        </Suspense>
      );
    case 'inspect-any':
      return <InspectDisk host={host} disks={disks} onClose={onClose} />;
    case 'create-child':
    case 'convert':
      return (
        <MakeDisk
          host={host}
          disks={disks}
          verb={asked.verb}
          source={asked.disk}
          onClose={onClose}
        />
      );
    case 'inspect':
      return <DiskReport host={host} path={asked.disk.path} onClose={onClose} />;
    case 'resize':
      return <ResizeDisk host={host} disk={asked.disk} onClose={onClose} />;
    case 'compact':
    case 'commit':
    case 'flatten':
    case 'wipe':
    case 'delete':
      return <ConfirmWork host={host} disk={asked.disk} verb={asked.verb} onClose={onClose} />;
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
