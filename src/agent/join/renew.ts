/**
 * A host's certificate is renewed with a new key before it ends (SEC-65).
 *
 *   agent, by its certificate               coordinator
 *     | POST /api/v1/join/certificate  CSR --> |  counts beside the old one
 *     | <--------------- certificate, authority |
 *     |  on disk, then a link with it -------> |  the old one is void
 *
 * Invariant: at most one renewal is under way; the old credentials stay until the new ones have opened a
 * link (`link/wallet.ts`).
 */
import { X509Certificate } from 'node:crypto';
import { describeFault, withDeadline, type Clock } from '#lib';
import type { Log } from '#log';
import { backoffMs } from '../link/backoff.ts';
import type { Credentials } from '../link/credentials.ts';
import type { Wallet } from '../link/wallet.ts';
import { callCoordinator } from './call.ts';
import { readCertified } from './certified.ts';
import { makePrivateKey, makeRequest } from './signing-request.ts';

export const renewPath = '/api/v1/join/certificate';
const renewMs = 30_000;
const dayMs = 86_400_000;

export interface RenewalPlan {
  readonly coordinator: URL;
  readonly hostName: string;
  readonly wallet: Wallet;
  /** New credentials are there to be used. */
  readonly onRenewed: () => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** Less than a third of the certificate's life is left. */
export function isRenewalDue(credentials: Credentials, nowMs: number): boolean {
  const { validFromDate, validToDate } = new X509Certificate(credentials.certificate);
  const endMs = validToDate.getTime();
  return endMs - nowMs < (endMs - validFromDate.getTime()) / 3;
}

/** Looks at once and then every day, sooner after a failure, until the signal aborts. Never throws. */
export async function keepRenewed(plan: RenewalPlan, signal: AbortSignal): Promise<void> {
  const { clock, log, random, wallet } = plan;
  const backoff = { firstMs: 60_000, maxMs: 4 * 3_600_000, random };
  for (let failures = 0; !signal.aborted;) {
    let waitMs = dayMs;
    try {
      if (!wallet.isRenewing && isRenewalDue(wallet.inUse, clock.now())) {
        await renew(plan, signal);
        log.info('renewed the certificate of the host');
        plan.onRenewed();
      }
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      waitMs = backoffMs(failures, backoff);
      failures += 1;
      const why = describeFault(error);
      log.warn({ why, waitMs: Math.round(waitMs) }, 'certificate of the host not renewed');
    }
    await clock.sleep(waitMs, signal).catch(() => undefined);
  }
}

async function renew(plan: RenewalPlan, outer: AbortSignal): Promise<void> {
  const { coordinator, hostName, wallet } = plan;
  const { authority: ca, certificate: cert, privateKey: key } = wallet.inUse;
  const what = `cannot renew the certificate at ${coordinator.host}`;
  const renewed = await withDeadline(what, renewMs, outer, async (signal) => {
    const privateKey = makePrivateKey();
    const csr = await makeRequest(privateKey, hostName);
    const proof = { cert, key };
    const call = { coordinator, path: renewPath, ca, proof, body: { csr }, signal };
    return readCertified(what, privateKey, await callCoordinator(call)).credentials;
  });
  await wallet.keep(renewed);
}
