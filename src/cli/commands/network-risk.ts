/** What the server refuses until somebody accepts what is at stake: asked of the person, then sent again. */
import { isFault } from '#lib';
import { networkRisks, type Network, type NetworkRisk } from '#api';
import type { Run } from '../command.ts';
import { confirm } from '../confirm.ts';

interface Accepted {
  readonly accept?: NetworkRisk;
}

/** Errors: as `send`; `cancelled`; `invalid` without a terminal and without --yes. */
export async function withRisk(
  run: Pick<Run, 'out' | 'yes' | 'signal'>,
  send: (query: Accepted) => Promise<Network>,
): Promise<Network> {
  try {
    return await send({});
  } catch (error) {
    if (!isFault(error, 'refused')) throw error;
    const codes = new Set(error.reasons.map(({ code }) => code));
    const accept = (Object.keys(networkRisks) as NetworkRisk[]).find((risk) => codes.has(risk));
    if (accept === undefined) throw error;
    await confirm(run, `${error.message}: ${networkRisks[accept]}. Go on?`);
    return await send({ accept });
  }
}
