/**
 * Small reads and writes that are answered at once do not let other work of the process have its turn, so each turn of
 * the event loop has so many of them and no more.
 */

/** Beyond it the copy itself takes as long as the way to a thread. */
export const maxAtOnceBytes = 64 * 1024;
const perTurn = 32;

let left = perTurn;

/** Whether this turn of the event loop has one more; then it is taken. */
export function takeAtOnce(): boolean {
  if (left === perTurn)
    setImmediate(() => {
      left = perTurn;
    });
  if (left === 0) return false;
  left -= 1;
  return true;
}
