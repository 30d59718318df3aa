/** A file on its way to a host while its dialog is open: sent, stopped, gone on with. */
import { useEffect, useRef, useState } from 'react';
import {
  contentOf,
  finishedStates,
  packingHeadBytes,
  packingOf,
  sendContent,
  type Packing,
  type SentFile,
  type TransferProgress,
} from '#api';
import { Fault, faultFromData, isFault, type FaultCode } from '#lib';
import { useConsole } from '../../console.ts';

export interface UploadWish {
  /** Id of the host. */
  readonly host: string;
  readonly file: File;
  /** On the host; a name alone lies in its folder for vms. */
  readonly path: string;
  readonly packing: Packing;
}

export interface SendingState {
  readonly progress: TransferProgress | undefined;
  readonly isBroken: boolean;
}

export interface Sender {
  /** While something is on its way, until what is done with it has been asked for. */
  readonly sending: SendingState | undefined;
  /** Answers what `then` answers. Errors: those of sending; `cancelled` when it was stopped: what has come is kept. */
  readonly send: <T>(wish: UploadWish, then: (sent: SentFile) => Promise<T>) => Promise<T>;
  readonly stop: () => void;
}

/** A file of this computer is brought to a host, for whatever is done with it there. */
export function useSender(onBegun?: () => void): Sender {
  const { client } = useConsole();
  const [sending, setSending] = useState<SendingState | undefined>(undefined);
  const running = useRef<AbortController>(undefined);
  // Whoever closes the dialog stops it; what has come is kept.
  useEffect(() => () => running.current?.abort(), []);
  const send: Sender['send'] = async ({ host, file, path, packing }, then) => {
    const controller = new AbortController();
    const { signal } = controller;
    running.current = controller;
    let progress: TransferProgress | undefined;
    const show = (isBroken: boolean): void => setSending({ progress, isBroken });
    show(false);
    try {
      const sent = await sendContent(client, {
        host,
        begin: {
          file: path,
          sizeBytes: file.size,
          replaces: false,
          packing,
          fingerprint: `${file.size}-${file.lastModified}-${file.name}`.slice(0, 200),
        },
        content: contentOf(file),
        signal,
        ...(onBegun === undefined ? {} : { onBegun }),
        onProgress(now) {
          progress = now;
          show(false);
        },
        onBreak: () => show(true),
      });
      signal.throwIfAborted();
      return await then(sent);
    } catch (error) {
      throw signal.aborted ? new Fault('cancelled', 'it was stopped') : error;
    } finally {
      setSending(undefined);
    }
  };
  return { sending, send, stop: () => running.current?.abort() };
}

export type UploadStanding =
  | { readonly kind: 'idle' | 'stopped' }
  | { readonly kind: 'done'; readonly path: string }
  | { readonly kind: 'failed'; readonly failure: unknown }
  | ({ readonly kind: 'sending' } & SendingState);

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

/** A file of this computer becomes one of a host. */
export function useUpload(onChange: () => void, onDone?: (path: string) => void): Uploading {
  const { client, live } = useConsole();
  const [ended, setEnded] = useState<Exclude<UploadStanding, { kind: 'sending' }>>({
    kind: 'idle',
  });
  const { sending, send, stop } = useSender(onChange);
  const finish = async (host: string, sent: SentFile): Promise<string> => {
    const body = { verb: 'upload', ...sent } as const;
    const begun = await client.call('host.disk.work', { params: { host }, body });
    const { fault, result } = await new Promise<typeof begun>((resolve) => {
      if (finishedStates.includes(begun.state)) resolve(begun);
      else live.onEnd(begun, resolve);
    });
    const path = result?.['path'];
    if (fault === null) return typeof path === 'string' ? path : sent.file;
    throw faultFromData({ ...fault, code: fault.code as FaultCode });
  };
  const upload = async (wish: UploadWish): Promise<void> => {
    try {
      const path = await send(wish, (sent) => finish(wish.host, sent));
      setEnded({ kind: 'done', path });
      onDone?.(path);
    } catch (failure) {
      const isStopped = isFault(failure, 'cancelled');
      setEnded(isStopped ? { kind: 'stopped' } : { kind: 'failed', failure });
    } finally {
      onChange();
    }
  };
  const standing = sending === undefined ? ended : ({ kind: 'sending', ...sending } as const);
  return { standing, send: upload, stop };
}
