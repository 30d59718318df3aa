/**
 * Test material: a small fleet in memory behind the server's half. Enough for virsh to list, describe,
 * start, stop, look at, and move bytes; whatever it answers, a test can predict.
 */
import { Fault } from '#lib';
import type { DomainHandle, StoragePoolHandle, StorageVolHandle } from '../procedures/handle.ts';
import type { Handlers, OpenAnswer, OpenRequest } from '../server/handler.ts';
import type { ServerStream } from '../server/server-stream.ts';
import type { Session } from '../server/session.ts';
import { libvirtFault } from '../wire/remote-error.ts';
import { intParam, uhyperParam } from '../wire/typed-param.ts';

export interface FleetDomain {
  readonly name: string;
  readonly uuid: string;
  state: 'running' | 'paused' | 'off';
  id: number;
}

const stateNumbers = { running: 1, paused: 3, off: 5 } as const;
const poolHandle: StoragePoolHandle = {
  name: 'pool',
  uuid: '11111111-2222-4333-8444-555555555555',
};

export class Fleet {
  readonly domains: FleetDomain[];
  /** Contents of volumes by name. */
  readonly volumes = new Map<string, Buffer>();
  readonly sessions = new Set<Session>();
  /** Procedures that reached a handler, in order. */
  readonly calls: string[] = [];
  #nextId = 1;

  constructor(names: readonly string[]) {
    this.domains = names.map((name, index) => ({
      name,
      uuid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      state: 'off',
      id: -1,
    }));
  }

  readonly open = (request: OpenRequest): OpenAnswer => {
    this.sessions.add(request.session);
    return {
      handlers: this.handlers,
      authorize: (_args, context) => void this.calls.push(context.procedure),
      onClose: () => void this.sessions.delete(request.session),
    };
  };

  readonly handlers: Handlers = {
    CONNECT_GET_TYPE: () => ({ type: 'FLEET' }),
    CONNECT_GET_VERSION: () => ({ hv_ver: 1_002_003n }),
    CONNECT_GET_LIB_VERSION: () => ({ lib_ver: 9_000_000n }),
    CONNECT_GET_HOSTNAME: () => ({ hostname: 'fleet.example' }),
    CONNECT_GET_CAPABILITIES: () => ({ capabilities: '<capabilities/>' }),
    NODE_GET_INFO: () => ({
      model: 'x86_64',
      memory: 1_048_576n,
      cpus: 4,
      mhz: 2000,
      nodes: 1,
      sockets: 1,
      cores: 4,
      threads: 1,
    }),
    CONNECT_LIST_ALL_DOMAINS: () => ({
      domains: this.domains.map(handleOf),
      ret: this.domains.length,
    }),
    CONNECT_GET_ALL_DOMAIN_STATS: () => ({
      retStats: this.domains.map((domain) => ({
        dom: handleOf(domain),
        params: [
          intParam('state.state', stateNumbers[domain.state]),
          uhyperParam('cpu.time', 1_000_000_000n),
        ],
      })),
    }),
    DOMAIN_LOOKUP_BY_NAME: ({ name }) => ({
      dom: handleOf(this.#find((one) => one.name === name, name)),
    }),
    DOMAIN_LOOKUP_BY_UUID: ({ uuid }) => ({
      dom: handleOf(this.#find((one) => one.uuid === uuid, uuid)),
    }),
    DOMAIN_LOOKUP_BY_ID: ({ id }) => ({
      dom: handleOf(this.#find((one) => one.id === id, String(id))),
    }),
    DOMAIN_GET_STATE: ({ dom }) => ({ state: stateNumbers[this.#of(dom).state], reason: 1 }),
    DOMAIN_GET_INFO: ({ dom }) => ({
      state: stateNumbers[this.#of(dom).state],
      maxMem: 1_048_576n,
      memory: 524_288n,
      nrVirtCpu: 2,
      cpuTime: 1_000_000_000n,
    }),
    DOMAIN_GET_OS_TYPE: () => ({ type: 'hvm' }),
    DOMAIN_GET_XML_DESC: ({ dom }) => ({
      xml: `<domain type='test'><name>${dom.name}</name><uuid>${dom.uuid}</uuid>
<memory>1048576</memory><os><type>hvm</type></os>
<devices><console type='pty'><target type='serial' port='0'/></console></devices></domain>`,
    }),
    DOMAIN_GET_AUTOSTART: () => ({ autostart: 0 }),
    DOMAIN_IS_PERSISTENT: () => ({ persistent: 1 }),
    DOMAIN_IS_ACTIVE: ({ dom }) => ({ active: this.#of(dom).state === 'off' ? 0 : 1 }),
    DOMAIN_HAS_MANAGED_SAVE_IMAGE: () => ({ result: 0 }),
    DOMAIN_CREATE: ({ dom }) => {
      this.#start(this.#of(dom));
      return {};
    },
    DOMAIN_CREATE_WITH_FLAGS: ({ dom }) => ({ dom: handleOf(this.#start(this.#of(dom))) }),
    DOMAIN_DESTROY: ({ dom }) => {
      const domain = this.#of(dom);
      if (domain.state === 'off') {
        throw new Fault('refused', `domain ${domain.name} is not running`);
      }
      domain.state = 'off';
      domain.id = -1;
      this.#tell(domain, 5, 1);
      return {};
    },
    DOMAIN_SUSPEND: ({ dom }) => {
      const domain = this.#of(dom);
      domain.state = 'paused';
      this.#tell(domain, 3, 0);
      return {};
    },
    DOMAIN_SCREENSHOT: ({ dom }) => ({
      ret: { mime: 'image/png' },
      run: (stream) => stream.write(screenshotOf(this.#of(dom).name)),
    }),
    DOMAIN_OPEN_CONSOLE: ({ dom }) => {
      const domain = this.#of(dom);
      return { ret: {}, run: (stream, signal) => echo(stream, domain.name, signal) };
    },
    CONNECT_LIST_ALL_STORAGE_POOLS: () => ({ pools: [poolHandle], ret: 1 }),
    STORAGE_POOL_LOOKUP_BY_NAME: ({ name }) => {
      if (name !== poolHandle.name) throw new Fault('not-found', `there is no pool ${name}`);
      return { pool: poolHandle };
    },
    STORAGE_POOL_IS_ACTIVE: () => ({ active: 1 }),
    STORAGE_POOL_LIST_ALL_VOLUMES: () => ({
      vols: [...this.volumes.keys()].map(volumeOf),
      ret: this.volumes.size,
    }),
    STORAGE_VOL_LOOKUP_BY_NAME: ({ name }) => {
      if (!this.volumes.has(name)) throw new Fault('not-found', `there is no volume ${name}`);
      return { vol: volumeOf(name) };
    },
    STORAGE_VOL_LOOKUP_BY_KEY: ({ key }) => ({ vol: volumeOf(key.replace('/pool/', '')) }),
    STORAGE_VOL_GET_PATH: ({ vol }) => ({ name: vol.key }),
    STORAGE_VOL_GET_INFO: ({ vol }) => {
      const size = BigInt(this.volumes.get(vol.name)?.length ?? 0);
      return { type: 0, capacity: size, allocation: size };
    },
    STORAGE_VOL_DOWNLOAD: ({ vol }) => ({
      ret: {},
      run: async (stream) => stream.write(this.volumes.get(vol.name) ?? Buffer.alloc(0)),
    }),
    STORAGE_VOL_UPLOAD: ({ vol }) => ({
      ret: {},
      run: async (stream) => {
        const pieces: Buffer[] = [];
        for await (const part of stream.parts()) {
          pieces.push(part.kind === 'data' ? part.bytes : Buffer.alloc(Number(part.lengthBytes)));
        }
        this.volumes.set(vol.name, Buffer.concat(pieces));
      },
    }),
    CONNECT_LIST_ALL_NETWORKS: () => {
      throw libvirtFault('NO_SUPPORT', 'this fleet has no networks');
    },
  };

  #of(handle: DomainHandle): FleetDomain {
    return this.#find((one) => one.uuid === handle.uuid, handle.uuid);
  }

  #find(wanted: (domain: FleetDomain) => boolean, what: string): FleetDomain {
    const domain = this.domains.find(wanted);
    if (!domain) throw new Fault('not-found', `there is no domain ${what}`);
    return domain;
  }

  #start(domain: FleetDomain): FleetDomain {
    if (domain.state !== 'off') throw new Fault('refused', `domain ${domain.name} runs already`);
    domain.state = 'running';
    domain.id = this.#nextId;
    this.#nextId += 1;
    this.#tell(domain, 2, 0);
    return domain;
  }

  #tell(domain: FleetDomain, event: number, detail: number): void {
    for (const session of this.sessions) {
      session.emit('DOMAIN_EVENT_CALLBACK_LIFECYCLE', {
        msg: { dom: handleOf(domain), event, detail },
      });
    }
  }
}

/** What the screen of a domain shows: some bytes that no two domains share. */
export function screenshotOf(name: string): Buffer {
  return Buffer.from(`screen of ${name}\n`.repeat(30_000));
}

function handleOf({ name, uuid, id }: FleetDomain): DomainHandle {
  return { name, uuid, id };
}

function volumeOf(name: string): StorageVolHandle {
  return { pool: poolHandle.name, name, key: `/pool/${name}` };
}

/** A console that greets, and gives back in capitals what is typed. */
async function echo(stream: ServerStream, name: string, signal: AbortSignal): Promise<void> {
  await stream.write(Buffer.from(`${name} login: `));
  for (let part = await stream.next(signal); part; part = await stream.next(signal)) {
    if (part.kind !== 'data') continue;
    await stream.write(Buffer.from(part.bytes.toString('latin1').toUpperCase(), 'latin1'));
  }
}
