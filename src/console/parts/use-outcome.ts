/** What becomes of an operation that a page has begun is told as a notice when it has ended. */
import type { Operation } from '#api';
import { useConsole, useWords } from '../console.ts';

export function useOutcome(): (
  values: { readonly action: string; readonly name: string },
  operation: Operation,
) => void {
  const { live, notices } = useConsole();
  const words = useWords();
  return (values, operation) =>
    live.onEnd(operation, (ended) => {
      const done = words.text('actionTaken', values);
      notices.conclude({ done, failed: words.text('whatGoesWrong', values) }, ended);
    });
}
