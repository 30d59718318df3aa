/** The status of a host: a sign, a colour and the word. */
import { Label } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { Host, HostStatus } from '#api';
import { useWords } from '../console.ts';

export const hostGlyphs: Readonly<Record<HostStatus, string>> = {
  ready: '●',
  'service-stopped': '○',
  'agent-not-running': '!',
  'hypervisor-not-installed': '!',
  'not-communicating': '?',
  unreachable: '?',
};

export function HostStatusLabel({ host }: { readonly host: Host }): ReactNode {
  const words = useWords();
  const color =
    host.status === 'ready' ? 'green' : host.status === 'service-stopped' ? 'grey' : 'red';
  return (
    <Label color={color} isCompact icon={<span aria-hidden>{hostGlyphs[host.status]}</span>}>
      {words.hostStatus(host.status)}
    </Label>
  );
}
