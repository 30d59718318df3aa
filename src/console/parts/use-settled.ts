/** A value once it has not changed for a moment: what is typed is not asked about letter by letter. */
import { useEffect, useState } from 'react';

const settleMs = 250;

/** Compared as JSON, so that it may be made anew each time. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  const written = JSON.stringify(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(JSON.parse(written) as T), settleMs);
    return () => clearTimeout(timer);
  }, [written]);
  return settled;
}
