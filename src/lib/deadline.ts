/** Time limits. Everything that waits takes an AbortSignal; these make and combine them. */
import { abortReason } from './clock.ts';
import { Fault } from './fault.ts';

/**
 * Runs the work with a time limit. The signal given to the work aborts when the limit passes or the
 * outer signal does; a work that ignores its signal is abandoned, its late result dropped.
 * Errors: `timeout` naming `what`; the outer signal's reason.
 */
export async function withDeadline<T>(
  what: string,
  limitMs: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    controller.abort(new Fault('timeout', `${what}: no answer within ${limitMs} ms`));
  }, limitMs);
  const onOuter = (): void => controller.abort(abortReason(outer));
  const onAbort = (): void => reject(abortReason(controller.signal));
  controller.signal.addEventListener('abort', onAbort, { once: true });
  if (outer?.aborted) onOuter();
  else outer?.addEventListener('abort', onOuter, { once: true });
  try {
    return await Promise.race([work(controller.signal), promise]);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', onOuter);
    controller.signal.removeEventListener('abort', onAbort);
    promise.catch(() => undefined);
  }
}
