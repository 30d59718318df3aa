/**
 * A client that sends calls as bytes that were made before, and waits for the last byte of each answer without reading it: what is left
 * is the server's time. It runs in a process of its own, so that what the server's process uses is the server's.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
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

/** A sequence, so many times one after the other. */
interface Order {
  readonly sequence: Sequence;
  readonly times: number;
}

export interface Measured {
  /** Of all times together. */
  readonly ms: number;
  /** Of all answers of one time. */
  readonly bytes: number;
}

/** To a client in a process of its own. */
export class BareClient implements AsyncDisposable {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async open(asked: Asked): Promise<BareClient> {
    const client = new BareClient(fork(program, [asked.socket, asked.name]));
    await client.#answer();
    return client;
  }

  async run(sequence: Sequence, times: number): Promise<Measured> {
    const answer = this.#answer();
    this.#child.send({ sequence, times } satisfies Order);
    return await answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill();
    await gone;
  }

  /** Errors: what has ended the client. */
  async #answer(): Promise<Measured> {
    const [answer] = (await once(this.#child, 'message')) as [Measured];
    return answer;
  }
}

const program = fileURLToPath(import.meta.url);

function frameOf<P extends ProcedureName>(name: P, args: ArgsOf<P>): Buffer {
  const { args: codec } = routeOf(name);
  const { number: procedure } = procedures[name];
  const header = { program: programs.remote, version: protocolVersion, procedure };
  return encodeFrame({ ...header, type: frameTypes.call, serial: 1, status: 0 }, codec, args);
}

class Peer {
  readonly #socket: Socket;
  readonly #keeps: boolean;
  #heard: Buffer[] = [];
  #heardBytes = 0;
  #wake: () => void = () => undefined;

  /** `keeps`: all of an answer; else no more than its header, which is all that is looked at. */
  constructor(path: string, keeps: boolean) {
    this.#keeps = keeps;
    this.#socket = connect(path);
    this.#socket.on('data', (bytes: Buffer) => {
      if (this.#keeps || this.#heardBytes < headerBytes) this.#heard.push(bytes);
      this.#heardBytes += bytes.length;
      this.#wake();
    });
  }

  /** The answer as far as it is kept, and the length of all of it. */
  async call(frame: Buffer): Promise<{ readonly bytes: Buffer; readonly length: number }> {
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
    const one = this.#heard.length === 1 ? this.#heard[0] : undefined;
    return { bytes: one ?? Buffer.concat(this.#heard), length: this.#heardBytes };
  }

  end(): void {
    this.#socket.end();
  }
}

/** Errors: what the server answers that is none. */
async function send(peer: Peer, frame: Buffer): ReturnType<Peer['call']> {
  const answer = await peer.call(frame);
  if (answer.bytes.readUInt32BE(24) !== 0)
    throw new Error(`call ${frame.readUInt32BE(12)}: ${answer.bytes.toString('latin1')}`);
  return answer;
}

async function open(peer: Peer, name: string): Promise<void> {
  await send(peer, frameOf('AUTH_LIST', {}));
  await send(peer, frameOf('CONNECT_OPEN', { name, flags: 0 }));
}

async function serve({ socket, name }: Asked): Promise<void> {
  const reader = new Peer(socket, true);
  await open(reader, name);
  const list = frameOf('CONNECT_LIST_ALL_DOMAINS', { need_results: 1, flags: 3 });
  const { ret } = routeOf('CONNECT_LIST_ALL_DOMAINS');
  const payload = (await send(reader, list)).bytes.subarray(headerBytes);
  const { domains } = decodeWhole(ret, payload, 'answer') as { domains: readonly DomainHandle[] };
  reader.end();
  const peer = new Peer(socket, false);
  await open(peer, name);
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
  const answer = (measured: Measured): void => void process.send?.(measured);
  process.on('message', ({ sequence, times }: Order) => {
    void (async () => {
      const begin = performance.now();
      let bytes = 0;
      for (let time = 0; time < times; time += 1)
        for (const frame of frames[sequence]) bytes += (await send(peer, frame)).length;
      answer({ ms: performance.now() - begin, bytes: bytes / times });
    })();
  });
  answer({ ms: 0, bytes: 0 });
}

const [, file, socket, name] = process.argv;
if (file === program && socket !== undefined && name !== undefined) await serve({ socket, name });
