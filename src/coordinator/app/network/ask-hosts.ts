/** What every host that carries a network is asked, and who did not answer. */
import type { CallOptions, Coordinator } from '../../context.ts';
import type { HostDocument } from '../../documents.ts';

const askMs = 5_000;

export interface Answers<T> {
  readonly answers: readonly { readonly host: string; readonly answer: T }[];
  /** Names of hosts. */
  readonly unreachable: string[];
}

export async function askHosts<T>(
  { inventory }: Pick<Coordinator, 'inventory'>,
  network: string,
  signal: AbortSignal,
  ask: (hostId: string, options: CallOptions) => Promise<T>,
): Promise<Answers<T>> {
  const answers: { host: string; answer: T }[] = [];
  const unreachable: string[] = [];
  const askOne = async (hostId: string): Promise<void> => {
    const host = inventory.document<HostDocument>('host', hostId)?.data.name ?? hostId;
    try {
      answers.push({ host, answer: await ask(hostId, { signal, limitMs: askMs }) });
    } catch {
      signal.throwIfAborted();
      unreachable.push(host);
    }
  };
  await Promise.all([...inventory.networkReports(network).keys()].map(askOne));
  return { answers, unreachable };
}
