/** The table of commands, in the order of help. */
import type { Command } from '../command.ts';
import { accessListCommands } from './access-lists.ts';
import { accessCommands } from './access.ts';
import { adapterCommands } from './adapters.ts';
import { applyCommands } from './apply.ts';
import { catalogueCommands } from './catalogue.ts';
import { completionCommands } from './completion.ts';
import { consoleCommands } from './console.ts';
import { fileSystemCommands } from './file-systems.ts';
import { deviceCommands } from './devices.ts';
import { diskCommands } from './disk.ts';
import { eventLogCommands } from './event-log.ts';
import { extensionCommands } from './extensions.ts';
import { folderCommands } from './folder.ts';
import { quotaCommands } from './quota.ts';
import { hostCommands } from './host.ts';
import { hostDeviceCommands } from './host-devices.ts';
import { hostHypervisorCommands } from './host-hypervisor.ts';
import { hostTransferCommands } from './host-transfer.ts';
import { installationCommands } from './installation.ts';
import { participantCommands } from './participants.ts';
import { powerCommands } from './power.ts';
import { recordingCommands } from './recordings.ts';
import { reportCommands } from './report.ts';
import { shareCommands } from './shares.ts';
import { profileCommands } from './profile.ts';
import { samplesCommands } from './samples.ts';
import { securityCommands } from './security.ts';
import { screenLinkCommands } from './screen-links.ts';
import { settingsCommands } from './settings.ts';
import { snapshotFileCommands } from './snapshot-files.ts';
import { snapshotCommands } from './snapshots.ts';
import { systemCommands } from './system.ts';
import { networkCommands } from './network.ts';
import { teamCommands } from './team.ts';
import { testCommands } from './test.ts';
import { topCommands } from './top.ts';
import { travelCommands } from './travel.ts';
import { waitCommands } from './wait.ts';
import { userCommands } from './users.ts';
import { viewerCommands } from './viewers.ts';
import { vmCommands } from './vm.ts';
import { warningCommands } from './warning.ts';
import { webCommands } from './web.ts';
import { workCommands } from './work.ts';

export const commands: readonly Command[] = [
  ...systemCommands,
  ...applyCommands,
  ...testCommands,
  ...webCommands,
  ...completionCommands(() => commands),
  ...vmCommands,
  ...settingsCommands,
  ...travelCommands,
  ...waitCommands,
  ...topCommands,
  ...samplesCommands,
  ...powerCommands,
  ...snapshotCommands,
  ...snapshotFileCommands,
  ...consoleCommands,
  ...fileSystemCommands,
  ...participantCommands,
  ...screenLinkCommands,
  ...viewerCommands,
  ...recordingCommands,
  ...deviceCommands,
  ...adapterCommands,
  ...shareCommands,
  ...teamCommands,
  ...networkCommands,
  ...hostCommands,
  ...hostDeviceCommands,
  ...hostHypervisorCommands,
  ...hostTransferCommands,
  ...extensionCommands,
  ...installationCommands,
  ...catalogueCommands,
  ...folderCommands,
  ...quotaCommands,
  ...profileCommands,
  ...diskCommands,
  ...reportCommands,
  ...warningCommands,
  ...workCommands,
  ...eventLogCommands,
  ...userCommands,
  ...accessCommands,
  ...accessListCommands,
  ...securityCommands,
];
