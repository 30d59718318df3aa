/** Which rows of equal height a scrolling box shows now, with a few more on both sides. */
import { useLayoutEffect, useState, type RefObject } from 'react';

const beyond = 8;

export interface Shown {
  readonly first: number;
  readonly last: number;
}

export function useViewport(
  box: RefObject<HTMLElement | null>,
  rowPx: number,
  /** Changes when the list begins anew, at its top. */
  beginning: string,
): Shown {
  const [shown, setShown] = useState<Shown>({ first: 0, last: 30 });
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const look = (): void => {
      const first = Math.max(0, Math.floor(element.scrollTop / rowPx) - beyond);
      const last = Math.ceil((element.scrollTop + element.clientHeight) / rowPx) + beyond;
      setShown((before) =>
        before.first === first && before.last === last ? before : { first, last },
      );
    };
    element.scrollTop = 0;
    look();
    element.addEventListener('scroll', look, { passive: true });
    const sizes = new ResizeObserver(look);
    sizes.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      sizes.disconnect();
    };
  }, [box, rowPx, beginning]);
  return shown;
}
