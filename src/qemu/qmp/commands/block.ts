/** Block devices and nodes (qapi/block-core.json, qapi/block.json). */
import {
  finite,
  flag,
  list,
  map,
  optional,
  record,
  text,
  type JsonObject,
  type Parser,
} from '../../parse.ts';
import type { CommandOptions } from '../client.ts';
import { ask, tell, type Monitor } from './ask.ts';
import { parseThrottle, type Throttle } from './throttle.ts';

export function blockdevAdd(
  monitor: Monitor,
  node: JsonObject,
  options?: CommandOptions,
): Promise<void> {
  return tell(monitor, 'blockdev-add', node, options);
}

export function blockdevDel(
  monitor: Monitor,
  nodeName: string,
  options?: CommandOptions,
): Promise<void> {
  return tell(monitor, 'blockdev-del', { 'node-name': nodeName }, options);
}

/** Opens nodes anew with these options; what is not named is as by default (qapi/block-core.json). */
export function blockdevReopen(
  monitor: Monitor,
  nodes: readonly JsonObject[],
  options?: CommandOptions,
): Promise<void> {
  return tell(monitor, 'blockdev-reopen', { options: nodes }, options);
}

/** Gives the process an open file, by the number of a set (qapi/misc.json). Faults: `unsupported` where this Node.js cannot. */
export function addFd(
  monitor: Monitor,
  set: number,
  options: CommandOptions & { readonly descriptor: number },
): Promise<void> {
  return tell(monitor, 'add-fd', { 'fdset-id': set }, options);
}

/** Lets go of descriptors that the process inherited or was given (qapi/misc.json). */
export function removeFd(monitor: Monitor, set: number, options?: CommandOptions): Promise<void> {
  return tell(monitor, 'remove-fd', { 'fdset-id': set }, options);
}

/** `force` opens the tray although the guest has locked it; `ask` tells the guest that somebody wants it. */
export function blockdevOpenTray(
  monitor: Monitor,
  deviceId: string,
  lock: 'ask' | 'force',
  options?: CommandOptions,
): Promise<void> {
  return tell(monitor, 'blockdev-open-tray', { id: deviceId, force: lock === 'force' }, options);
}

export function blockdevCloseTray(
  monitor: Monitor,
  deviceId: string,
  options?: CommandOptions,
): Promise<void> {
  return tell(monitor, 'blockdev-close-tray', { id: deviceId }, options);
}

export function blockdevRemoveMedium(
  monitor: Monitor,
  deviceId: string,
  options?: CommandOptions,
): Promise<void> {
  return tell(monitor, 'blockdev-remove-medium', { id: deviceId }, options);
}

export function blockdevInsertMedium(
  monitor: Monitor,
  deviceId: string,
  nodeName: string,
  options?: CommandOptions,
): Promise<void> {
  return tell(monitor, 'blockdev-insert-medium', { id: deviceId, 'node-name': nodeName }, options);
}

export function blockResize(
  monitor: Monitor,
  nodeName: string,
  sizeBytes: number,
  options?: CommandOptions,
): Promise<void> {
  return tell(monitor, 'block_resize', { 'node-name': nodeName, size: sizeBytes }, options);
}

/** A drive or disk as the guest has it. */
export interface BlockInfo {
  /** Id of the device, or its path in QEMU's object tree where it has none. */
  readonly deviceId: string | undefined;
  /** Under which QEMU finds it: its id, or a path below that. */
  readonly path: string | undefined;
  readonly removable: boolean;
  /** Whether the guest holds the tray. */
  readonly locked: boolean;
  /** Absent where there is no tray. */
  readonly trayOpen: boolean | undefined;
  /** `ok`, `failed`, `nospace`; absent where QEMU does not watch. */
  readonly ioStatus: string | undefined;
  /** Absent when the drive is empty. */
  readonly inserted: (InsertedImage & { readonly throttle: Throttle }) | undefined;
}

export interface InsertedImage {
  readonly nodeName: string | undefined;
  readonly path: string;
  readonly format: string;
  readonly readOnly: boolean;
  readonly virtualBytes: number;
  /** What it takes up on the host; absent where that cannot be told. */
  readonly actualBytes: number | undefined;
}

const parseInserted: Parser<InsertedImage> = map(
  record({
    'node-name': optional(text(64)),
    file: text(65_536),
    drv: text(64),
    ro: flag,
    image: record({ 'virtual-size': finite, 'actual-size': optional(finite) }),
  }),
  (inserted) => ({
    nodeName: inserted['node-name'],
    path: inserted.file,
    format: inserted.drv,
    readOnly: inserted.ro,
    virtualBytes: inserted.image['virtual-size'],
    actualBytes: inserted.image['actual-size'],
  }),
);

const parseDeviceImage: Parser<InsertedImage & { readonly throttle: Throttle }> = (
  value,
  place,
) => ({
  ...parseInserted(value, place),
  throttle: parseThrottle(value, place),
});

const parseBlocks: Parser<readonly BlockInfo[]> = list(
  map(
    record({
      qdev: optional(text()),
      removable: flag,
      locked: flag,
      tray_open: optional(flag),
      'io-status': optional(text(32)),
      inserted: optional(parseDeviceImage),
    }),
    (info) => ({
      deviceId: info.qdev === undefined ? undefined : deviceIdOf(info.qdev),
      path: info.qdev,
      removable: info.removable,
      locked: info.locked,
      trayOpen: info.tray_open,
      ioStatus: info['io-status'],
      inserted: info.inserted,
    }),
  ),
);

const peripheral = '/machine/peripheral/';

/** QEMU answers some devices by id, others (virtio) by the path of a part of theirs. */
function deviceIdOf(qdev: string): string {
  return qdev.startsWith(peripheral) ? (qdev.slice(peripheral.length).split('/')[0] ?? qdev) : qdev;
}

export function queryBlock(
  monitor: Monitor,
  options?: CommandOptions,
): Promise<readonly BlockInfo[]> {
  return ask(monitor, 'query-block', undefined, parseBlocks, options);
}

/** Counters since the start of QEMU. */
export interface BlockStats {
  readonly deviceId: string | undefined;
  readonly nodeName: string | undefined;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly readOperations: number;
  readonly writeOperations: number;
  readonly flushOperations: number;
  readonly readTimeNs: number;
  readonly writeTimeNs: number;
  readonly flushTimeNs: number;
}

const parseStats: Parser<readonly BlockStats[]> = list(
  map(
    record({
      qdev: optional(text()),
      'node-name': optional(text(64)),
      stats: record({
        rd_bytes: finite,
        wr_bytes: finite,
        rd_operations: finite,
        wr_operations: finite,
        flush_operations: finite,
        rd_total_time_ns: finite,
        wr_total_time_ns: finite,
        flush_total_time_ns: finite,
      }),
    }),
    ({ qdev, stats, ...entry }) => ({
      deviceId: qdev === undefined ? undefined : deviceIdOf(qdev),
      nodeName: entry['node-name'],
      readBytes: stats.rd_bytes,
      writtenBytes: stats.wr_bytes,
      readOperations: stats.rd_operations,
      writeOperations: stats.wr_operations,
      flushOperations: stats.flush_operations,
      readTimeNs: stats.rd_total_time_ns,
      writeTimeNs: stats.wr_total_time_ns,
      flushTimeNs: stats.flush_total_time_ns,
    }),
  ),
);

export function queryBlockstats(
  monitor: Monitor,
  options?: CommandOptions,
): Promise<readonly BlockStats[]> {
  return ask(monitor, 'query-blockstats', undefined, parseStats, options);
}

const parseNodes: Parser<readonly InsertedImage[]> = list(parseInserted);

/** All nodes, without the trees below them. */
export function queryNamedBlockNodes(
  monitor: Monitor,
  options?: CommandOptions,
): Promise<readonly InsertedImage[]> {
  return ask(monitor, 'query-named-block-nodes', { flat: true }, parseNodes, options);
}
