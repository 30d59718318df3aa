/**
 * Whether other hosts are there: each host sends every other one an empty frame through the tunnel's own port,
 * and nftables counts what comes from each (tunnel-rules.ts). From whom nothing comes is silent.
 *
 *   every beat: send to each, read the counters -> silent: nothing for `silentMs`, since it was known
 */
import { createSocket, type Socket } from 'node:dgram';
import { z } from 'zod';
import { run } from './programs.ts';
import { tableName } from './names.ts';
import { tunnelPort } from './tunnel-plan.ts';
import { counterName } from './tunnel-rules.ts';

export interface BeatTimes {
  readonly beatMs: number;
  readonly silentMs: number;
}
export const usualBeat: BeatTimes = { beatMs: 2_000, silentMs: 8_000 };

const countersSchema = z.object({
  nftables: z
    .array(
      z.object({
        counter: z.object({ name: z.string().max(64), packets: z.number() }).optional(),
      }),
    )
    .max(100_000),
});

/**
 * A VXLAN packet with a frame that ends where it arrives: for the address of bridges' neighbours, which no bridge
 * hands on (IEEE 802.1Q table 8-1), of the type for local experiments (IEEE 802 9.2).
 */
export function beatPacket(vni: number): Buffer {
  const packet = Buffer.alloc(8 + 60);
  packet.writeUInt8(0x08, 0);
  packet.writeUIntBE(vni, 4, 3);
  packet.write('0180c200000e', 8, 'hex');
  packet.write('52475d000000', 14, 'hex');
  packet.writeUInt16BE(0x88b5, 20);
  return packet;
}

interface Peer {
  readonly vni: number;
  readonly sinceMs: number;
  packets: number | undefined;
  heardMs: number | undefined;
}

export interface TunnelBeatOptions {
  readonly nft: string;
  readonly hostId: string;
  readonly times: BeatTimes;
  /** Told when others are silent than before. */
  readonly onChange: () => void;
}

export class TunnelBeat implements Disposable {
  readonly #options: TunnelBeatOptions;
  readonly #peers = new Map<string, Peer>();
  #address: string | undefined;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #silent: ReadonlySet<string> = new Set();

  constructor(options: TunnelBeatOptions) {
    this.#options = options;
  }

  get silent(): ReadonlySet<string> {
    return this.#silent;
  }

  /** From this address of ours, to these with the number of a network that they carry too. */
  keep(address: string | undefined, peers: ReadonlyMap<string, number>): void {
    for (const known of this.#peers.keys()) if (!peers.has(known)) this.#peers.delete(known);
    for (const [peer, vni] of peers)
      if (this.#peers.get(peer)?.vni !== vni)
        this.#peers.set(peer, {
          vni,
          sinceMs: Date.now(),
          packets: undefined,
          heardMs: undefined,
        });
    const wanted = peers.size === 0 ? undefined : address;
    if (wanted === this.#address) return;
    this[Symbol.dispose]();
    this.#address = wanted;
    if (wanted === undefined) return;
    const socket = createSocket('udp4');
    // An address that has gone is the tunnel's trouble, which tells it.
    socket.on('error', () => undefined);
    socket.bind(0, wanted, () => this.#send(socket));
    socket.unref();
    this.#socket = socket;
    this.#timer = setInterval(() => void this.#beat(socket), this.#options.times.beatMs).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#socket?.close();
    this.#socket = undefined;
    this.#address = undefined;
    this.#silent = new Set();
  }

  async #beat(socket: Socket): Promise<void> {
    if (socket !== this.#socket) return;
    this.#send(socket);
    const packets = await this.#count();
    const now = Date.now();
    const silent = new Set<string>();
    for (const [address, peer] of this.#peers) {
      const count = packets.get(counterName(address));
      // Rules that were written again count from 0.
      if (count !== undefined && count !== (peer.packets ?? 0)) peer.heardMs = now;
      peer.packets = count;
      if (now - (peer.heardMs ?? peer.sinceMs) > this.#options.times.silentMs) silent.add(address);
    }
    if (silent.symmetricDifference(this.#silent).size === 0 || socket !== this.#socket) return;
    this.#silent = silent;
    this.#options.onChange();
  }

  #send(socket: Socket): void {
    if (socket !== this.#socket) return;
    for (const [address, { vni }] of this.#peers)
      socket.send(beatPacket(vni), tunnelPort, address, () => undefined);
  }

  async #count(): Promise<ReadonlyMap<string, number>> {
    const { nft, hostId } = this.#options;
    const call = ['-j', 'list', 'counters', 'table', 'inet', tableName(hostId)];
    const text = await run(nft, call).catch(() => '{"nftables":[]}');
    const { data } = countersSchema.safeParse(JSON.parse(text));
    return new Map(
      (data?.nftables ?? []).flatMap(({ counter }) =>
        counter === undefined ? [] : [[counter.name, counter.packets] as const],
      ),
    );
  }
}
