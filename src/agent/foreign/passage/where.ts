/**
 * On which of two hypervisors a vm is. While it moves libvirt holds it on both: the source until the other one has confirmed that it runs.
 * A connection that ends in between ends the move there and then, each hypervisor on its own, and may leave the vm paused on
 * the source with nobody to say which one counts. That is said here:
 *
 *   target    source                      then
 *   runs      gone                        there
 *   runs      off, paused by the move     there; what the source has goes
 *   runs      runs                        refused: nobody must choose between two guests
 *   comes     any                         waited for: its hypervisor ends what nobody finishes
 *   off       gone                        there
 *   off       off, paused by the move     there; what the source has goes (only while a move of ours is under way)
 *   gone      paused by the move          here; it is resumed
 *   gone      runs, moves on by itself    here; that move is ended (only where one of ours may have begun)
 *   gone      any other                   here
 *   gone      gone                        not-found
 */
import { Fault, type Clock } from '#lib';
import type { Client, DomainHandle } from '#libvirt';
import { lookUp, undefine } from '../make/domains.ts';

/** virDomainState, and of virDomainPausedReason the one for a move. */
const paused = 3;
const off = [5, 6];
const byMove = 2;
/** virDomainJobType. */
const noJob = 0;

const lookMs = 200;
const limitMs = 60_000;

export interface Ends {
  readonly source: Client;
  readonly target: Client;
  readonly uuid: string;
  readonly clock: Clock;
}

interface Seen {
  readonly dom: DomainHandle;
  readonly how: 'runs' | 'moving' | 'off';
}

async function see(client: Client, uuid: string): Promise<Seen | undefined> {
  const dom = await lookUp(client, uuid);
  if (dom === undefined) return undefined;
  const { state, reason } = await client.call('DOMAIN_GET_STATE', { dom, flags: 0 });
  if (off.includes(state)) return { dom, how: 'off' };
  return { dom, how: state === paused && reason === byMove ? 'moving' : 'runs' };
}

/** A move goes on on its own where the connection that asked for it has ended. */
async function endJob(client: Client, dom: DomainHandle, clock: Clock): Promise<void> {
  const untilMs = clock.now() + limitMs;
  while (clock.now() < untilMs) {
    const { type } = await client.call('DOMAIN_GET_JOB_STATS', { dom, flags: 0 });
    if (type === noJob) return;
    await client.call('DOMAIN_ABORT_JOB', { dom }).catch(() => undefined);
    await clock.sleep(lookMs);
  }
  throw new Fault('refused', `${dom.name} is still being moved by ${client.peer}`, {
    hint: 'end that there: virsh domjobabort',
  });
}

/** `begun`: whether a move of ours may have come this far. Errors: `not-found`; `refused`; `exists`; the hypervisors' own. */
export async function settle(
  { source, target, uuid, clock }: Ends,
  begun: 'no' | 'maybe',
): Promise<'here' | 'there'> {
  const untilMs = clock.now() + limitMs;
  let there = await see(target, uuid);
  while (there?.how === 'moving' && clock.now() < untilMs) {
    await clock.sleep(lookMs);
    there = await see(target, uuid);
  }
  const here = await see(source, uuid);
  if (there === undefined) {
    if (here === undefined)
      throw new Fault('not-found', `neither ${source.peer} nor ${target.peer} has the vm`, {
        hint: 'look for it there: virsh list --all',
      });
    if (begun === 'maybe') await endJob(source, here.dom, clock);
    if ((await see(source, uuid))?.how === 'moving')
      await source.call('DOMAIN_RESUME', { dom: here.dom });
    return 'here';
  }
  if (here === undefined) return 'there';
  if (here.how === 'runs' || there.how === 'moving')
    throw new Fault('refused', `${here.dom.name} is on ${source.peer} and on ${target.peer}`, {
      hint: 'turn the one off that is not wanted, and undefine it there',
    });
  if (here.how === 'off' && there.how === 'off' && begun === 'no')
    throw new Fault('exists', `${target.peer} has a vm of the UUID ${uuid} already`, {
      hint: 'undefine the one that is not wanted',
    });
  if (here.how === 'moving') await source.call('DOMAIN_DESTROY', { dom: here.dom });
  const left = await lookUp(source, uuid);
  if (left !== undefined) await undefine(source, left);
  return 'there';
}
