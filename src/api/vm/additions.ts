/** What is known of the guest additions of a vm (GA-35), and what follows for a clean shutdown (GA-18). */

/** `none`: none has been heard since the last start or reset; `outdated` ones answer and work. */
export const additionsStates = ['none', 'running', 'not-answering', 'outdated'] as const;
export type AdditionsState = (typeof additionsStates)[number];

/** Whether the guest agent can be asked for something. */
export function doAdditionsAnswer(state: AdditionsState): boolean {
  return state === 'running' || state === 'outdated';
}

/** The best way to a clean end that the guest has now. The power button may be ignored by a guest. */
export function chooseShutdown(state: AdditionsState): 'shutdown' | 'power-button' {
  return doAdditionsAnswer(state) ? 'shutdown' : 'power-button';
}

/** Who passes on to a guest that it shall shut down or restart. */
export const guestRequests = ['additions', 'hypervisor'] as const;
export type GuestRequests = (typeof guestRequests)[number];

/** Whether a guest can be asked now; a hypervisor finds a way by itself. */
export function mayAskGuest(state: AdditionsState, by: GuestRequests = 'additions'): boolean {
  return by === 'hypervisor' || doAdditionsAnswer(state);
}
