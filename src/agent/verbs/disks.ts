/** Disks of this host by themselves: which there are, and work on them by path. */
import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket } from 'ws';
import { z } from 'zod';
import type { LinkResult } from '#api';
import { Fault } from '#lib';
import type { DiskCatalogue, DiskInsides, DiskWorkshop, InnerPlace } from '../drivers/files.ts';
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';
import type { Streams } from '../stream/streams.ts';
import { sendOver, whole } from './send-over.ts';

type DiskVerbs = Pick<
  Handlers,
  | 'host.disks'
  | 'host.disk'
  | 'host.identify'
  | 'host.disk.plan'
  | 'host.disk.work'
  | 'host.disk.stop'
  | 'host.disk.files'
  | 'host.disk.file.send'
  | 'host.disk.file.take'
>;

const answerSchema = z.record(z.string(), z.json());

export function diskVerbs(host: Host, streams: Streams): DiskVerbs {
  return {
    'host.disks': async (_, { signal }) => catalogueOf(host).list(host.files(), signal),
    'host.disk': async ({ file }, { signal }) =>
      catalogueOf(host).inspect(file, host.files(), signal),
    'host.identify': ({ file }) => catalogueOf(host).identify(file),
    'host.disk.plan': async ({ work }, { signal }) => ({
      files: [...(await worksOf(host).plan(work, host.files(), signal))],
    }),
    'host.disk.work': async (asked, context) => ({
      answer: answerSchema.parse(await worksOf(host).perform(asked, host.files(), context)),
    }),
    async 'host.disk.stop'({ id }) {
      await worksOf(host).stop(id);
      return {};
    },
    'host.disk.files': (asked, { signal }) => insidesOf(host).look(asked, host.files(), signal),
    'host.disk.file.send': ({ streamId, ...asked }, { signal }) =>
      sendFile(host, streams, { streamId, asked }, signal),
    async 'host.disk.file.take'({ streamId, kind, sizeBytes, ...asked }, { signal }) {
      let socket: WebSocket | undefined;
      const open = async (): Promise<Duplex> => {
        socket = await streams.dial(streamId, signal);
        return createWebSocketStream(socket, { allowHalfOpen: false });
      };
      try {
        await insidesOf(host).put(asked, host.files(), { kind, sizeBytes, open }, signal);
      } finally {
        socket?.close(whole);
      }
      return {};
    },
  };
}

/** Answered when the stream is there; the bytes go over it until it is closed as whole, or just ends. */
async function sendFile(
  host: Host,
  streams: Streams,
  { streamId, asked }: { readonly streamId: string; readonly asked: InnerPlace },
  signal: AbortSignal,
): Promise<LinkResult<'host.disk.file.send'>> {
  const { promise, resolve, reject } = Promise.withResolvers<LinkResult<'host.disk.file.send'>>();
  const sent = insidesOf(host).read(asked, host.files(), signal, (facts, content) =>
    sendOver(streams, streamId, { content, onOpen: () => resolve(facts) }, signal),
  );
  // After the answer what goes wrong is told by the way the stream ends.
  sent.catch(reject);
  return await promise;
}

function insidesOf({ driver }: Host): DiskInsides {
  return driver.storage.insides ?? refuse(driver.name);
}

function catalogueOf({ driver }: Host): DiskCatalogue {
  return driver.storage.catalogue ?? refuse(driver.name);
}

function worksOf({ driver }: Host): DiskWorkshop {
  return driver.storage.works ?? refuse(driver.name);
}

function refuse(driver: string): never {
  throw new Fault('unsupported', `a ${driver} host has no files`);
}
