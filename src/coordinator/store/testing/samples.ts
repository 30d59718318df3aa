/** Small things the store's tests write: a vm's events and the clock that the tests hold. */
import type { Clock } from '#lib';
import { installationId, type Thing } from '#api';
import type { NewEvent } from '../store.ts';
import { timeAt } from './remote.ts';

export interface HeldClock extends Clock {
  seconds: number;
}

export function holdClock(): HeldClock {
  const clock: HeldClock = {
    seconds: 0,
    now: () => Date.parse(timeAt(clock.seconds)),
    sleep: () => Promise.reject(new Error('the clock is held')),
  };
  return clock;
}

export const installation: Thing = { kind: 'installation', id: installationId, name: 'here' };
export const host: Thing = { kind: 'host', id: 'host-1', name: 'h1' };

export function renamed(vmId: string, more: Partial<NewEvent<'vm.renamed'>> = {}): NewEvent {
  return {
    name: 'vm.renamed',
    target: { kind: 'vm', id: vmId, name: `vm ${vmId}` },
    ancestors: [host, installation],
    actor: { kind: 'user', name: 'ann' },
    origin: '127.0.0.1',
    correlationId: null,
    attributes: { oldName: 'web' },
    ...more,
  };
}
