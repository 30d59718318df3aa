/** The writer's thread: the only one that changes the database. Blocks on the disk so that nobody else does. */
// oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin
import { parentPort, workerData } from 'node:worker_threads';
import { collectGarbage, faultToData, present } from '#lib';
import { openForWriting, type OpenedDatabase } from './database.ts';
import { endAllLeases } from './leases.ts';
import type { Batch, BatchResult, FromThread, Opening, ThreadData, ToThread } from './protocol.ts';
import { Transactor } from './transactor.ts';

const port = present(parentPort, "the thread's port");
const { file } = workerData as ThreadData;

function serve(opened: OpenedDatabase): void {
  endAllLeases(opened.database);
  const transactor = new Transactor(opened.database, file);
  port.on('message', (message: ToThread<Batch>) => {
    if ('close' in message) {
      opened.close();
      port.close();
      return;
    }
    const { id, work } = message;
    port.postMessage({ id, result: transactor.run(work) } satisfies FromThread<BatchResult>);
  });
  port.postMessage({ head: transactor.head } satisfies Opening);
  // What opening takes is not needed again, and a thread that waits collects nothing.
  collectGarbage();
}

try {
  serve(openForWriting(file));
} catch (error) {
  port.postMessage({ fault: faultToData(error) } satisfies Opening);
}
