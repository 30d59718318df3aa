/** Files of this host as they are, to other computers. */
import { Fault } from '#lib';
import type { OutgoingFiles } from '../drivers/files.ts';
import type { Host } from '../host/host.ts';
import type { Handlers } from '../link/calls.ts';
import type { Streams } from '../stream/streams.ts';
import { sendOver } from './send-over.ts';

type FileVerbs = Pick<Handlers, 'host.file.look' | 'host.file.send'>;

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
  };
}

function outgoingOf({ driver }: Host): OutgoingFiles {
  if (driver.storage.outgoing !== undefined) return driver.storage.outgoing;
  throw new Fault('unsupported', `a ${driver.name} host has no files`);
}
