/** What is asked of a file of this computer before it becomes one of a host: which, whether it is unpacked, and what it is called there. */
import { useState } from 'react';
import { unpackedName, type Packing } from '#api';
import { packingOfFile, useUpload, type UploadStanding } from './use-upload.ts';

export interface ChosenFile {
  readonly file: File;
  readonly packing: Packing;
}

export interface Bringing {
  readonly chosen: ChosenFile | undefined;
  /** On the host. */
  readonly name: string;
  readonly isUnpacked: boolean;
  readonly standing: UploadStanding;
  readonly isSending: boolean;
  readonly isReady: boolean;
  readonly choose: (file: File | undefined) => Promise<void>;
  readonly setName: (name: string) => void;
  readonly setUnpacked: (isWanted: boolean) => void;
  readonly begin: () => void;
  readonly stop: () => void;
}

export function useBringing({
  host,
  folder,
  onChange,
  onDone,
}: {
  /** Its id. */
  readonly host: string;
  /** On the host; undefined: the one for vms. */
  readonly folder?: string;
  /** It has begun, or ended. */
  readonly onChange: () => void;
  /** Told where it lies. */
  readonly onDone?: (path: string) => void;
}): Bringing {
  const { standing, send, stop } = useUpload(onChange, onDone);
  const [chosen, setChosen] = useState<ChosenFile | undefined>(undefined);
  const [name, setName] = useState('');
  const [isUnpacked, setUnpacked] = useState(true);
  const isSending = standing.kind === 'sending';
  const isReady =
    chosen !== undefined && name !== '' && (folder === undefined || folder.startsWith('/'));
  return {
    chosen,
    name,
    isUnpacked,
    standing,
    isSending,
    isReady,
    async choose(file) {
      if (file === undefined) return setChosen(undefined);
      const packing = await packingOfFile(file);
      setChosen({ file, packing });
      setName(unpackedName(file.name, isUnpacked ? packing : 'none'));
    },
    setName,
    setUnpacked(isWanted) {
      setUnpacked(isWanted);
      if (chosen !== undefined)
        setName(unpackedName(chosen.file.name, isWanted ? chosen.packing : 'none'));
    },
    begin() {
      if (chosen === undefined || !isReady || isSending) return;
      const packing = isUnpacked ? chosen.packing : 'none';
      const path = folder === undefined ? name : `${folder.replace(/\/+$/, '')}/${name}`;
      void send({ host, file: chosen.file, path, packing });
    },
    stop,
  };
}
