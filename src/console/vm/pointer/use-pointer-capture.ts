/**
 * The browser's pointer, given to a guest that has no tablet (Pointer Lock): while it is captured, its
 * movements, buttons and wheel go to the guest.
 *
 *   free --click on the screen, or the keys--> captured --the keys, Escape, a lost connection--> free
 */
import { useCallback, useEffect, useState, type RefObject } from 'react';
import { buttonMask, wheelMask } from './rfb-pointer.ts';
import type { ScreenChannel } from './screen-channel.ts';

/** What captures and releases, as it is shown. */
export const captureKeys = 'Ctrl+Alt+G';

function isCaptureKeys({ code, ctrlKey, altKey, repeat }: KeyboardEvent): boolean {
  return code === 'KeyG' && ctrlKey && altKey && !repeat;
}

export function usePointerCapture(
  place: RefObject<HTMLElement | null>,
  channel: RefObject<ScreenChannel | undefined>,
  wanted: boolean,
): 'free' | 'captured' {
  const [captured, setCaptured] = useState(false);
  const capture = useCallback(async () => {
    try {
      await place.current?.requestPointerLock();
    } catch {
      // A browser refuses it for a moment after Escape; what is shown still says how to capture.
    }
  }, [place]);
  useEffect(() => {
    const screen = place.current;
    if (!wanted || screen === null) return undefined;
    const ending = new AbortController();
    const { signal } = ending;
    const isCaptured = (): boolean => document.pointerLockElement === screen;
    const onKey = (event: KeyboardEvent): void => {
      if (!isCaptureKeys(event)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (isCaptured()) document.exitPointerLock();
      else void capture();
    };
    const onMouse = (event: MouseEvent): void => {
      if (isCaptured()) {
        channel.current?.move(buttonMask(event.buttons), event.movementX, event.movementY);
      } else if (event.type === 'mousedown') {
        // The click that captures is not the guest's; where the focus goes is said when it is captured.
        event.stopPropagation();
        event.preventDefault();
        void capture();
      }
    };
    const onWheel = (event: WheelEvent): void => {
      if (!isCaptured()) return;
      event.preventDefault();
      const held = buttonMask(event.buttons);
      channel.current?.move(held | wheelMask(event.deltaY), 0, 0);
      channel.current?.move(held, 0, 0);
    };
    const onChange = (): void => {
      setCaptured(isCaptured());
      // No button stays pressed in a guest that hears no more of it.
      if (!isCaptured()) channel.current?.move(0, 0, 0);
    };
    window.addEventListener('keydown', onKey, { capture: true, signal });
    for (const type of ['mousedown', 'mouseup', 'mousemove'] as const)
      screen.addEventListener(type, onMouse, { capture: true, signal });
    screen.addEventListener('wheel', onWheel, { capture: true, passive: false, signal });
    document.addEventListener('pointerlockchange', onChange, { signal });
    return () => {
      if (isCaptured()) document.exitPointerLock();
      ending.abort();
      setCaptured(false);
    };
  }, [place, channel, wanted, capture]);
  return captured ? 'captured' : 'free';
}
