/** Why no driver of an agent moves a vm as it runs (docs/rfd/0030). */
export const movesAtRest = 'a vm of a host with an agent moves while it is off or saved';

/** What no driver of an agent does, with the reasons (docs/rfd/0034 for the second). */
export const ofOwnVms = {
  migrate: movesAtRest,
  adopt: "it is a vm of Gantry's own already",
} as const;
