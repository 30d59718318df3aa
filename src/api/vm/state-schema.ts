/** The schema of a vm's state. */
import { z } from 'zod';
import { vmStateFacts, vmStates } from './state.ts';

export const vmStateSchema = z.enum(vmStates).meta({
  id: 'VmState',
  description: vmStates.map((state) => `${state} (${vmStateFacts[state].number})`).join(', '),
});
