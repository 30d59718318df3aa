/**
 * /metrics in the Prometheus text format (version 0.0.4), from memory alone. Names follow the Prometheus
 * conventions: a prefix, base units, `_total` for counters.
 */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import {
  finishedStates,
  vmStateFacts,
  vmStates,
  type RouteName,
  type Vm,
  type VmState,
} from '#api';
import type { OperationDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';

export const metricsMediaType = 'text/plain; version=0.0.4; charset=utf-8';

const bucketsSeconds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30] as const;

interface RouteCount {
  readonly byStatus: Map<number, number>;
  readonly buckets: number[];
  sumSeconds: number;
  count: number;
}

export interface MetricsSource {
  readonly inventory: Inventory;
  readonly streams: () => number;
}

export class Metrics {
  readonly #routes = new Map<string, RouteCount>();
  readonly #delay = monitorEventLoopDelay({ resolution: 20 });
  #utilization = performance.eventLoopUtilization();

  constructor() {
    this.#delay.enable();
  }

  /** Counts one answered request. Streams are counted when they begin. */
  note(route: RouteName | 'none', status: number, ms: number): void {
    let counts = this.#routes.get(route);
    if (counts === undefined) {
      counts = {
        byStatus: new Map(),
        buckets: bucketsSeconds.map(() => 0),
        sumSeconds: 0,
        count: 0,
      };
      this.#routes.set(route, counts);
    }
    const seconds = ms / 1000;
    counts.byStatus.set(status, (counts.byStatus.get(status) ?? 0) + 1);
    counts.sumSeconds += seconds;
    counts.count += 1;
    for (const [index, bound] of bucketsSeconds.entries())
      if (seconds <= bound) counts.buckets[index] = (counts.buckets[index] ?? 0) + 1;
  }

  write(source: MetricsSource): string {
    const out = new Text();
    this.#writeProcess(out);
    this.#writeRequests(out);
    writeInventory(out, source.inventory);
    out.head('gantry_streams', 'gauge', 'open event streams and consoles');
    out.value('gantry_streams', {}, source.streams());
    return out.toString();
  }

  [Symbol.dispose](): void {
    this.#delay.disable();
  }

  #writeProcess(out: Text): void {
    const memory = process.memoryUsage();
    out.head('process_resident_memory_bytes', 'gauge', 'resident memory');
    out.value('process_resident_memory_bytes', {}, memory.rss);
    out.head('nodejs_heap_used_bytes', 'gauge', 'used heap');
    out.value('nodejs_heap_used_bytes', {}, memory.heapUsed);
    const cpu = process.cpuUsage();
    out.head('process_cpu_seconds_total', 'counter', 'processor time');
    out.value('process_cpu_seconds_total', {}, (cpu.user + cpu.system) / 1e6);
    out.head('process_start_time_seconds', 'gauge', 'when the process began');
    out.value('process_start_time_seconds', {}, performance.timeOrigin / 1000);
    // Since the scrape before: what a graph over time wants.
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#utilization);
    this.#utilization = now;
    out.head(
      'nodejs_eventloop_utilization',
      'gauge',
      'share of time the event loop was busy since the scrape before',
    );
    out.value('nodejs_eventloop_utilization', {}, utilization);
    out.head(
      'nodejs_eventloop_lag_p99_seconds',
      'gauge',
      'delay of the event loop, 99th percentile',
    );
    out.value('nodejs_eventloop_lag_p99_seconds', {}, this.#delay.percentile(99) / 1e9);
    this.#delay.reset();
  }

  #writeRequests(out: Text): void {
    out.head('gantry_http_requests_total', 'counter', 'answered requests');
    for (const [route, counts] of this.#routes)
      for (const [status, count] of counts.byStatus)
        out.value('gantry_http_requests_total', { route, status: String(status) }, count);
    out.head('gantry_http_request_duration_seconds', 'histogram', 'time until the answer');
    for (const [route, counts] of this.#routes) {
      const name = 'gantry_http_request_duration_seconds';
      for (const [index, bound] of bucketsSeconds.entries())
        out.value(`${name}_bucket`, { route, le: String(bound) }, counts.buckets[index] ?? 0);
      out.value(`${name}_bucket`, { route, le: '+Inf' }, counts.count);
      out.value(`${name}_sum`, { route }, counts.sumSeconds);
      out.value(`${name}_count`, { route }, counts.count);
    }
  }
}

const vmMetrics = [
  ['gantry_vm_cpu_ratio', 'gauge', "use of the vm's own processors, 1 is all of them"],
  ['gantry_vm_memory_resident_bytes', 'gauge', 'memory of the vm on its host'],
  ['gantry_vm_disk_read_bytes_per_second', 'gauge', 'of all disks together'],
  ['gantry_vm_disk_written_bytes_per_second', 'gauge', 'of all disks together'],
  ['gantry_vm_network_received_bytes_per_second', 'gauge', 'as the guest agent counts'],
  ['gantry_vm_network_sent_bytes_per_second', 'gauge', 'as the guest agent counts'],
  ['gantry_vm_heartbeats_total', 'counter', 'signs of life heard of the guest'],
] as const;

const spaceMetric = 'gantry_vm_disk_space_bytes';

function labelsOf({ name, id, host }: Vm): Readonly<Record<string, string>> {
  return { vm: name, id, host };
}

/** Of live vms; a number that is not known is left out. */
function writeVm(out: Text, vm: Vm): void {
  const { cpuPercent, memoryBytes, diskUse, networkUse, heartbeat } = vm.status;
  const values = [
    cpuPercent === null ? null : cpuPercent / 100,
    memoryBytes,
    diskUse?.readBytesPerSecond,
    diskUse?.writtenBytesPerSecond,
    networkUse?.receivedBytesPerSecond,
    networkUse?.sentBytesPerSecond,
    heartbeat.beats,
  ];
  const labels = labelsOf(vm);
  for (const [index, [name]] of vmMetrics.entries()) {
    const value = values[index] ?? null;
    if (value !== null) out.value(name, labels, value);
  }
}

function writeInventory(out: Text, inventory: Inventory): void {
  for (const [name, type, help] of vmMetrics) out.head(name, type, help);
  out.head(spaceMetric, 'gauge', 'taken up by all files of the vm, running or not');
  const states = new Map<VmState, number>(vmStates.map((state) => [state, 0]));
  for (const { id } of inventory.documents('vm')) {
    const vm = inventory.vm(id);
    const state = vm?.state ?? 'unknown';
    if (vm !== undefined && vmStateFacts[state].live) writeVm(out, vm);
    const usedBytes = vm?.status.diskSpaceBytes ?? null;
    if (vm !== undefined && usedBytes !== null) out.value(spaceMetric, labelsOf(vm), usedBytes);
    states.set(state, (states.get(state) ?? 0) + 1);
  }
  out.head('gantry_vms', 'gauge', 'vms by state');
  for (const [state, count] of states) out.value('gantry_vms', { state }, count);
  out.head('gantry_host_up', 'gauge', '1 when the host is ready');
  out.head('gantry_host_memory_free_bytes', 'gauge', 'memory available for new vms');
  for (const { id } of inventory.documents('host')) {
    const host = inventory.host(id);
    if (host === undefined) continue;
    out.value('gantry_host_up', { host: host.name }, host.status === 'ready' ? 1 : 0);
    if (host.load !== null)
      out.value('gantry_host_memory_free_bytes', { host: host.name }, host.load.memoryFreeBytes);
  }
  let unfinished = 0;
  for (const { data } of inventory.documents<OperationDocument>('operation'))
    if (!finishedStates.includes(data.state)) unfinished += 1;
  out.head('gantry_operations_unfinished', 'gauge', 'operations that are not at their end');
  out.value('gantry_operations_unfinished', {}, unfinished);
  out.head('gantry_store_head', 'counter', 'number of the last commit');
  out.value('gantry_store_head', {}, inventory.head);
}

/** Lines of one metric stand together, as the format wants it. */
class Text {
  readonly #metrics = new Map<string, string[]>();

  head(name: string, type: 'counter' | 'gauge' | 'histogram', help: string): void {
    this.#metrics.set(name, [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]);
  }

  value(name: string, labels: Readonly<Record<string, string>>, value: number): void {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`);
    const line = `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
    const metric =
      this.#metrics.get(name) ?? this.#metrics.get(name.replace(/_(bucket|sum|count)$/, ''));
    metric?.push(line);
  }

  toString(): string {
    return `${[...this.#metrics.values()].flat().join('\n')}\n`;
  }
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
