/** The tunnels of this host's networks in place, and who is heard through them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeFault, type Reason } from '#lib';
import type { NetworkSpan, NetworkSpec, SpanStanding } from '#api';
import { readLinks } from './links.ts';
import { macOf } from './names.ts';
import { run, type Programs } from './programs.ts';
import { TunnelBeat, type BeatTimes } from './tunnel-beat.ts';
import { judgePeers, parseEntries, planEntries, planTunnel, wantedEntries } from './tunnel-plan.ts';
import type { RuledTunnel } from './tunnel-rules.ts';

export interface TunnelsOptions {
  readonly hostId: string;
  readonly programs: Programs;
  readonly runtimeDir: string;
  readonly beat: BeatTimes;
  /** Told when others are silent than before. */
  readonly onChange: () => void;
}

/** A network that spans hosts, as this host carries it. */
export interface Spanning {
  readonly network: NetworkSpec & { readonly span: NetworkSpan };
  readonly standing: SpanStanding;
  readonly bridge: string;
  /** MAC addresses of vms here. */
  readonly here: ReadonlySet<string>;
}

export class Tunnels implements Disposable {
  readonly #options: TunnelsOptions;
  readonly #beat: TunnelBeat;

  constructor(options: TunnelsOptions) {
    this.#options = options;
    const { hostId, programs, beat, onChange } = options;
    this.#beat = new TunnelBeat({ hostId, nft: programs.nft, times: beat, onChange });
  }

  /** What makes the network worse than it should be. Never fails: a network without its tunnel is degraded. */
  async carry({ network, standing, bridge, here }: Spanning): Promise<readonly Reason[]> {
    const { hostId, programs } = this.#options;
    try {
      const links = await readLinks(programs.ip);
      const { name, calls, degraded } = planTunnel(hostId, network, bridge, standing, links);
      for (const call of calls) await run(programs.ip, call);
      if (name === undefined) return degraded;
      const table = await run(programs.bridge, ['-json', 'fdb', 'show', 'brport', name]);
      const wanted = wantedEntries(network, standing, here);
      await this.#write(planEntries(name, parseEntries(table), wanted));
      return [...degraded, ...judgePeers(standing, this.#beat.silent)];
    } catch (error) {
      return [{ code: 'tunnel-failed', text: `its tunnel fails: ${describeFault(error)}` }];
    }
  }

  /** Listens to those with whom any network is shared, and to nobody where there is none. */
  listen(standings: readonly Pick<Spanning, 'network' | 'standing'>[]): void {
    const peers = new Map<string, number>();
    for (const { network, standing } of standings)
      for (const { address } of standing.peers)
        if (address !== null && !peers.has(address)) peers.set(address, network.span.vni);
    const address = standings.find(({ standing }) => standing.address !== null)?.standing.address;
    this.#beat.keep(address ?? undefined, peers);
  }

  [Symbol.dispose](): void {
    this.#beat[Symbol.dispose]();
  }

  async #write(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const path = join(this.#options.runtimeDir, 'networks.fdb');
    await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600 });
    await run(this.#options.programs.bridge, ['-batch', path]);
  }
}

export function ruledTunnel({
  network,
  standing,
}: Pick<Spanning, 'network' | 'standing'>): RuledTunnel {
  const server = standing.peers.find(({ host }) => host === standing.service);
  return {
    vni: network.span.vni,
    peers: standing.peers.flatMap(({ address }) => address ?? []),
    server: server?.address ?? null,
    served: [macOf('network', network.id), macOf('service', network.id)],
  };
}
