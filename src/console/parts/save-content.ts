/** A content that the browser saves by itself, however long it is. The server is asked before whether it gives it out: a link tells nobody why not. */
import type { CallInput, Client, RangesRoute } from '#api';

/** Errors: what stands against it. */
export async function saveContent<N extends RangesRoute>(
  client: Client,
  name: N,
  input: CallInput<N>,
): Promise<void> {
  const controller = new AbortController();
  await client.download(name, input, { offset: 0, tag: '' }, controller.signal);
  controller.abort();
  const { params, query } = input as {
    readonly params?: Readonly<Record<string, unknown>>;
    readonly query?: Readonly<Record<string, unknown>>;
  };
  const link = document.createElement('a');
  link.href = client.url(name, params, query).href;
  link.download = '';
  link.click();
}
