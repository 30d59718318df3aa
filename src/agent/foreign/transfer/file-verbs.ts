/** Volumes as they are, to other computers and from them, as the link asks for them. */
import { createWebSocketStream, type WebSocket } from 'ws';
import type { Handlers } from '../../link/calls.ts';
import type { Streams } from '../../stream/streams.ts';
import { sendOver, whole } from '../../verbs/send-over.ts';
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
      let socket: WebSocket | undefined;
      const open = async (): Promise<AsyncIterable<Uint8Array>> => {
        socket = await streams.dial(streamId, signal);
        const stream = createWebSocketStream(socket, { allowHalfOpen: false });
        // Whoever reads it hears of its end.
        stream.on('error', () => undefined);
        return stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
      };
      try {
        const upload = await incoming.take(id, { offset, sizeBytes, open }, signal);
        socket?.close(whole);
        return { upload };
      } catch (error) {
        // Its farewell would wait behind what nobody reads any more.
        socket?.terminate();
        throw error;
      }
    },
    async 'host.upload.stop'({ id }) {
      await incoming.stop(id);
      return {};
    },
  };
}
