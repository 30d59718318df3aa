/** The reader's thread: its own connection, so that no reading waits behind a flush of the writer. */
// oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin
import { parentPort, workerData } from 'node:worker_threads';
import { Fault, faultToData, present } from '#lib';
import { openForReading, type OpenedDatabase } from './database.ts';
import { storeFault } from './faults.ts';
import { Queries } from './queries.ts';
import type { FromThread, Opening, Query, QueryResult, ThreadData, ToThread } from './protocol.ts';

const port = present(parentPort, "the thread's port");
const { file } = workerData as ThreadData;

function answer(queries: Queries, query: Query): QueryResult {
  try {
    return { answer: queries.run(query) };
  } catch (error) {
    const fault = storeFault(file, error);
    if (!(fault instanceof Fault)) throw error;
    return { fault: faultToData(fault) };
  }
}

function serve(opened: OpenedDatabase): void {
  const queries = new Queries(opened.database);
  port.on('message', (message: ToThread<Query>) => {
    if ('close' in message) {
      opened.close();
      port.close();
      return;
    }
    const { id, work } = message;
    port.postMessage({ id, result: answer(queries, work) } satisfies FromThread<QueryResult>);
  });
  port.postMessage({ opened: true } satisfies Opening);
}

try {
  serve(openForReading(file));
} catch (error) {
  port.postMessage({ fault: faultToData(error) } satisfies Opening);
}
