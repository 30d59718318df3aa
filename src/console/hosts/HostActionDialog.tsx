/** What an action on all vms of a host would do, asked of the server first. */
import type { ReactNode } from 'react';
import type { Host } from '#api';
import { useConsole, useWords } from '../console.ts';
import { PlanDialog } from '../parts/PlanDialog.tsx';
import type { AskedHostAction } from './host-actions.ts';
import { useActOnHost } from './use-act-on-host.ts';

export function HostActionDialog({
  host,
  action,
  onClose,
}: {
  readonly host: Host;
  readonly action: AskedHostAction;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const act = useActOnHost();
  return (
    <PlanDialog
      action={words.hostAction(action)}
      name={host.name}
      look={action === 'turn-off-all' || action === 'stop' ? 'danger' : 'primary'}
      planKey={['host.bulk', host.id, action]}
      plan={(signal) =>
        client.dryRun('host.bulk', { params: { host: host.id, action }, body: {} }, signal)
      }
      onConfirm={() => void act(host, action)}
      onClose={onClose}
    />
  );
}
