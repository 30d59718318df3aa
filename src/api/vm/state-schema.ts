/** The schemas of a vm's state and of how it stands. */
import { z } from 'zod';
import { vmStandings } from './standing.ts';
import { vmStateFacts, vmStates } from './state.ts';

export const vmStateSchema = z.enum(vmStates).meta({
  id: 'VmState',
  description: vmStates.map((state) => `${state} (${vmStateFacts[state].number})`).join(', '),
});

export const vmStandingSchema = z.enum(vmStandings).meta({
  id: 'VmStanding',
  description:
    'the state, or what it alone does not say: host-unreachable (its host does not answer), migrating (it is being moved to another host), crashed (it is off since its process ended by itself), template (it is off, and there to be cloned)',
});
