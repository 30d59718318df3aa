/** A thread that moves what it is told to, one order after the other. */
// oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin
import { parentPort } from 'node:worker_threads';
import { pieceBytes, runMove, type MoveAnswer, type MoveOrder } from './move.ts';

const memory = Buffer.allocUnsafeSlow(pieceBytes);

function answer(message: MoveAnswer): void {
  parentPort?.postMessage(message);
}

parentPort?.on('message', (order: MoveOrder) => answer(runMove(order, memory)));
answer('ready');
