/**
 * The steps by which a vm comes from one libvirt host to another as it is (docs/rfd/0032):
 *
 *   pass    its hypervisors hand it over, then its document names the other host      undone: it is found out where the vm is, and
 *           its document says so
 *   clear   files of disks that were copied go from the first host
 */
import { describeFault } from '#lib';
import type { LinkParams } from '#api';
import type { VmDocument } from '../../documents.ts';
import { commitFresh } from '../commit-fresh.ts';
import { followed, type Kind, type Step, type Work } from '../work.ts';
import { causeOf, targetVm } from './common-steps.ts';
import { tellMoved } from './migrate-steps.ts';
import { passageAction, passageInput } from './passage-input.ts';
import { takeSeen } from './tell-hypervisor.ts';

/** A guest that writes faster than its memory travels is never over. */
const limitMs = 24 * 3_600_000;
/** For hypervisors that end by themselves what was broken off. */
const settleLimitMs = 120_000;

function askOf(work: Work, begun: 'no' | 'maybe'): LinkParams<'machine.passage'> {
  const { toHost, uuid, storage } = passageInput(work.input);
  const { generation } = targetVm(work).data;
  const { id } = work.target;
  return { id, uuid, generation, cause: causeOf(work), to: toHost, storage, begun };
}

/** One commit: the vm is of this host, which tells how it is. */
async function nameHost(work: Work, hostId: string): Promise<void> {
  await commitFresh(work.coordinator, () => {
    const vm = targetVm(work);
    if (vm.data.hostId === hostId) return undefined;
    const { revision, generation } = vm.data;
    const data: VmDocument = {
      ...vm.data,
      hostId,
      revision: revision + 1,
      // Whoever still has an older one must not start it.
      generation: generation + 1,
    };
    return {
      conditions: [{ kind: 'vm', id: vm.id, version: vm.version }],
      writes: [{ kind: 'vm', id: vm.id, data }],
      events: [],
    };
  });
  const { links } = work.coordinator;
  await links.call(hostId, 'machine.passage.end', { id: work.target.id }, { signal: work.signal });
}

async function arrive(work: Work): Promise<void> {
  const { from, to, toHost } = passageInput(work.input);
  await nameHost(work, toHost);
  await takeSeen(work);
  await tellMoved(work, { from, to }, undefined);
  await work.conclude({ host: to });
}

const passStep: Step = {
  name: 'pass',
  way: 'stays',
  async run(work) {
    const { fromHost } = passageInput(work.input);
    const begun = work.memory['begun'] === true ? 'maybe' : 'no';
    await work.remember({ begun: true });
    const ask = askOf(work, begun);
    await work.coordinator.links.call(fromHost, 'machine.passage', ask, followed(work, limitMs));
    await arrive(work);
  },
  async undo(work) {
    const { fromHost, toHost, files } = passageInput(work.input);
    const { links } = work.coordinator;
    if (work.memory['begun'] !== true) return;
    const ask = askOf(work, 'maybe');
    const { where } = await links.call(fromHost, 'machine.passage.settle', ask, {
      signal: work.signal,
      limitMs: settleLimitMs,
    });
    if (where === 'there') await arrive(work);
    else {
      // There was nothing in their place, and libvirt leaves there what had come.
      if (files.length > 0)
        await links.call(
          toHost,
          'machine.passage.clear',
          { files: [...files] },
          { signal: work.signal },
        );
      await nameHost(work, fromHost);
      await takeSeen(work);
    }
  },
};

const clearStep: Step = {
  name: 'clear',
  way: 'no-way-back',
  async run(work) {
    const { fromHost, from, files } = passageInput(work.input);
    if (files.length === 0) return;
    const { links, log } = work.coordinator;
    try {
      const ask = { files: [...files] };
      await links.call(fromHost, 'machine.passage.clear', ask, { signal: work.signal });
    } catch (error) {
      work.signal.throwIfAborted();
      const why = describeFault(error);
      log.warn({ host: from, files, why }, 'a vm has moved, its disks are still there, too');
      await work.conclude({ host: passageInput(work.input).to, left: [...files] });
    }
  },
};

export const passKind: Kind = { action: passageAction, steps: [passStep, clearStep] };
