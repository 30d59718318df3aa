/**
 * The steps by which a vm comes to another host (docs/rfd/0030). It is whole on the first host until its document names the
 * other one, and whole on the other one before it does:
 *
 *   depart   nothing changes it on the first host      undone: it is as it was there
 *   carry    its files to the other host, then its     undone: nothing is left of them, and its guest goes on here
 *            guest, if it works (migrate-guest.ts)
 *   switch   its document names the other host         undone: it names the first one again
 *   arrive   it is a vm of the other host, where       no way back from here on
 *            its guest goes on
 *   clear    its files on the first host go
 */
import { diffSettings, type Hardware, type LinkResult } from '#api';
import { describeFault, Fault, isFault, isoTime } from '#lib';
import type { OperationDocument, VmDocument } from '../../documents.ts';
import { commitFresh } from '../commit-fresh.ts';
import { definitionForAgent } from '../media.ts';
import { settingEvents } from '../setting-events.ts';
import type { Kind, Step, Work } from '../work.ts';
import { causeOf, targetVm, vmFrame } from './common-steps.ts';
import { forgiveMissing } from './create-steps.ts';
import { withHardware } from './device-change.ts';
import { carryFiles, goingFiles } from './migrate-files.ts';
import { handedOver, handOver, standstill } from './migrate-guest.ts';
import { inputOf, moveOf } from './migrate-input.ts';

const pauseMs = 1_000;

/** Asked again it answers what it has answered before. */
function depart(work: Work): Promise<LinkResult<'machine.departure.begin'>> {
  const { fromHost, to, gathered } = inputOf(work);
  return work.coordinator.links.call(
    fromHost,
    'machine.departure.begin',
    {
      ...moveOf(work),
      generation: targetVm(work).data.generation,
      cause: causeOf(work),
      to,
      gathered: [...gathered],
    },
    { signal: work.signal },
  );
}

const departStep: Step = {
  name: 'depart',
  run: async (work) => {
    await depart(work);
  },
  undo: async (work) => {
    await stay(work);
  },
};

async function stay(work: Work): Promise<void> {
  const { links } = work.coordinator;
  await forgiveMissing(
    links.call(inputOf(work).fromHost, 'machine.departure.cancel', moveOf(work)),
  );
}

const carryStep: Step = {
  name: 'carry',
  async run(work) {
    // Its guest stands still, and all of it is there: a process that waits anew would have nothing of it.
    if (handedOver(work) !== undefined) return;
    const { toHost } = inputOf(work);
    const { links } = work.coordinator;
    const wasHanding = work.memory['handing'] === true;
    // Whether it was handed over is not known, and what has come may be half of it: it goes on here, and is sent anew.
    if (wasHanding) await stay(work);
    const departed = await depart(work);
    const { channels } = departed;
    // It has ended meanwhile: what waits for it there is in the way of its files.
    if (wasHanding && channels.length === 0)
      await links.call(toHost, 'machine.arrival.cancel', moveOf(work), { signal: work.signal });
    const known = goingFiles(departed);
    const folder = await carryFiles(work, departed);
    await work.remember({ folder, files: known, handing: channels.length > 0 });
    if (channels.length > 0) await handOver(work, channels);
  },
  async undo(work) {
    const { toHost, to } = inputOf(work);
    const { links, log } = work.coordinator;
    // There it goes on only when it is told to: it need not wait here until that host is back.
    if (!links.connected(toHost))
      await stay(work).catch((error: unknown) => {
        log.warn({ vm: work.target.id, to, why: describeFault(error) }, 'a vm cannot stay yet');
      });
    await links.call(toHost, 'machine.arrival.cancel', moveOf(work));
  },
};

/** Names the host that the vm is on: one commit, and the moment at which the move takes effect. */
async function switchTo(
  work: Work,
  where: { readonly hostId: string; readonly path: string; readonly hardware: Hardware },
): Promise<void> {
  const { hostId, path, hardware } = where;
  await commitFresh(work.coordinator, () => {
    const vm = targetVm(work);
    if (vm.data.hostId === hostId) return undefined;
    const definition = withHardware(vm.data.definition, hardware);
    const after: VmDocument = {
      ...vm.data,
      hostId,
      path,
      definition,
      revision: vm.data.revision + 1,
      // Whoever still has an older one must not start it.
      generation: vm.data.generation + 1,
    };
    const frame = vmFrame(work, after);
    return {
      conditions: [{ kind: 'vm', id: vm.id, version: vm.version }],
      writes: [{ kind: 'vm', id: vm.id, data: after }],
      events: [
        ...settingEvents('vm.setting.changed', frame, diffSettings(vm.data.definition, definition)),
        {
          ...frame,
          name: 'vm.files.moved' as const,
          attributes: { oldPath: vm.data.path, newPath: path },
        },
      ],
    };
  });
}

const switchStep: Step = {
  name: 'switch',
  run: async (work) => {
    const { toHost, after } = inputOf(work);
    const path = String(work.memory['folder']);
    await switchTo(work, { hostId: toHost, path, hardware: after });
  },
  undo: switchBack,
};

async function switchBack(work: Work): Promise<void> {
  const { fromHost, before, oldPath } = inputOf(work);
  await switchTo(work, { hostId: fromHost, path: oldPath, hardware: before });
}

const arriveStep: Step = {
  name: 'arrive',
  way: 'no-way-back',
  async run(work) {
    const { from, to, toHost, fromHost, warnings } = inputOf(work);
    const { links, inventory, clock, log } = work.coordinator;
    let stood = standstill(work);
    let lost: unknown;
    for (;;) {
      const { definition, revision, generation, hostId } = targetVm(work).data;
      // It goes on here since the other host had lost it: that one is not asked again, whatever it has by now.
      if (hostId === fromHost) return await comeBack(work, lost);
      try {
        await links.call(
          toHost,
          'machine.arrival.end',
          {
            ...moveOf(work),
            generation,
            cause: causeOf(work),
            definition: definitionForAgent(inventory, toHost, definition),
            definitionVersion: revision,
          },
          { signal: work.signal },
        );
        stood = standstill(work);
        work.pusher.note(work.target.id, revision);
        break;
      } catch (error) {
        work.signal.throwIfAborted();
        // The other host has lost all that had come: the first one still has it.
        if (isFault(error, 'not-found')) {
          await switchBack(work);
          lost = error;
          continue;
        }
        const why = describeFault(error);
        log.warn(
          { vm: work.target.id, fromHost, toHost, why },
          'a vm that has moved is waited for',
        );
        work.tell(null, `waiting for host ${to}: ${why}`);
        await clock.sleep(pauseMs, work.signal);
      }
    }
    await tellMoved(work, { from, to }, stood);
    await work.conclude({
      host: to,
      ...stood,
      ...(warnings.length > 0 ? { warnings: [...warnings] } : {}),
    });
  },
};

/** The vm's document names the first host again. Throws the fault of the other one, as far as it is known. */
async function comeBack(work: Work, lost: unknown): Promise<never> {
  const { toHost, to } = inputOf(work);
  const { links, log } = work.coordinator;
  try {
    // One that is away is told when it is back (reconcile/settle-moves.ts), and until then nothing goes on there.
    if (links.connected(toHost))
      await links.call(toHost, 'machine.arrival.cancel', moveOf(work), { signal: work.signal });
  } catch (error) {
    work.signal.throwIfAborted();
    log.warn({ host: to, why: describeFault(error) }, 'what had come of a vm is not cleared yet');
  }
  await stay(work);
  if (isFault(lost)) throw lost;
  throw new Fault('not-found', `host ${to} has lost what had come of ${work.target.name}`, {
    hint: 'look at the log of its agent, then move it again',
  });
}

/** Once, with the time since the operation began, and what is known of a guest that went along. */
export async function tellMoved(
  work: Work,
  names: { readonly from: string; readonly to: string },
  stood: { readonly stoodMs: number; readonly sentBytes: number } | undefined,
): Promise<void> {
  if (work.memory['told'] === true) return;
  const { inventory, clock } = work.coordinator;
  const { startedAt } =
    inventory.document<OperationDocument>('operation', work.operationId)?.data ?? {};
  const begun = Date.parse(startedAt ?? isoTime(clock.now()));
  const durationSeconds = Math.max(0, Math.round((clock.now() - begun) / 100) / 10);
  await work.commit({
    events: [
      {
        ...vmFrame(work, targetVm(work).data),
        name: 'vm.migration.completed',
        attributes: {
          ...names,
          durationSeconds,
          stoodMs: stood?.stoodMs ?? null,
          sentBytes: stood?.sentBytes ?? null,
        },
      },
    ],
  });
  await work.remember({ told: true });
}

const clearStep: Step = {
  name: 'clear',
  async run(work) {
    const { fromHost, from } = inputOf(work);
    const { links, log } = work.coordinator;
    const files = work.memory['files'] as readonly string[];
    try {
      await links.call(
        fromHost,
        'machine.departure.end',
        { ...moveOf(work), files: [...files] },
        { signal: work.signal },
      );
    } catch (error) {
      work.signal.throwIfAborted();
      // It is asked again when it is back (reconcile/settle-moves.ts); the vm needs it no more.
      log.warn(
        { host: from, why: describeFault(error) },
        'a vm has moved, its files are still there',
      );
    }
  },
};

export const migrateKind: Kind = {
  action: 'vm.migrate',
  steps: [departStep, carryStep, switchStep, arriveStep, clearStep],
};
