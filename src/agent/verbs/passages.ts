/** Moves of vms as they run, which no driver of an agent has (docs/rfd/0030, 0032). */
import { Fault } from '#lib';
import { movesAtRest } from '../drivers/moves-at-rest.ts';
import type { Handlers } from '../link/calls.ts';

type PassageVerbs = Pick<
  Handlers,
  `machine.passage${'' | '.plan' | '.settle' | '.end' | '.clear'}`
>;

export function passageVerbs(): PassageVerbs {
  const refuse = async (): Promise<never> => {
    throw new Fault('unsupported', movesAtRest);
  };
  return {
    'machine.passage.plan': refuse,
    'machine.passage': refuse,
    'machine.passage.settle': refuse,
    'machine.passage.end': refuse,
    'machine.passage.clear': refuse,
  };
}
