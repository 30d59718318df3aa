/** The pages that navigation and palette lead to. */
export const places = [
  ['/status', 'status'],
  ['/vms', 'virtualMachines'],
  ['/teams', 'teams'],
  ['/hosts', 'hosts'],
  ['/networks', 'networks'],
  ['/topology', 'topology'],
  ['/images', 'images'],
  ['/operations', 'operations'],
  ['/events', 'events'],
] as const;
