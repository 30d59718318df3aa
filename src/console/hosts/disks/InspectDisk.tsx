/** Any disk file that the host can reach is looked at, by its path or out of those that are known. */
import { FormGroup, TextInput } from '@patternfly/react-core';
import { useRef, useState, type ReactNode } from 'react';
import type { Host, HostDisk } from '#api';
import { FormDialog } from '../../parts/FormDialog.tsx';
import { useDiskText } from './disk-words.ts';
import { DiskReport } from './DiskReport.tsx';

export function InspectDisk({
  host,
  disks,
  onClose,
}: {
  readonly host: Host;
  readonly disks: readonly HostDisk[];
  readonly onClose: () => void;
}): ReactNode {
  const text = useDiskText();
  const [path, setPath] = useState('');
  const [isOpen, setOpen] = useState(false);
  const asked = useRef(false);
  if (isOpen) return <DiskReport host={host} path={path} onClose={onClose} />;
  return (
    <FormDialog
      title={text('inspectAny')}
      verb={text('inspect')}
      look="primary"
      size="medium"
      canSend={path.startsWith('/')}
      send={() => {
        asked.current = true;
        return Promise.resolve();
      }}
      onClose={() => {
        if (asked.current) setOpen(true);
        else onClose();
      }}
    >
      <FormGroup label={text('file')} fieldId="inspect-file" isRequired>
        <TextInput
          id="inspect-file"
          list="inspect-files"
          autoFocus
          isRequired
          maxLength={1024}
          value={path}
          onChange={(_event, to) => setPath(to)}
        />
        <datalist id="inspect-files">
          {disks.map((disk) => (
            <option key={disk.path} value={disk.path} />
          ))}
        </datalist>
      </FormGroup>
    </FormDialog>
  );
}
