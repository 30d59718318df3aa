/** Why no driver of an agent moves a vm as it runs (docs/rfd/0030). */
export const movesAtRest = 'a vm of a host with an agent moves while it is off or saved';
