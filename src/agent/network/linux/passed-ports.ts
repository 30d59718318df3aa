/**
 * What has passed at ports whose taps have gone. A tap counts from 0 with every start of its machine; a port does not, and goes
 * on counting on another host that the machine moves to.
 *
 * Invariant: of each tap it is added once, also where the agent ended before the tap was gone.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { portCountsSchema, type HostPort, type NetworkSpec, type PortCounts } from '#api';
import { describeFault } from '#lib';
import { writeFileAtomic } from '../../storage/atomic-file.ts';
import type { PassedPorts } from '../networks.ts';
import type { LinuxNetworksOptions } from './linux-options.ts';
import { countPorts, readPorts } from './port-counters.ts';
import { portKey, type TappedPort } from './ports.ts';

const entrySchema = portCountsSchema.extend({
  vm: z.string().max(64),
  /** The last that was added, as no other one is called while this host runs. */
  tap: z.string().max(128).nullable(),
});
type Entry = z.infer<typeof entrySchema>;
const fileSchema = z.strictObject({
  gantry: z.literal('passed-ports'),
  format: z.literal(1),
  ports: z.array(entrySchema).max(100_000),
});

type CountedHost = Pick<LinuxNetworksOptions, 'programs' | 'hostId' | 'bootId' | 'dataDir' | 'log'>;

/** A tap as it is counted by the kernel. */
interface CountedTap extends PortCounts {
  readonly vm: string;
  readonly tap: string;
}

export class PassedPortsFile implements PassedPorts {
  readonly #host: CountedHost;
  readonly #path: string;
  readonly #ports = new Map<string, Entry>();
  #writing: Promise<void> = Promise.resolve();

  constructor(host: CountedHost) {
    this.#host = host;
    this.#path = join(host.dataDir, 'passed-ports.json');
  }

  /** As an agent before has left it. Counters are no reason not to start. */
  async open(): Promise<void> {
    try {
      const text = await readFile(this.#path, 'utf8');
      for (const entry of fileSchema.parse(JSON.parse(text)).ports)
        this.#ports.set(portKey(entry.vm, entry.slot), entry);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#host.log.warn(
          { why: describeFault(error) },
          'what has passed at ports is not known any more',
        );
    }
  }

  of(vm: string): readonly PortCounts[] {
    return [...this.#ports.values()]
      .filter((entry) => entry.vm === vm)
      .map(({ slot, mac, received, sent }) => ({ slot, mac, received, sent }));
  }

  async put(vm: string, counts: readonly PortCounts[]): Promise<void> {
    for (const one of counts) this.#ports.set(portKey(vm, one.slot), { ...one, vm, tap: null });
    if (counts.length > 0) await this.#write();
  }

  async forget(vm: string): Promise<void> {
    const keys = this.of(vm).map(({ slot }) => portKey(vm, slot));
    for (const key of keys) this.#ports.delete(key);
    if (keys.length > 0) await this.#write();
  }

  /** Taps that are about to go. That they could not be counted is no reason to keep them. */
  async add(going: readonly TappedPort[]): Promise<void> {
    try {
      const counted = await countPorts(this.#host, going);
      await this.#add(
        counted.map(({ vm, adapter: { slot, mac }, ifindex, received, sent }) => {
          const tap = `${this.#host.bootId}/${ifindex}`;
          return { vm, slot, mac, tap, received, sent };
        }),
      );
    } catch (error) {
      this.#host.log.warn({ why: describeFault(error) }, 'what has passed at ports is not counted');
    }
  }

  async #add(taps: readonly CountedTap[]): Promise<void> {
    const fresh = taps.filter(
      ({ vm, slot, tap }) => this.#ports.get(portKey(vm, slot))?.tap !== tap,
    );
    for (const { vm, slot, mac, tap, received, sent } of fresh) {
      const before = this.#before(vm, slot, mac);
      this.#ports.set(portKey(vm, slot), {
        vm,
        slot,
        mac,
        tap,
        received: sum(before?.received, received),
        sent: sum(before?.sent, sent),
      });
    }
    if (fresh.length > 0) await this.#write();
  }

  /** Those on the network, with all that has passed at them. */
  async read(
    tapped: readonly TappedPort[],
    network: NetworkSpec | undefined,
  ): Promise<readonly HostPort[]> {
    const ports = await readPorts(this.#host, tapped, network);
    return ports.map((port) => {
      const before = this.#before(port.vm, port.slot, port.mac);
      return {
        ...port,
        received: sum(before?.received, port.received),
        sent: sum(before?.sent, port.sent),
      };
    });
  }

  /** Of the same adapter: another one in its slot begins anew. */
  #before(vm: string, slot: number, mac: string): PortCounts | undefined {
    const entry = this.#ports.get(portKey(vm, slot));
    return entry?.mac === mac ? entry : undefined;
  }

  #write(): Promise<void> {
    const written = this.#writing.then(async () => {
      const ports = [...this.#ports.values()];
      const text = JSON.stringify({ gantry: 'passed-ports', format: 1, ports });
      await writeFileAtomic(this.#path, text, { mode: 0o600, durability: 'flushed' });
    });
    this.#writing = written.catch(() => undefined);
    return written;
  }
}

function sum(one: HostPort['sent'] | undefined, other: HostPort['sent']): HostPort['sent'] {
  return {
    bytes: (one?.bytes ?? 0) + other.bytes,
    packets: (one?.packets ?? 0) + other.packets,
    dropped: (one?.dropped ?? 0) + other.dropped,
  };
}
