/**
 * The step of vm.import that makes snapshots of those that another product has, before anybody knows the vm. Every part
 * of it can be done again: a snapshot is taken once, and what lies above is filled anew.
 */
import type { LinkParams, MachineReport } from '#api';
import { asJson } from '../json.ts';
import { followed, type Step, type Work } from '../work.ts';
import { causeOf } from './common-steps.ts';
import type { Fill, ImportedLayers } from './import-layers.ts';

const copyLimitMs = 24 * 3_600_000;

export const layersStep: Step = {
  name: 'layers',
  async run(work) {
    const { layers } = work.input as unknown as { readonly layers?: ImportedLayers };
    if (layers === undefined || layers.snapshots.length === 0) return;
    for (const { parent, fills, ...snapshot } of layers.snapshots) {
      if (parent !== null) await goTo(work, parent);
      await fill(work, fills);
      const { author } = { author: work.input['author'] };
      await call(work, 'machine.snapshot.take', {
        snapshot: {
          ...snapshot,
          author: typeof author === 'string' ? author : null,
          exclude: [],
          memory: false,
          quiesce: false,
        },
      });
    }
    if (layers.current !== null) await goTo(work, layers.current);
    await fill(work, layers.present);
  },
};

type Part = 'machine.snapshot.take' | 'machine.snapshot.revert' | 'machine.disk.match';

async function call<M extends Part>(
  work: Work,
  method: M,
  params: Omit<LinkParams<M>, 'id' | 'generation' | 'cause'>,
): Promise<void> {
  const { definition, hostId } = work.input as unknown as {
    readonly definition: { readonly id: string };
    readonly hostId: string;
  };
  const machine = { id: definition.id, generation: 0, cause: causeOf(work) };
  const { report } = await work.coordinator.links.call(
    hostId,
    method,
    { ...machine, ...params } as unknown as LinkParams<M>,
    followed(work, copyLimitMs),
  );
  await work.remember({ report: asJson(report) });
}

async function fill(work: Work, disks: readonly Fill[]): Promise<void> {
  if (disks.length > 0) await call(work, 'machine.disk.match', { disks: [...disks] });
}

/** The disks go on from that snapshot. */
async function goTo(work: Work, snapshotId: string): Promise<void> {
  const { snapshots } = work.memory['report'] as unknown as MachineReport;
  if (snapshots.some(({ id, present }) => present && id === snapshotId)) return;
  await call(work, 'machine.snapshot.revert', { snapshotId, memory: 'leave' });
}
