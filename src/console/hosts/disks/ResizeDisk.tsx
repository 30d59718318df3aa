/** Another size for a disk; smaller only where the host finds what is cut off empty. */
import { useState, type ReactNode } from 'react';
import type { Host, HostDisk } from '#api';
import { miB } from '#lib';
import { FormDialog } from '../../parts/FormDialog.tsx';
import { fileName } from './disk-tree.ts';
import { useDiskText } from './disk-words.ts';
import { SizeField } from './SizeField.tsx';
import { useDiskWork } from './use-disk-work.ts';

export function ResizeDisk({
  host,
  disk: { path, sizeBytes },
  onClose,
}: {
  readonly host: Host;
  readonly disk: HostDisk;
  readonly onClose: () => void;
}): ReactNode {
  const text = useDiskText();
  const { begin } = useDiskWork(host);
  const [sizeMiB, setSize] = useState((sizeBytes ?? 0) / miB);
  const to = Math.round(sizeMiB * miB);
  return (
    <FormDialog
      title={`${text('resize')}: ${fileName(path)}`}
      verb={text('resize')}
      look="primary"
      canSend={to > 0 && to !== sizeBytes}
      send={() => begin(text('resize'), { verb: 'resize', file: path, sizeBytes: to })}
      onClose={onClose}
    >
      <SizeField sizeMiB={sizeMiB} onSize={setSize} />
    </FormDialog>
  );
}
