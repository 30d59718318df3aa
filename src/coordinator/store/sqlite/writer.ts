/** The writer's thread, there while much is written. Blocks on the disk so that nobody else does. */
// oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin
import { parentPort, workerData } from 'node:worker_threads';
import { faultToData, present } from '#lib';
import { openBesides, type OpenedDatabase } from './database.ts';
import type { Batch, BatchResult, FromThread, Opening, ThreadData, ToThread } from './protocol.ts';
import { Transactor } from './transactor.ts';

const port = present(parentPort, "the thread's port");
const { file } = workerData as ThreadData;

function serve(opened: OpenedDatabase): void {
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
  port.postMessage({ opened: true } satisfies Opening);
  // What the coordinator's own thread has left in the log; afterwards SQLite sees to it with every commit.
  opened.database.exec('PRAGMA wal_checkpoint(PASSIVE)');
}

try {
  serve(openBesides(file));
} catch (error) {
  port.postMessage({ fault: faultToData(error) } satisfies Opening);
}
