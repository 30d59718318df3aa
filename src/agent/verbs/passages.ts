/** Moves from one libvirt host to another, which no agent has a part in (docs/rfd/0032). */
import { Fault } from '#lib';
import type { Handlers } from '../link/calls.ts';

const notPassed = 'a vm of a host with an agent is handed over by its agent';

type PassageVerbs = Pick<
  Handlers,
  `machine.passage${'' | '.plan' | '.settle' | '.end' | '.clear'}`
>;

export function passageVerbs(): PassageVerbs {
  const refuse = async (): Promise<never> => {
    throw new Fault('unsupported', notPassed);
  };
  return {
    'machine.passage.plan': refuse,
    'machine.passage': refuse,
    'machine.passage.settle': refuse,
    'machine.passage.end': refuse,
    'machine.passage.clear': refuse,
  };
}
