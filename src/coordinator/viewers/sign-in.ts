/** Who is at a native viewer: a ticket stands for its caller, a token and a password for their user. */
import { describeFault, Fault, isFault } from '#lib';
import type { ViewerSignIn } from '#api';
import type { Access, Arrival, SignInLimiter } from '../access/mod.ts';
import { isSecret } from '../access/tokens/secret.ts';
import type { Tickets } from '../consoles/tickets.ts';
import type { Caller } from '../context.ts';
import type { ViewerProof } from './security.ts';

export interface ViewerDesk {
  readonly access: Pick<Access, 'authenticateSecret' | 'signInWithoutPage' | 'noteFailedSignIn'>;
  readonly tickets: Tickets;
  /** Of answers to challenges, which name nobody. */
  readonly limiter: SignInLimiter;
}

export interface SignedIn {
  readonly caller: Caller;
  /** When the viewer has gone. */
  readonly end: () => Promise<void>;
}

const stays = async (): Promise<void> => undefined;

/** Errors: `unauthenticated`; `rate-limited`. */
export async function signInViewer(
  desk: ViewerDesk,
  vmId: string,
  arrival: Arrival,
  signIn: ViewerSignIn,
  proof: ViewerProof,
): Promise<SignedIn> {
  if (proof.kind === 'challenge') return byChallenge(desk, vmId, arrival, proof.matches);
  const { user, password } = proof;
  const ticketed = signIn === 'accounts' ? undefined : byTicket(desk, vmId, arrival, password);
  if (ticketed !== undefined) return { caller: ticketed, end: stays };
  if (signIn === 'tickets') throw wrong(desk, arrival);
  if (!isSecret(password)) return await desk.access.signInWithoutPage(arrival, user, password);
  const caller = desk.access.authenticateSecret(arrival, password);
  if (user !== '' && user !== caller.actor.name) throw wrong(desk, arrival);
  return { caller, end: stays };
}

function byTicket(
  { tickets }: ViewerDesk,
  vmId: string,
  { origin }: Arrival,
  password: string,
): Caller | undefined {
  try {
    return isSecret(password)
      ? tickets.redeem(password, vmId, origin)
      : tickets.redeemPassword((one) => one === password, vmId, origin);
  } catch (error) {
    if (isFault(error, 'unauthenticated')) return undefined;
    throw error;
  }
}

function byChallenge(
  desk: ViewerDesk,
  vmId: string,
  arrival: Arrival,
  matches: (password: string) => boolean,
): SignedIn {
  const address = arrival.origin ?? 'unknown';
  desk.limiter.check('', address);
  try {
    return { caller: desk.tickets.redeemPassword(matches, vmId, arrival.origin), end: stays };
  } catch (error) {
    desk.limiter.fail('', address);
    desk.access.noteFailedSignIn(arrival, 'console ticket');
    throw new Fault('unauthenticated', describeFault(error));
  }
}

function wrong({ access }: ViewerDesk, arrival: Arrival): Fault {
  access.noteFailedSignIn(arrival, 'console ticket');
  return new Fault('unauthenticated', 'this is no ticket for this screen and from your address');
}
