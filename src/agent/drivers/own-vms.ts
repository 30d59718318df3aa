/** What no driver of an agent does, with the reasons (docs/rfd/0034). */
export const ofOwnVms = {
  adopt: "it is a vm of Gantry's own already",
} as const;
