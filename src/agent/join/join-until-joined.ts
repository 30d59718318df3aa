/**
 * A host joins, however long that takes and however often it is interrupted.
 *
 *   key on disk -> token sent -> credentials on disk -> token file and key removed
 *
 * Invariant: a kill after any step leaves what the steps after it need. The pending key is removed last: a
 * host that has credentials and still has it has not tidied up.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describeFault, Fault, type Clock } from '#lib';
import type { Log } from '#log';
import { backoffMs } from '../link/backoff.ts';
import { joinCluster, type Trust } from './join.ts';
import type { Certified } from './certified.ts';
import { keepPendingKey, removePendingKey } from './pending-key.ts';
import { readToken, removeSpentTokens } from './token-file.ts';

export interface JoinPlan {
  readonly coordinator: URL;
  readonly driver: string;
  readonly hostName: string;
  readonly tokenFile: string | undefined;
  /** Which line of the token file is this host's. */
  readonly index: number;
  readonly authorityFile: string | undefined;
  readonly fingerprint: string | undefined;
  /** Where the key is until the host has joined. */
  readonly pendingKeyFile: string;
  /** Keeps what came of it. */
  readonly keep: (joined: Certified) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** A coordinator that is not there yet is waited for; a token that is refused is the end. */
export async function joinUntilJoined(plan: JoinPlan, signal: AbortSignal): Promise<void> {
  const { coordinator, driver, hostName, clock, log, random } = plan;
  const token = await readToken(plan.tokenFile, plan.index);
  const trust = await readTrust(plan);
  const privateKey = await keepPendingKey(plan.pendingKeyFile);
  const request = { coordinator, token, trust, hostName, driver, privateKey, signal };
  const backoff = { firstMs: 250, maxMs: 15_000, random };
  for (let attempt = 0; ; attempt += 1) {
    try {
      const joined = await joinCluster(request);
      await plan.keep(joined);
      log.info({ hostId: joined.hostId }, 'joined');
      return;
    } catch (error) {
      if (!(error instanceof Fault) || !error.retry) throw error;
      log.warn({ why: describeFault(error) }, 'not joined yet');
      await clock.sleep(backoffMs(attempt, backoff), signal);
    }
  }
}

/**
 * Removes what a host that has joined no longer needs, unless that is gone already. `isJoined` tells it of
 * each host by index. What cannot be removed is logged, and tried again at the next start.
 */
export async function tidyAfterJoin(
  plan: Pick<JoinPlan, 'pendingKeyFile' | 'tokenFile' | 'log'>,
  isJoined: (index: number) => boolean,
): Promise<void> {
  const { pendingKeyFile, tokenFile, log } = plan;
  if (!existsSync(pendingKeyFile)) return;
  try {
    if (tokenFile !== undefined && (await removeSpentTokens(tokenFile, isJoined))) {
      log.info({ file: tokenFile }, 'removed the file of spent join tokens');
    }
    await removePendingKey(pendingKeyFile);
  } catch (error) {
    log.warn({ why: describeFault(error) }, 'cannot tidy up after joining');
  }
}

async function readTrust({ authorityFile, fingerprint }: JoinPlan): Promise<Trust> {
  if (authorityFile !== undefined) {
    return { kind: 'authority', pem: await readFile(authorityFile, 'utf8') };
  }
  if (fingerprint !== undefined) return { kind: 'fingerprint', sha256: fingerprint };
  throw new Fault('invalid', 'this host has not joined and knows no authority to trust', {
    hint: 'give --authority FILE or --fingerprint HEX, which the join token came with',
  });
}
