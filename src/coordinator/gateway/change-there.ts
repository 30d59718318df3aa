/** A thing of a hypervisor that others run is changed by an extension of its driver, in the name of the connection's user. */
import type { Connection } from './connection.ts';

/** Answers what the hypervisor says; what it told of its things before is told no more. Errors: its own; AUTH_DENIED. */
export async function changeThere(
  { parts }: Connection,
  host: { readonly id: string },
  extension: `${'network' | 'pool'}-${string}`,
  argument: string,
  signal: AbortSignal,
): Promise<string> {
  const { desk, caller } = parts;
  const asked = { params: { host: host.id, extension }, body: { argument } };
  try {
    return (await desk.ask(caller, 'host.extension', asked, signal)).output;
  } finally {
    parts[extension.startsWith('pool-') ? 'hostPools' : 'hostNetworks'].outdate(host.id);
  }
}
