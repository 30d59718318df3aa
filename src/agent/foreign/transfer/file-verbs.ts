/** Volumes as they are, to other computers and from them, as the link asks for them. */
import type { Handlers } from '../../link/calls.ts';
import type { Streams } from '../../stream/streams.ts';
import { sendOver } from '../../verbs/send-over.ts';
import { takeOver } from '../../verbs/take-over.ts';
import type { IncomingVolumes } from './incoming.ts';
import { lookAtVolume, readVolumePart, type OutgoingTools } from './outgoing.ts';

type FileVerbs = Pick<
  Handlers,
  'host.file.look' | 'host.file.send' | `host.upload.${'begin' | 'list' | 'take' | 'stop'}`
>;

export interface FileTools extends OutgoingTools {
  readonly streams: Streams;
  readonly incoming: IncomingVolumes;
}

export function fileVerbs({ streams, incoming, ...tools }: FileTools): FileVerbs {
  return {
    'host.file.look': ({ source }, { signal }) => lookAtVolume(tools, source, signal),
    async 'host.file.send'({ streamId, source, ...part }, { signal }) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const content = () => readVolumePart(tools, source, part, signal);
      // After the answer what goes wrong is told by the way the stream ends.
      sendOver(streams, streamId, { content, onOpen: resolve }, signal).catch(reject);
      await promise;
      return {};
    },
    'host.upload.begin': async (asked, { signal }) => ({
      upload: await incoming.begin(tools.client, asked, signal),
    }),
    'host.upload.list': async () => ({ uploads: await incoming.list() }),
    async 'host.upload.take'({ streamId, id, offset, sizeBytes }, { signal }) {
      const take = (open: () => Promise<AsyncIterable<Uint8Array>>) =>
        incoming.take(id, { offset, sizeBytes, open }, signal);
      return { upload: await takeOver(streams, streamId, take, signal) };
    },
    async 'host.upload.stop'({ id }) {
      await incoming.stop(id);
      return {};
    },
  };
}
