/** What an action that was chosen in the palette asks before it is done; each dialog comes when it is asked for. */
import { Suspense, type ReactNode } from 'react';
import type { Asked } from './entries.ts';
import { lazyPart } from '../../parts/lazy-part.ts';

const VmDialog = lazyPart(async () => (await import('../../vm/VmDialog.tsx')).VmDialog);
const HostActionDialog = lazyPart(
  async () => (await import('../../hosts/HostActionDialog.tsx')).HostActionDialog,
);
const TeamDialog = lazyPart(async () => (await import('../../teams/TeamDialog.tsx')).TeamDialog);
const CreateTeam = lazyPart(async () => (await import('../../teams/CreateTeam.tsx')).CreateTeam);
const NetworkDialog = lazyPart(
  async () => (await import('../../networks/NetworkDialog.tsx')).NetworkDialog,
);
const CreateNetwork = lazyPart(
  async () => (await import('../../networks/CreateNetwork.tsx')).CreateNetwork,
);
const DeleteImage = lazyPart(
  async () => (await import('../../images/DeleteImage.tsx')).DeleteImage,
);

interface Props {
  readonly asked: Asked;
  readonly onClose: () => void;
}

export function AskedDialog(props: Props): ReactNode {
  return (
    <Suspense fallback={null}>
      <Dialog {...props} />
    </Suspense>
  );
}

function Dialog({ asked, onClose }: Props): ReactNode {
  switch (asked.kind) {
    case 'vm':
      return <VmDialog vm={asked.vm} asked={asked.asked} onClose={onClose} />;
    case 'host':
      return <HostActionDialog host={asked.host} action={asked.action} onClose={onClose} />;
    case 'team':
      return <TeamDialog team={asked.team} verb={asked.verb} onClose={onClose} />;
    case 'network':
      return <NetworkDialog network={asked.network} verb={asked.verb} onClose={onClose} />;
    case 'image':
      return <DeleteImage image={asked.image} onClose={onClose} />;
    case 'create-team':
      return <CreateTeam onClose={onClose} />;
    case 'create-network':
      return <CreateNetwork onClose={onClose} />;
  }
}
