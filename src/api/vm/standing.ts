/**
 * How a vm stands: its state, or what its state alone does not say. One that moves to another host runs or is
 * off meanwhile, one that crashed is off, as is one that is there to be cloned, and one whose host does not answer has the state unknown.
 */
import { crashCode, vmStateFacts, vmStates, type StateFacts, type VmState } from './state.ts';

const further = ['host-unreachable', 'migrating', 'crashed', 'template'] as const;

export const vmStandings = [...vmStates, ...further] as const;
export type VmStanding = (typeof vmStandings)[number];

/** What people see of it. */
type StandingFacts = Pick<StateFacts, 'label' | 'glyph' | 'tone'>;

export const vmStandingFacts: Readonly<Record<VmStanding, StandingFacts>> = {
  ...vmStateFacts,
  'host-unreachable': { label: 'Host unreachable', glyph: '?', tone: 'problem' },
  migrating: { label: 'Migrating', glyph: '⇄', tone: 'busy' },
  crashed: { label: 'Crashed', glyph: '✕', tone: 'problem' },
  template: { label: 'Template', glyph: '≡', tone: 'off' },
};

/** `hostAnswers`: something is heard of its host; `moves`: it is being moved to another. */
export function judgeStanding({
  state,
  hostAnswers,
  moves,
  template = false,
  lastFaultCode,
}: {
  readonly state: VmState;
  readonly hostAnswers: boolean;
  readonly moves: boolean;
  readonly template?: boolean;
  readonly lastFaultCode: string | undefined;
}): VmStanding {
  if (!hostAnswers) return 'host-unreachable';
  if (moves) return 'migrating';
  if (template) return 'template';
  if (state === 'off' && lastFaultCode === crashCode) return 'crashed';
  return state;
}
