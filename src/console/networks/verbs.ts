/** What may be done with a network, besides creating one. */
export const networkVerbs = ['change', 'delete'] as const;
export type NetworkVerb = (typeof networkVerbs)[number];

/** By which each is done, and whose right it takes. */
export const networkRoutes = {
  change: 'network.update',
  delete: 'network.delete',
} as const satisfies Readonly<Record<NetworkVerb, string>>;
