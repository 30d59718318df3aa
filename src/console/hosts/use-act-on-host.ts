/** Doing something with a host: the call, and what is said of its end. */
import type { Host, Operation } from '#api';
import { useConsole, useWords } from '../console.ts';
import type { HostAction } from './host-actions.ts';

/** Never fails: what goes wrong is told as a notice. */
export function useActOnHost(): (host: Host, action: HostAction) => Promise<void> {
  const { client, live, notices } = useConsole();
  const words = useWords();
  const begin = (host: Host, action: HostAction): Promise<Operation> => {
    const params = { host: host.id };
    if (action === 'discover') return client.call('host.discover', { params });
    if (action === 'probe') return client.call('host.probe', { params });
    return client.call('host.bulk', { params: { ...params, action }, body: {} });
  };
  return async (host, action) => {
    const values = { action: words.hostAction(action), name: host.name };
    try {
      live.onEnd(await begin(host, action), (ended) => {
        if (ended.fault !== null) notices.fail(words.text('whatGoesWrong', values), ended.fault);
        else notices.tell(words.text('actionTaken', values));
      });
    } catch (error) {
      notices.fail(words.text('whatGoesWrong', values), error);
    }
  };
}
