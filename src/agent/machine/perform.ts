/** Which function carries out which power action. */
import { updateAdditions } from './additions.ts';
import type { Hands } from './hands.ts';
import { injectNmi, pause, reboot, release, reset, restart, resume } from './in-place.ts';
import { decideUndo } from './layers/undo.ts';
import type { ActCall } from './machine.ts';
import { restore, startOptions, turnOn } from './start.ts';
import { discard, save, shutDown, turnOff } from './stop.ts';

/** The parts of the state diagram, one function each. */
export async function performAction(call: ActCall, hands: Hands): Promise<void> {
  const { action, generation, request } = call;
  switch (action) {
    case 'turn-on':
      return turnOn(hands, startOptions(generation, 'run', request));
    case 'hold':
      return turnOn(hands, startOptions(generation, 'hold', request));
    case 'restore':
      return restore(hands, startOptions(generation, 'run', request));
    case 'restart':
      return restart(hands, startOptions(generation, 'run', request));
    case 'release':
      return release(hands);
    case 'pause':
      return pause(hands);
    case 'resume':
      return resume(hands, request);
    case 'save':
      return save(hands);
    case 'discard':
      return discard(hands);
    case 'shutdown':
      return shutDown(hands, request, 'guest agent');
    case 'power-button':
      return shutDown(hands, request, 'power button');
    case 'reboot':
      return reboot(hands);
    case 'turn-off':
      return turnOff(hands, request.undo);
    case 'reset':
      return reset(hands);
    case 'nmi':
      return injectNmi(hands);
    case 'update-additions':
      return updateAdditions(hands);
    case 'commit-undo':
      return decideUndo(hands, 'commit');
    case 'discard-undo':
      return decideUndo(hands, 'discard');
  }
}
