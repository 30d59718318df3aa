/** A file on its way to a host while its dialog is open: sent, stopped, gone on with. */
import { useEffect, useRef, useState } from 'react';
import {
  contentOf,
  finishedStates,
  packingHeadBytes,
  packingOf,
  sendFile,
  type Host,
  type Packing,
  type TransferProgress,
} from '#api';
import { useConsole } from '../../console.ts';

export interface UploadWish {
  readonly file: File;
  /** On the host. */
  readonly path: string;
  readonly packing: Packing;
}

export type UploadStanding =
  | { readonly kind: 'idle' | 'stopped' | 'done' }
  | { readonly kind: 'failed'; readonly failure: unknown }
  | {
      readonly kind: 'sending';
      readonly progress: TransferProgress | undefined;
      readonly isBroken: boolean;
    };

export interface Uploading {
  readonly standing: UploadStanding;
  readonly send: (wish: UploadWish) => Promise<void>;
  readonly stop: () => void;
}

/** Its content tells how it is packed, whatever it is called. */
export async function packingOfFile(file: Blob): Promise<Packing> {
  const head = await file.slice(0, packingHeadBytes).arrayBuffer();
  return packingOf(new Uint8Array(head));
}

export function useUpload(host: Host, onChange: () => void): Uploading {
  const { client, live } = useConsole();
  const [standing, setStanding] = useState<UploadStanding>({ kind: 'idle' });
  const running = useRef<AbortController>(undefined);
  // Whoever closes the dialog stops it; what has come is kept.
  useEffect(() => () => running.current?.abort(), []);
  const stop = (): void => running.current?.abort();
  const send = async ({ file, path, packing }: UploadWish): Promise<void> => {
    const controller = new AbortController();
    const { signal } = controller;
    running.current = controller;
    let progress: TransferProgress | undefined;
    const show = (isBroken: boolean): void => setStanding({ kind: 'sending', progress, isBroken });
    show(false);
    try {
      const operation = await sendFile(client, {
        host: host.id,
        begin: {
          file: path,
          sizeBytes: file.size,
          packing,
          fingerprint: `${file.size}-${file.lastModified}-${file.name}`.slice(0, 200),
        },
        content: contentOf(file),
        signal,
        onBegun: onChange,
        onProgress(now) {
          progress = now;
          show(false);
        },
        onBreak: () => show(true),
      });
      const { fault } = await new Promise<typeof operation>((resolve) => {
        if (finishedStates.includes(operation.state)) resolve(operation);
        else live.onEnd(operation, resolve);
      });
      setStanding(fault === null ? { kind: 'done' } : { kind: 'failed', failure: fault });
    } catch (failure) {
      setStanding(signal.aborted ? { kind: 'stopped' } : { kind: 'failed', failure });
    } finally {
      onChange();
    }
  };
  return { standing, send, stop };
}
