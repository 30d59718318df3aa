/** For tests: a coordinator that serves without TLS, too. */
import assert from 'node:assert/strict';
import { Stage } from '../../src/coordinator/testing/stage.ts';

export interface Insecure extends AsyncDisposable {
  readonly url: string;
  /** Of a link for its first user. */
  readonly code: string;
}

/** As only a setting lets it. */
export async function openInsecure(): Promise<Insecure> {
  await using stack = new AsyncDisposableStack();
  const insecure = stack.use(await Stage.open());
  const must = async (method: string, path: string, body?: object): Promise<unknown> => {
    const { status, json, text } = await insecure.send(method, path, { body });
    assert.equal(status, 200, text);
    return json;
  };
  await must('PATCH', '/installation', { plainHttp: 'served' });
  const { code } = (await must('POST', '/users/admin/link')) as { code: string };
  const running = stack.move();
  const url = insecure.url.replace('https:', 'http:');
  return { url, code, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
