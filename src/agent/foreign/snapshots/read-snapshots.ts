/**
 * Snapshots of a domain (libvirt's page "Snapshot XML format") in Gantry's words. libvirt knows them by their names and
 * tells no sizes, which are 0 here, and no author.
 */
import { maxSnapshots, snapshotSchema, type Snapshot } from '#api';
import { attributeOf, find, readXml, textOf, wholeNumber } from '#foreign';
import { isoTime } from '#lib';
import type { Client, DomainHandle, SnapshotHandle } from '#libvirt';
import { fittingName, snapshotIdOf } from '../identity.ts';

export interface SeenSnapshot {
  readonly handle: SnapshotHandle;
  readonly snapshot: Snapshot;
}

export interface SnapshotText {
  readonly handle: SnapshotHandle;
  readonly xml: string;
  readonly isPresent: boolean;
}

/** Errors: those of the client. */
export async function askForSnapshots(
  client: Client,
  dom: DomainHandle,
  signal: AbortSignal,
): Promise<readonly SnapshotText[]> {
  const options = { signal };
  const all = { dom, need_results: 1, flags: 0 };
  const { snapshots } = await client.call('DOMAIN_LIST_ALL_SNAPSHOTS', all, options);
  const here = snapshots.slice(0, maxSnapshots);
  return await Promise.all(
    here.map(async (handle) => {
      const args = { snap: handle, flags: 0 };
      const [{ xml }, { current }] = await Promise.all([
        client.call('DOMAIN_SNAPSHOT_GET_XML_DESC', args, options),
        client.call('DOMAIN_SNAPSHOT_IS_CURRENT', args, options),
      ]);
      return { handle, xml, isPresent: current === 1 };
    }),
  );
}

/** In the order in which they were taken. Faults: `invalid`, `too-large` for what is no XML. */
export function readSnapshots(
  vmId: string,
  texts: readonly SnapshotText[],
): readonly SeenSnapshot[] {
  return texts
    .flatMap((text) => {
      const { data: snapshot } = snapshotSchema.safeParse(readOne(vmId, text));
      return snapshot === undefined ? [] : [{ handle: text.handle, snapshot }];
    })
    .toSorted((a, b) => a.snapshot.takenAt.localeCompare(b.snapshot.takenAt));
}

function readOne(vmId: string, { handle, xml, isPresent }: SnapshotText): unknown {
  const root = readXml(xml);
  const parent = textOf(find(root, 'parent', 'name'));
  const holdsMemory = ['internal', 'external'].includes(
    attributeOf(find(root, 'memory'), 'snapshot') ?? '',
  );
  const state = textOf(find(root, 'state')) ?? '';
  const id = snapshotIdOf(vmId, handle.name);
  return {
    id,
    name: fittingName(handle.name, id),
    description: (textOf(find(root, 'description')) ?? '').slice(0, 4096),
    author: null,
    takenAt: isoTime((wholeNumber(textOf(find(root, 'creationTime'))) ?? 0) * 1000),
    parent: parent === undefined ? null : snapshotIdOf(vmId, parent),
    present: isPresent,
    sizeBytes: 0,
    takenWhile: statesBefore.get(state) ?? 'off',
    memoryBytes: holdsMemory ? 0 : null,
  };
}

const statesBefore: ReadonlyMap<string, Snapshot['takenWhile']> = new Map([
  ['running', 'running'],
  ['blocked', 'running'],
  ['disk-snapshot', 'running'],
  ['paused', 'paused'],
]);
