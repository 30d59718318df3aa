/** A thread that packs and unpacks what it is sent, one order after the other. */
// oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin
import { parentPort } from 'node:worker_threads';
import { runPiece } from './codec.ts';
import type { PackAnswer, PackOrder } from './messages.ts';

parentPort?.on('message', (order: PackOrder) => {
  const answer: PackAnswer = order.map(({ packing, doing, bytes, into }) => {
    try {
      return runPiece(packing, doing, bytes, into);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  });
  parentPort?.postMessage(answer);
});
