/**
 * What is seen of a thing while its graphs are open. Figures that have not changed are not told again, so
 * they are noted on a timer too; nothing is asked for.
 */
import { useEffect, useMemo, useReducer, useRef } from 'react';
import type { Figures } from '#api';
import { Tail } from './tail.ts';

const noteEveryMs = 10_000;

/** The tail of the thing in steps so long. Renders again when there is more. */
export function useTail(id: string, stepMs: number, figures: Figures): Tail {
  const tail = useMemo(() => new Tail(stepMs), [id, stepMs]);
  const latest = useRef(figures);
  latest.current = figures;
  const [, renderAgain] = useReducer((count: number) => count + 1, 0);
  const told = JSON.stringify(figures);
  useEffect(() => {
    const note = (): void => {
      if (!document.hidden) tail.note(Date.now(), latest.current);
      renderAgain();
    };
    note();
    const timer = setInterval(note, noteEveryMs);
    return () => clearInterval(timer);
  }, [tail, told]);
  return tail;
}
