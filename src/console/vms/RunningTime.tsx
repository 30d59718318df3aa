/** How long a vm has run, counted on from what the server told last; the browser's clock may be wrong. */
import { useEffect, useState, type ReactNode } from 'react';
import type { Vm } from '#api';
import { useWords } from '../console.ts';

export function RunningTime({ vm }: { readonly vm: Vm }): ReactNode {
  const words = useWords();
  const told = vm.status.runningSeconds;
  const [passed, setPassed] = useState(0);
  const runs = told !== null;
  useEffect(() => {
    setPassed(0);
    if (!runs) return undefined;
    const begun = performance.now();
    const timer = setInterval(() => setPassed((performance.now() - begun) / 1000), 1000);
    return () => clearInterval(timer);
  }, [told, runs]);
  return words.runningTime(told === null ? null : told + passed);
}
