/** Events of networks as libvirt's (virNetworkEventLifecycleType), in the order in which libvirt tells them. Pure. */
export const networkEvents = { defined: 0, undefined: 1, started: 2, stopped: 3 } as const;
const types = networkEvents;

/** A network is there for all as long as it exists, but for one that clients have told to be inactive. */
const events: Readonly<Record<string, readonly number[]>> = {
  'network.created': [types.defined, types.started],
  'network.setting.changed': [types.defined],
  'network.deleted': [types.stopped, types.undefined],
};

/** None for events that libvirt has no word for. */
export function networkEventsOf(name: string, isInactive: boolean): readonly number[] {
  const told = Object.hasOwn(events, name) ? (events[name] ?? []) : [];
  return isInactive
    ? told.filter((type) => type !== types.started && type !== types.stopped)
    : told;
}
