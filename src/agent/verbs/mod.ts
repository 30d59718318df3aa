/** The table: what each method of the link does on a host. */
import type { Host } from '../host/host.ts';
import type { HostHandlers } from '../link/calls.ts';
import type { Streams } from '../stream/streams.ts';
import type { ViewerPorts } from '../stream/viewer-ports.ts';
import { adapterVerbs } from './adapters.ts';
import { arrivalVerbs } from './arrivals.ts';
import { consoleVerbs } from './consoles.ts';
import { departureVerbs } from './departures.ts';
import { deviceVerbs } from './devices.ts';
import { diskVerbs } from './disks.ts';
import { fileVerbs } from './files.ts';
import { guestVerbs } from './guest.ts';
import { handoverVerbs } from './handovers.ts';
import { extensionVerbs } from './extensions.ts';
import { askVerbs } from './ask.ts';
import { hostVerbs } from './hosts.ts';
import { imageVerbs } from './images.ts';
import { machineVerbs } from './machines.ts';
import { mediaVerbs } from './media.ts';
import { networkVerbs } from './networks.ts';
import { passageVerbs } from './passages.ts';
import { shareVerbs } from './shares.ts';
import { snapshotVerbs } from './snapshots.ts';
import { travelVerbs } from './travel.ts';

export function makeHandlers(host: Host, streams: Streams, viewers: ViewerPorts): HostHandlers {
  return {
    ...hostVerbs(host),
    ...diskVerbs(host, streams),
    ...fileVerbs(host, streams),
    ...mediaVerbs(host),
    ...machineVerbs(host),
    ...deviceVerbs(host),
    ...shareVerbs(host),
    ...networkVerbs(host),
    ...adapterVerbs(host),
    ...snapshotVerbs(host),
    ...travelVerbs(host),
    ...guestVerbs(host),
    ...consoleVerbs(host, streams, viewers),
    ...departureVerbs(host, streams),
    ...arrivalVerbs(host, streams),
    ...passageVerbs(),
    ...handoverVerbs(host),
    ...extensionVerbs(host),
    ...askVerbs(host),
    ...imageVerbs(host),
  };
}
