/**
 * A client that sends calls as bytes that were made before, and waits for the last byte of each answer without reading it: what is left
 * is the server's time. It runs in a thread of its own, beside a server that is in this process.
 */
// oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import {
  procedures,
  routeOf,
  type ArgsOf,
  type ProcedureName,
} from '../../src/libvirt/procedures/table.ts';
import { decodeWhole } from '../../src/libvirt/wire/codec.ts';
import {
  encodeFrame,
  frameTypes,
  headerBytes,
  programs,
  protocolVersion,
} from '../../src/libvirt/wire/frame.ts';
import type { DomainHandle } from '#libvirt';

/** `list` and `dominfo`: the calls that virsh makes for it, one after the other. */
export const sequences = [
  'list --all --name',
  'list --all',
  'domstats --state',
  'domstats',
  'dominfo',
] as const;
export type Sequence = (typeof sequences)[number];

export interface Asked {
  readonly socket: string;
  /** What CONNECT_OPEN is given. */
  readonly name: string;
}

export interface Measured {
  readonly ms: number;
  /** Of all answers. */
  readonly bytes: number;
}

/** To a client in a thread of its own. */
export class BareClient implements AsyncDisposable {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  static async open(asked: Asked): Promise<BareClient> {
    const worker = new Worker(new URL(import.meta.url), { workerData: asked });
    const client = new BareClient(worker);
    await client.#answer();
    return client;
  }

  async run(sequence: Sequence): Promise<Measured> {
    const answer = this.#answer();
    this.#worker.postMessage(sequence);
    return await answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }

  async #answer(): Promise<Measured> {
    const [answer] = (await once(this.#worker, 'message')) as [Measured];
    return answer;
  }
}

function frameOf<P extends ProcedureName>(name: P, args: ArgsOf<P>): Buffer {
  const { args: codec } = routeOf(name);
  const { number: procedure } = procedures[name];
  const header = { program: programs.remote, version: protocolVersion, procedure };
  return encodeFrame({ ...header, type: frameTypes.call, serial: 1, status: 0 }, codec, args);
}

class Peer {
  readonly #socket: Socket;
  #heard: Buffer[] = [];
  #heardBytes = 0;
  #wake: () => void = () => undefined;

  constructor(path: string) {
    this.#socket = connect(path);
    this.#socket.on('data', (bytes: Buffer) => {
      this.#heard.push(bytes);
      this.#heardBytes += bytes.length;
      this.#wake();
    });
  }

  /** Errors: what the server answers that is none. */
  async call(frame: Buffer): Promise<Buffer> {
    this.#heard = [];
    this.#heardBytes = 0;
    this.#socket.write(frame);
    for (let wanted = headerBytes; this.#heardBytes < wanted;) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
      if (this.#heardBytes < headerBytes) continue;
      const [first = Buffer.alloc(0)] = this.#heard;
      wanted = (first.length < 4 ? Buffer.concat(this.#heard) : first).readUInt32BE(0);
    }
    const answer = this.#heard.length === 1 ? this.#heard[0] : undefined;
    return answer ?? Buffer.concat(this.#heard);
  }
}

async function serve({ socket, name }: Asked): Promise<void> {
  const peer = new Peer(socket);
  const send = async (frame: Buffer): Promise<Buffer> => {
    const answer = await peer.call(frame);
    if (answer.readUInt32BE(24) !== 0)
      throw new Error(`call ${frame.readUInt32BE(12)}: ${answer.toString('latin1')}`);
    return answer;
  };
  await send(frameOf('AUTH_LIST', {}));
  await send(frameOf('CONNECT_OPEN', { name, flags: 0 }));
  const list = frameOf('CONNECT_LIST_ALL_DOMAINS', { need_results: 1, flags: 3 });
  const { ret } = routeOf('CONNECT_LIST_ALL_DOMAINS');
  const payload = (await send(list)).subarray(headerBytes);
  const { domains } = decodeWhole(ret, payload, 'answer') as { domains: readonly DomainHandle[] };
  const statesOf = domains.map((dom) => frameOf('DOMAIN_GET_STATE', { dom, flags: 0 }));
  const stats = (groups: number): Buffer =>
    frameOf('CONNECT_GET_ALL_DOMAIN_STATS', { doms: [], stats: groups, flags: 0 });
  const [one] = domains;
  if (one === undefined) throw new Error('there is no domain');
  const dom = { dom: one };
  const frames: Readonly<Record<Sequence, readonly Buffer[]>> = {
    'list --all --name': [list],
    'list --all': [list, ...statesOf],
    'domstats --state': [stats(1)],
    domstats: [stats(0)],
    dominfo: [
      frameOf('DOMAIN_LOOKUP_BY_NAME', { name: one.name }),
      frameOf('DOMAIN_GET_OS_TYPE', dom),
      frameOf('DOMAIN_GET_INFO', dom),
      frameOf('DOMAIN_IS_PERSISTENT', dom),
      frameOf('DOMAIN_GET_AUTOSTART', dom),
    ],
  };
  parentPort?.on('message', (sequence: Sequence) => {
    void (async () => {
      const begin = performance.now();
      let bytes = 0;
      for (const frame of frames[sequence]) bytes += (await send(frame)).length;
      parentPort?.postMessage({ ms: performance.now() - begin, bytes } satisfies Measured);
    })();
  });
  parentPort?.postMessage({ ms: 0, bytes: 0 } satisfies Measured);
}

if (parentPort !== null) await serve(workerData as Asked);
