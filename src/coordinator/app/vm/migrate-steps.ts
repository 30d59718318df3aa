/**
 * The steps by which a vm comes to another host (docs/rfd/0030). It is whole on the first host until its document names the
 * other one, and whole on the other one before it does:
 *
 *   depart   nothing changes it on the first host     undone: it is as it was there
 *   carry    its files to the other host              undone: nothing is left of them
 *   switch   its document names the other host        undone: it names the first one again
 *   arrive   it is a vm of the other host             no way back from here on
 *   clear    its files on the first host go
 */
import {
  diffSettings,
  hardwareSchema,
  type GatheredDisk,
  type Hardware,
  type LinkResult,
} from '#api';
import { describeFault, Fault, isFault, isoTime } from '#lib';
import type { OperationDocument, VmDocument } from '../../documents.ts';
import { commitFresh } from '../commit-fresh.ts';
import { definitionForAgent } from '../media.ts';
import { settingEvents } from '../setting-events.ts';
import type { Kind, Step, Work } from '../work.ts';
import { copyLimitMs } from './clone-steps.ts';
import { causeOf, targetVm, vmFrame } from './common-steps.ts';
import { forgiveMissing } from './create-steps.ts';
import { withHardware } from './device-change.ts';

/** Streams that may end, one after the other, without a byte more on the other side. */
const maxVainStreams = 5;
const pauseMs = 1_000;

export interface MigrateInput {
  readonly fromHost: string;
  readonly toHost: string;
  /** Names of the hosts. */
  readonly from: string;
  readonly to: string;
  /** Folder of the other host in which the vm's folder shall be; null: its folder for vms. */
  readonly parent: string | null;
  readonly gathered: readonly GatheredDisk[];
  /** They differ in where files are. */
  readonly before: Hardware;
  readonly after: Hardware;
  readonly oldPath: string;
  /** In words. */
  readonly warnings: readonly string[];
}

function inputOf(work: Work): MigrateInput {
  const { before, after, ...rest } = work.input as unknown as MigrateInput;
  return { ...rest, before: hardwareSchema.parse(before), after: hardwareSchema.parse(after) };
}

function moveOf(work: Work): { readonly id: string; readonly moveId: string } {
  return { id: work.target.id, moveId: work.operationId };
}

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
    const { parent, toHost, after } = inputOf(work);
    const { links, inventory, clock } = work.coordinator;
    const { files, fileName, record } = await depart(work);
    const definition = withHardware(targetVm(work).data.definition, after);
    const ask = {
      ...moveOf(work),
      definition: definitionForAgent(inventory, toHost, definition),
      parent,
      files,
      fileName,
      record,
    };
    const totalBytes = files.reduce(
      (sum, file) => sum + (file.kind === 'file' ? file.sizeBytes : 0),
      0,
    );
    let vain = 0;
    let best = -1;
    for (;;) {
      const { folder, state, doneBytes, trouble } = await links.call(
        toHost,
        'machine.arrival.begin',
        ask,
        { signal: work.signal, limitMs: copyLimitMs },
      );
      if (state === 'complete') {
        await work.remember({ folder, files: files.map(({ path }) => path) });
        return;
      }
      vain = doneBytes > best ? 0 : vain + 1;
      best = Math.max(best, doneBytes);
      if (vain >= maxVainStreams)
        throw new Fault(
          'unavailable',
          `its files do not come through: ${trouble ?? 'the stream breaks'}`,
          {
            hint: 'look at the log of both agents, then move it again',
          },
        );
      if (vain > 0) await clock.sleep(pauseMs, work.signal);
      await stream(work, doneBytes, totalBytes);
    }
  },
  async undo(work) {
    const { links } = work.coordinator;
    await links.call(inputOf(work).toHost, 'machine.arrival.cancel', moveOf(work));
  },
};

/** Until it ends, however that is: what has come is asked for afterwards. */
async function stream(work: Work, doneBytes: number, totalBytes: number): Promise<void> {
  const { fromHost, toHost } = inputOf(work);
  const { links, streams } = work.coordinator;
  const move = moveOf(work);
  let passed = doneBytes;
  try {
    await streams.carry(
      {
        hostId: fromHost,
        ask: (streamId, signal) =>
          links.call(fromHost, 'machine.departure.send', { ...move, streamId }, { signal }),
      },
      {
        hostId: toHost,
        ask: (streamId, signal) =>
          links.call(toHost, 'machine.arrival.receive', { ...move, streamId }, { signal }),
      },
      {
        signal: work.signal,
        onBytes: (bytes) => {
          passed += bytes;
          work.tell(totalBytes === 0 ? null : Math.min(1, passed / totalBytes), 'copying files');
        },
      },
    );
  } catch (error) {
    work.signal.throwIfAborted();
    work.tell(null, describeFault(error));
  }
}

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
    for (;;) {
      const { definition, revision, generation } = targetVm(work).data;
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
        work.pusher.note(work.target.id, revision);
        break;
      } catch (error) {
        work.signal.throwIfAborted();
        // The other host has lost all that had come: the first one still has it.
        if (isFault(error, 'not-found')) {
          await switchBack(work);
          await stay(work);
          throw error;
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
    await tellMoved(work, { from, to });
    await work.conclude({ host: to, ...(warnings.length > 0 ? { warnings: [...warnings] } : {}) });
  },
};

/** Once, with the time since the operation began. */
export async function tellMoved(
  work: Work,
  names: { readonly from: string; readonly to: string },
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
        attributes: { ...names, durationSeconds },
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
