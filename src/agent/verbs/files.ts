/** Files as they are, to other computers and from them. */
import { Fault } from '#lib';
import type { IncomingFiles, OutgoingFiles } from '../drivers/files.ts';
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';
import type { Streams } from '../stream/streams.ts';
import { sendOver } from './send-over.ts';
import { takeOver } from './take-over.ts';

type FileVerbs = Pick<
  Handlers,
  'host.file.look' | 'host.file.send' | `host.upload.${'begin' | 'list' | 'take' | 'stop'}`
>;

export function fileVerbs(host: Host, streams: Streams): FileVerbs {
  return {
    'host.file.look': ({ source }, { signal }) =>
      outgoingOf(host).look(source, host.files(), signal),
    async 'host.file.send'({ streamId, ...asked }, { signal }) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const sent = outgoingOf(host).send(asked, host.files(), signal, (content) =>
        sendOver(streams, streamId, { content: () => content, onOpen: resolve }, signal),
      );
      // After the answer what goes wrong is told by the way the stream ends.
      sent.catch(reject);
      await promise;
      return {};
    },
    'host.upload.begin': async (asked) => ({
      upload: await incomingOf(host).begin(asked, host.files()),
    }),
    'host.upload.list': async () => ({ uploads: [...(await incomingOf(host).list())] }),
    async 'host.upload.take'({ streamId, id, offset, sizeBytes }, { signal }) {
      const take = (open: () => Promise<AsyncIterable<Uint8Array>>) =>
        incomingOf(host).take(id, { offset, sizeBytes, open }, signal);
      return { upload: await takeOver(streams, streamId, take, signal) };
    },
    async 'host.upload.stop'({ id }) {
      await incomingOf(host).stop(id);
      return {};
    },
  };
}

function incomingOf({ driver }: Host): IncomingFiles {
  return driver.storage.exchange?.incoming ?? refuse(driver.name);
}

function outgoingOf({ driver }: Host): OutgoingFiles {
  return driver.storage.exchange?.outgoing ?? refuse(driver.name);
}

function refuse(driver: string): never {
  throw new Fault('unsupported', `a ${driver} host has no files`);
}
