/** What may be done with a network, besides creating one. */
export const networkVerbs = ['change', 'delete'] as const;
export type NetworkVerb = (typeof networkVerbs)[number];
