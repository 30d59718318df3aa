/** A thread that packs and unpacks what it is sent, one order after the other. */
// oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin
import { parentPort } from 'node:worker_threads';
import { runPiece } from './codec.ts';
import type { PackAnswer, PackOrder } from './messages.ts';

parentPort?.on('message', ({ pieces, input, output }: PackOrder) => {
  let [from, to] = [0, 0];
  const answer: PackAnswer = pieces.map(({ packing, doing, length, roomBytes }) => {
    const [piece, room] = [
      input.subarray(from, from + length),
      output.subarray(to, to + roomBytes),
    ];
    [from, to] = [from + length, to + roomBytes];
    try {
      return runPiece(packing, doing, piece, room);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  });
  parentPort?.postMessage(answer);
});
