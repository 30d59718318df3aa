/** What guest additions can do for a vm (GA-03). Each is seen by itself, available or with the reason why not. */

export const additionsFunctions = {
  pointer: 'pointer integration',
  display: 'display driver',
  heartbeat: 'heartbeat',
  time: 'time synchronisation',
  shutdown: 'clean shutdown',
  information: 'guest information',
  sharedFolders: 'shared folders',
  hotplug: 'hot-plug',
} as const satisfies Record<string, string>;

export type AdditionsFunction = keyof typeof additionsFunctions;

/** True, or why this guest does not have it. */
export type FunctionTable = Readonly<Record<AdditionsFunction, true | string>>;
