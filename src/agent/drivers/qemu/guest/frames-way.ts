/**
 * The way to a guest through its cables into networks of this host: it lives while frames come from it. A guest that has
 * no reason to send is given one, where the host can ask for its address.
 */
import type { Taps } from '../../../network/taps.ts';
import type { Way } from './reachability.ts';

/** `addresses` are those that the guest told last. */
export function framesWay(taps: Taps, vm: string, addresses: () => readonly string[]): Way {
  let last: { readonly frames: number; readonly asked: boolean } | undefined;
  return async (look) => {
    const before = look === 'first' ? undefined : last;
    try {
      last = await taps.countFrames(vm, addresses());
    } catch {
      last = undefined;
    }
    if (last === undefined || before === undefined || last.frames < before.frames) return 'unknown';
    if (last.frames > before.frames) return 'answers';
    return before.asked ? 'silent' : 'unknown';
  };
}
