/** Events of networks as libvirt's (virNetworkEventLifecycleType), in the order in which libvirt tells them. Pure. */
const types = { defined: 0, undefined: 1, started: 2, stopped: 3 } as const;

/** A network is there for all as long as it exists. */
const events: Readonly<Record<string, readonly number[]>> = {
  'network.created': [types.defined, types.started],
  'network.setting.changed': [types.defined],
  'network.deleted': [types.stopped, types.undefined],
};

/** None for events that libvirt has no word for. */
export function networkEventsOf(name: string): readonly number[] {
  return Object.hasOwn(events, name) ? (events[name] ?? []) : [];
}
