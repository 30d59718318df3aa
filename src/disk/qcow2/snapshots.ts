/** The table of internal snapshots: each is a level-1 table of its own, with names and sizes. */
import type { DiskFile } from '../file/disk-file.ts';
import type { SnapshotFacts } from '../layer.ts';
import { maxStructureBytes } from '../limits.ts';
import { readStructure } from '../structure.ts';
import type { Qcow2Header } from './header.ts';

export interface Qcow2Snapshot extends SnapshotFacts {
  readonly l1Offset: number;
  readonly l1Entries: number;
}

export interface SnapshotTable {
  readonly snapshots: readonly Qcow2Snapshot[];
  readonly tableBytes: number;
}

/** Faults: `corrupt`. */
export async function readSnapshots(file: DiskFile, header: Qcow2Header): Promise<SnapshotTable> {
  const snapshots: Qcow2Snapshot[] = [];
  let at = header.snapshotsOffset;
  for (let index = 0; index < header.snapshotCount; index += 1) {
    const place = { format: 'qcow2', structure: `snapshot ${index}`, offset: at };
    const fixed = await readStructure(file, place, 40);
    const [idBytes, nameBytes, extraBytes] = [fixed.u16be(12), fixed.u16be(14), fixed.u32be(36)];
    fixed.demand(extraBytes <= 1024, 36, `${extraBytes} bytes of extra data`);
    const entry = await readStructure(file, place, 40 + extraBytes + idBytes + nameBytes);
    const l1Entries = entry.u32be(8);
    entry.demand(l1Entries * 8 <= maxStructureBytes, 8, `a level-1 table of ${l1Entries} entries`);
    const l1Offset = entry.u64be(0);
    entry.demand(l1Offset % 2 ** header.clusterBits === 0, 0, `a level-1 table at ${l1Offset}`);
    const sizeBytes = extraBytes >= 16 ? entry.u64be(48) : header.sizeBytes;
    snapshots.push({
      l1Offset,
      l1Entries,
      id: entry.slice(40 + extraBytes, idBytes).toString('utf8'),
      name: entry.slice(40 + extraBytes + idBytes, nameBytes).toString('utf8'),
      createdMs: entry.u32be(16) * 1000 + Math.floor(entry.u32be(20) / 1e6),
      sizeBytes: sizeBytes === 0 ? header.sizeBytes : sizeBytes,
      stateBytes: extraBytes >= 8 ? entry.u64be(40) : entry.u32be(32),
    });
    at += Math.ceil(entry.length / 8) * 8;
    const tableBytes = at - header.snapshotsOffset;
    fixed.demand(tableBytes <= maxStructureBytes, 0, 'a snapshot table beyond its bound');
  }
  return { snapshots, tableBytes: at - header.snapshotsOffset };
}
