/** What a hypervisor tells of its host and of itself. Nothing is made up: what libvirt does not tell is empty. */
import type { HostFacts } from '#api';
import { isFault, kiB } from '#lib';
import { libvirtFacts, type Client } from '#libvirt';
import { classOfHypervisor } from '../drivers/hypervisor-classes.ts';
import { fullNameOf } from '../host/full-name.ts';
import { agentVersion } from '../version.ts';
import { missingWith } from './abilities.ts';
import { extensionsOf } from './extensions.ts';
import { Volumes } from './make/volumes.ts';

export interface ForeignFacts {
  readonly facts: HostFacts;
  /** The host's own name. */
  readonly hostName: string;
}

/** libvirt's numbers: a million for the first place, a thousand for the second. */
export function versionText(number: bigint): string {
  const value = Number(number);
  return [Math.floor(value / 1e6), Math.floor(value / 1e3) % 1e3, value % 1e3].join('.');
}

/** Errors: those of the client. */
export async function readFacts(client: Client, signal: AbortSignal): Promise<ForeignFacts> {
  const options = { signal };
  const [{ type }, { hostname }, node, { capabilities }, { lib_ver: library }] = await Promise.all([
    client.call('CONNECT_GET_TYPE', {}, options),
    client.call('CONNECT_GET_HOSTNAME', {}, options),
    client.call('NODE_GET_INFO', {}, options),
    client.call('CONNECT_GET_CAPABILITIES', {}, options),
    client.call('CONNECT_GET_LIB_VERSION', {}, options),
  ]);
  const version = await hypervisorVersion(client, signal);
  const atLeastOne = (value: number): number => Math.max(1, value);
  const id = await readHypervisorId(client, capabilities, signal);
  const foreign = await readResources(client, signal);
  const fullName = fullNameOf(hostname, undefined);
  return {
    hostName: hostname.slice(0, 100),
    facts: {
      architecture: node.model.slice(0, 32),
      operatingSystem: hostname.slice(0, 256),
      ...(fullName === undefined ? {} : { fullName }),
      kernel: 'not told',
      processor: {
        vendor: '',
        model: node.model.slice(0, 256),
        sockets: atLeastOne(node.sockets * node.nodes),
        cores: atLeastOne(node.cores * node.sockets * node.nodes),
        threads: atLeastOne(node.cpus),
        clockMhz: node.mhz > 0 ? node.mhz : null,
        flags: [],
        grade: 'ungraded',
      },
      interfaces: [],
      memoryTotalBytes: Number(node.memory) * kiB,
      bootedAt: null,
      hypervisor: {
        name: type.slice(0, 64),
        version: version ?? versionText(library),
        class: classOfHypervisor(type, isAccelerated(capabilities) ? 'kvm' : 'none'),
        ...(id === null ? {} : { id }),
      },
      acceleration: accelerationOf(type, capabilities),
      missing: { ...missingWith(type.slice(0, 64)) },
      programs: [],
      guestRequests: 'hypervisor',
      additionsVersion: '',
      agentVersion: `libvirt ${versionText(library)}, Gantry ${agentVersion}`.slice(0, 64),
      processorModels: [],
      maxProcessorsPerVm: atLeastOne(node.cpus),
      extensions: extensionsOf(type),
      foreign,
    },
  };
}

/** virConnectListAllNetworksFlags. */
const onlyActive = 2;

/** Networks and pools; none where the driver knows none. */
async function readResources(
  client: Client,
  signal: AbortSignal,
): Promise<NonNullable<HostFacts['foreign']>> {
  const known = async <T>(asked: Promise<readonly T[]>): Promise<readonly T[]> => {
    try {
      return await asked;
    } catch (error) {
      if (isFault(error) && libvirtFacts(error) !== undefined) return [];
      throw error;
    }
  };
  const args = { need_results: 1, flags: onlyActive };
  const listed = client.call('CONNECT_LIST_ALL_NETWORKS', args, { signal });
  const [networks, pools] = await Promise.all([
    known(listed.then(({ nets }) => nets)),
    known(new Volumes(client).pools(signal)),
  ]);
  const names = networks.map(({ name }) => name.slice(0, 256)).toSorted();
  return {
    networks: names.slice(0, 256),
    pools: pools.map(({ handle, type, path }) => ({
      name: handle.name.slice(0, 256),
      type: type.slice(0, 32),
      path: path?.slice(0, 1024) ?? null,
    })),
  };
}

/** Its machine's UUID and which of the hypervisors there it is; null where it does not tell both. */
async function readHypervisorId(
  client: Client,
  capabilities: string,
  signal: AbortSignal,
): Promise<string | null> {
  const uuid = /<host>\s*<uuid>([0-9a-f-]{36})<\/uuid>/i.exec(capabilities)?.[1];
  if (uuid === undefined) return null;
  try {
    const { uri } = await client.call('CONNECT_GET_URI', {}, { signal });
    return `${uuid.toLowerCase()} ${uri}`.slice(0, 400);
  } catch (error) {
    if (isFault(error, 'unsupported')) return null;
    throw error;
  }
}

/** Undefined for a driver that has none. */
async function hypervisorVersion(client: Client, signal: AbortSignal): Promise<string | undefined> {
  try {
    return versionText((await client.call('CONNECT_GET_VERSION', {}, { signal })).hv_ver);
  } catch (error) {
    if (isFault(error, 'unsupported')) return undefined;
    throw error;
  }
}

const isAccelerated = (capabilities: string): boolean =>
  /<domain type=['"]kvm['"]/.test(capabilities);

function accelerationOf(type: string, capabilities: string): HostFacts['acceleration'] {
  const evidence = "as the hypervisor's capabilities say";
  switch (type.toLowerCase()) {
    case 'test':
      return { kvm: 'absent', evidence, use: 'simulated' };
    case 'qemu':
      return isAccelerated(capabilities)
        ? { kvm: 'not-probed', evidence, use: 'kvm' }
        : { kvm: 'absent', evidence, use: 'tcg' };
    default:
      return { kvm: 'not-probed', evidence, use: 'hypervisor' };
  }
}
