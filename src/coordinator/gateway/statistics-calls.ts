/** Figures of domains: all at once, and one by one as older programs ask. */
import { kiB } from '#lib';
import type { Adapter, Vm } from '#api';
import { libvirtFault, uhyperParam, type Handlers, type TypedParam } from '#libvirt';
import { isActive, requireActive, type Connection } from './connection.ts';
import { requireListable } from './domain-calls.ts';
import { adapterTarget, type BlockDevice } from '../domain-xml/domain-devices.ts';
import { matchesFlags } from './domain-state.ts';
import { allStatsGroups, statsOf, whole } from './domain-stats.ts';
import type { CountedRecord } from './stats-records.ts';

type Calls = Pick<
  Handlers,
  | 'CONNECT_GET_ALL_DOMAIN_STATS'
  | 'DOMAIN_GET_CPU_STATS'
  | 'DOMAIN_MEMORY_STATS'
  | 'DOMAIN_BLOCK_STATS'
  | 'DOMAIN_BLOCK_STATS_FLAGS'
  | 'DOMAIN_GET_BLOCK_INFO'
  | 'DOMAIN_INTERFACE_STATS'
  | 'DOMAIN_GET_DISK_ERRORS'
>;

/** VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS. */
const enforceStats = 0x8000_0000;
/** virDomainMemoryStatTags. */
const memoryTags = { unused: 4, available: 5, actual: 6, rss: 7 } as const;

export function statisticsCalls(connection: Connection): Calls {
  const { counters, records, sheets, stopReasons } = connection.parts;
  const active = (dom: { readonly uuid: string }): Vm => {
    const vm = connection.find(dom.uuid);
    requireActive(vm);
    return vm;
  };
  const paramsOf = (vm: Vm, groups: number): TypedParam[] =>
    statsOf(vm, groups, {
      isActive: isActive(vm),
      totals: counters.ofVm(vm),
      stopReason: stopReasons.of(vm.id),
      blockDevices: () => connection.blockDevicesOf(vm),
    });
  const recordOf = (vm: Vm, groups: number): CountedRecord =>
    records.of(
      vm,
      groups,
      connection.handleOf(vm),
      () => paramsOf(vm, groups),
      stopReasons.of(vm.id),
    );
  return {
    CONNECT_GET_ALL_DOMAIN_STATS: ({ doms, stats, flags }) => {
      if ((flags & enforceStats) !== 0 && (stats & ~allStatsGroups) !== 0)
        throw libvirtFault('ARGUMENT_UNSUPPORTED', 'some of these statistics are not kept here');
      const asked = new Set(doms.map(({ uuid }) => uuid));
      const { key, shows } = connection.sight();
      const isAsked = (vm: Vm): boolean =>
        asked.size === 0 ? matchesFlags(vm, flags, isActive(vm)) : asked.has(vm.id);
      return sheets.answer(
        key && asked.size === 0 ? `${key} ${stats} ${flags}` : undefined,
        (vm) => (shows(vm) && isAsked(vm) ? recordOf(vm, stats) : undefined),
        requireListable,
      );
    },
    DOMAIN_GET_CPU_STATS: ({ dom, nparams, start_cpu }) => {
      const vm = active(dom);
      // -1 is the vm as a whole; processors of hosts are nothing that a fleet has.
      if (start_cpu !== -1)
        throw libvirtFault('OPERATION_UNSUPPORTED', 'figures are not kept by processor of a host');
      const params = [uhyperParam('cpu_time', whole(counters.of(vm.id).cpuNs))];
      return { params: nparams === 0 ? [] : params, nparams: params.length };
    },
    DOMAIN_MEMORY_STATS: ({ dom, maxStats }) => ({
      stats: memoryStats(active(dom)).slice(0, maxStats),
    }),
    DOMAIN_BLOCK_STATS: ({ dom, path }) => {
      const vm = active(dom);
      const isFirst = deviceAt(connection, vm, path).index === 0;
      const { reads, readBytes, writes, writtenBytes } = counters.of(vm.id);
      const told = (count: number): bigint => (isFirst ? whole(count) : 0n);
      return {
        rd_req: told(reads),
        rd_bytes: told(readBytes),
        wr_req: told(writes),
        wr_bytes: told(writtenBytes),
        errs: -1n,
      };
    },
    DOMAIN_BLOCK_STATS_FLAGS: ({ dom, path, nparams }) => {
      const vm = active(dom);
      const isFirst = path === '' || deviceAt(connection, vm, path).index === 0;
      const { reads, readBytes, writes, writtenBytes } = counters.of(vm.id);
      const params = [
        uhyperParam('rd_operations', isFirst ? whole(reads) : 0n),
        uhyperParam('rd_bytes', isFirst ? whole(readBytes) : 0n),
        uhyperParam('wr_operations', isFirst ? whole(writes) : 0n),
        uhyperParam('wr_bytes', isFirst ? whole(writtenBytes) : 0n),
      ];
      return { params: nparams === 0 ? [] : params.slice(0, nparams), nparams: params.length };
    },
    DOMAIN_GET_BLOCK_INFO: async ({ dom, path }, { signal }) => {
      const vm = connection.find(dom.uuid);
      const { device } = deviceAt(connection, vm, path);
      const taken = BigInt(await bytesTaken(connection, vm, device, signal));
      return { capacity: BigInt(device.sizeBytes ?? 0), allocation: taken, physical: taken };
    },
    DOMAIN_INTERFACE_STATS: ({ dom, device }) => {
      const vm = active(dom);
      const isFirst = adapterAt(vm, device).index === 0;
      const { receivedBytes, sentBytes } = counters.of(vm.id);
      const untold = -1n;
      return {
        rx_bytes: isFirst ? whole(receivedBytes) : 0n,
        rx_packets: untold,
        rx_errs: untold,
        rx_drop: untold,
        tx_bytes: isFirst ? whole(sentBytes) : 0n,
        tx_packets: untold,
        tx_errs: untold,
        tx_drop: untold,
      };
    },
    DOMAIN_GET_DISK_ERRORS: ({ dom }) => {
      active(dom);
      return { errors: [], nerrors: 0 };
    },
  };
}

function memoryStats({ definition, status }: Vm): { tag: number; val: bigint }[] {
  const { guest, memoryBytes } = status;
  const inKib = (bytes: number): bigint => BigInt(Math.floor(bytes / kiB));
  const told: readonly (readonly [tag: number, bytes: number | null | undefined])[] = [
    [memoryTags.actual, definition.hardware.memory.sizeBytes],
    [memoryTags.rss, memoryBytes],
    [memoryTags.unused, guest?.memoryFreeBytes],
    [memoryTags.available, guest?.memoryTotalBytes],
  ];
  return told.flatMap(([tag, bytes]) =>
    typeof bytes !== 'number' ? [] : [{ tag, val: inKib(bytes) }],
  );
}

/** By target or file. Errors: INVALID_ARG. */
export function deviceAt(
  connection: Connection,
  vm: Vm,
  path: string,
): { readonly device: BlockDevice; readonly index: number } {
  const devices = connection.blockDevicesOf(vm);
  const index = devices.findIndex(({ target, file }) => target === path || file === path);
  const device = devices[index];
  if (device === undefined)
    throw libvirtFault('INVALID_ARG', `invalid path ${path.slice(0, 200)} of ${vm.name}`);
  return { device, index };
}

/** By target or MAC address. Errors: INVALID_ARG. */
export function adapterAt(
  { definition, name }: Vm,
  device: string,
): { readonly adapter: Adapter; readonly index: number } {
  const index = definition.hardware.adapters.findIndex(
    (adapter) => adapterTarget(adapter) === device || adapter.mac === device.toLowerCase(),
  );
  const adapter = definition.hardware.adapters[index];
  if (adapter === undefined)
    throw libvirtFault('INVALID_ARG', `${name} has no interface ${device.slice(0, 100)}`);
  return { adapter, index };
}

/** What the file of a disk takes up on its host; where that does not say, all that it may. */
async function bytesTaken(
  { parts }: Connection,
  { hostId }: Vm,
  { file, sizeBytes = 0 }: BlockDevice,
  signal: AbortSignal,
): Promise<number> {
  if (file === undefined) return sizeBytes;
  const asked = { params: { host: hostId }, query: { file } };
  try {
    return (await parts.desk.ask(parts.caller, 'host.disk', asked, signal)).fileBytes;
  } catch {
    signal.throwIfAborted();
    return sizeBytes;
  }
}
