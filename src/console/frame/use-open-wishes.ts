/** Opens what its person asks for on the command line, unless something here would be lost by it. */
import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useConsole, useWords } from '../console.ts';

/** What holds something that was typed and not saved. */
const unsaved = '.save-bar, [role=dialog]';

export function useOpenWishes(): void {
  const { live, notices } = useConsole();
  const words = useWords();
  const navigate = useNavigate();
  useEffect(
    () =>
      live.onOpen(({ id }) => {
        if (document.querySelector(unsaved) === null)
          void navigate({ to: '/vms/$vm', params: { vm: id } });
        else
          notices.tell(words.text('openWaits'), `${location.origin}/vms/${encodeURIComponent(id)}`);
      }),
    [live, notices, words, navigate],
  );
}
