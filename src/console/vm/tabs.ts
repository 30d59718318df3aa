/** The tabs of a vm's page, as the address names them. */
export const vmTabs = ['summary', 'screen', 'serial', 'events', 'operations'] as const;
export type VmTab = (typeof vmTabs)[number];

export function parseVmTab(search: Readonly<Record<string, unknown>>): { readonly tab?: VmTab } {
  const tab = vmTabs.find((known) => known === search['tab']);
  return tab === undefined || tab === 'summary' ? {} : { tab };
}
