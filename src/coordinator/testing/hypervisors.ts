/** Hypervisors made of bytes, for tests: libvirt's protocol on sockets in a folder, a small fleet in memory behind each. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LibvirtServer, type Handlers } from '#libvirt';
import { Fleet } from '../../libvirt/testing/fleet.ts';
import type { Stage } from './stage.ts';

/** virConnectListAllDomainsFlags: those whose memory is saved, which a fleet knows nothing of. */
const withManagedSave = 256;

function listed({ handlers }: Fleet): Handlers {
  return {
    CONNECT_LIST_ALL_DOMAINS: (args, context) =>
      args.flags === withManagedSave
        ? { domains: [], ret: 0 }
        : (handlers.CONNECT_LIST_ALL_DOMAINS?.(args, context) ?? { domains: [], ret: 0 }),
  };
}

export class Hypervisors implements AsyncDisposable {
  readonly folder: string;
  readonly #servers: LibvirtServer[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<Hypervisors> {
    return new Hypervisors(await mkdtemp(join(tmpdir(), 'hv-')));
  }

  /** One with vms of these names; `change` answers what it does differently. */
  async serve(
    name: string,
    vms: readonly string[],
    change: (fleet: Fleet) => Handlers = () => ({}),
  ): Promise<Fleet> {
    const fleet = new Fleet(vms);
    const handlers = { ...fleet.handlers, ...listed(fleet), ...change(fleet) };
    const server = new LibvirtServer({
      open: (request) => ({ ...fleet.open(request), handlers }),
    });
    this.#servers.push(server);
    await server.listenUnix({ path: join(this.folder, name), access: 'write' });
    return fleet;
  }

  address(name: string): string {
    return `fleet+unix:///all?socket=${join(this.folder, name)}`;
  }

  /** As a host of that name, with all its vms. */
  async connect(stage: Stage, name: string): Promise<void> {
    const body = { address: this.address(name), name };
    const { status, text } = await stage.send('POST', '/hosts', { body });
    assert.equal(status, 200, text);
    await stage.until(() => stage.host(name)?.status === 'ready', `${name} is connected`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true });
  }
}
