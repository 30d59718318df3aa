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
