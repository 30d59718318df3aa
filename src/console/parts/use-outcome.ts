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
    live.onEnd(operation, ({ state, fault }) => {
      if (state === 'done') notices.tell(words.text('actionTaken', values));
      else if (fault !== null) notices.fail(words.text('whatGoesWrong', values), fault);
    });
}
