/** What a server says it can do (procedure CONNECT_SUPPORTS_FEATURE). */
export const features = {
  migrationV1: 1,
  migrationV2: 3,
  migrationP2p: 4,
  migrationDirect: 5,
  migrationV3: 6,
  changeProtection: 7,
  fdPassing: 8,
  typedParamStrings: 9,
  keepalive: 10,
  migratableXml: 11,
  migrationOffline: 12,
  migrationParams: 13,
  eventCallbackIds: 14,
  closeCallback: 15,
  networkUpdateOrder: 16,
} as const;
export type Feature = keyof typeof features;

/** Bit of `flags` by which a caller says that it takes strings among typed parameters. */
export const typedParamStringOkay = 4;
/** Bit of CONNECT_OPEN's flags. */
export const openReadOnly = 1;

/** How a server wants to know who its clients are (procedure AUTH_LIST). */
export const authTypes = { none: 0, sasl: 1, polkit: 2 } as const;
