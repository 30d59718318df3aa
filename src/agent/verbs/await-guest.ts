/**
 * A process that waits for the guest of a vm that comes (docs/rfd/0042):
 *
 *   files are here -> empty tops -> process, which waits -> disks and memory come -> a machine of this host -> guest goes on
 *
 * Until the record of the machine is on the disk the guest is the other host's: whatever ends here before, it goes on there.
 */
import { isNative, type LinkParams } from '#api';
import { describeFault, Fault, isoTime, present, toFault, type Reason } from '#lib';
import type { Launch } from '../drivers/driver.ts';
import type { Storage } from '../drivers/storage.ts';
import type { GuestNeeds, Received, Receiving } from '../drivers/hand-over.ts';
import { resolveFile } from '../drivers/qemu/places.ts';
import type { Host } from '../host/host.ts';
import type { Hands } from '../machine/hands.ts';
import { chainOf, topOf } from '../machine/layers/layers.ts';
import type { Machine } from '../machine/machine.ts';
import type { MachineFile } from '../machine/record.ts';
import type { Arrival } from '../transfer/arrivals.ts';
import { Ear, type AwaitedGuest, type Opening } from '../transfer/awaited-guests.ts';
import { carriedGuest, type CarriedGuest } from '../transfer/carried.ts';

/** All of it has been sent by then; the last of it may still be on its way. */
const takeMs = 60_000;

/** Errors: `unsupported`. */
function receivingOf({ driver }: Host): Receiving {
  if (driver.receiving !== undefined) return driver.receiving;
  const { missing, name } = driver;
  throw new Fault('unsupported', missing.migrate ?? `no guest comes to a ${name} host as it works`);
}

/** What this host lacks of what the guest needs. */
export async function judgeGuest(
  host: Host,
  file: MachineFile,
  needs: GuestNeeds,
): Promise<readonly Reason[]> {
  return await receivingOf(host).judge(file, needs);
}

/** `settled`: the machine as its files are here. Errors: those of a start; nothing of the process is left then. */
export async function awaitGuest(
  host: Host,
  arrival: Arrival,
  settled: MachineFile,
  signal: AbortSignal,
): Promise<void> {
  const { id, moveId } = arrival;
  const receiving = receivingOf(host);
  const guest = present(carriedGuest(arrival.record), 'a guest that works');
  await host.guests.end(id);
  const { startedWith, held, startedAt } = guest;
  const file: MachineFile = { ...settled, startedWith, held, startedAt };
  await makeTops(host.driver.storage, file, guest, signal);
  await requireFit(host, file);
  const ear = new Ear();
  const receive = async ({ signal: opening, keep }: Opening): Promise<Received> => {
    // Its networks are there before it is plugged into them.
    host.driver.networks.look();
    const launch: Launch = {
      file,
      start: 'hold',
      bootOnce: undefined,
      without: [],
      signal: opening,
      onProcess: async ({ identity, accelerator, forwards }) => {
        keep({ ...file, process: identity, accelerator, forwards });
      },
    };
    return await receiving.receive(launch, guest.needs, ear.hear);
  };
  await host.guests.open({ moveId, file, ear }, receive, signal);
}

/** As for a start. Errors: `blocked` with all reasons. */
async function requireFit(host: Host, file: MachineFile): Promise<void> {
  const findings = await host.driver.check(file, [], host.others(file.definition.id));
  const reasons = [...host.admit(file).reasons, ...findings.reasons];
  const [first] = reasons;
  if (first === undefined) return;
  throw new Fault('blocked', `${file.definition.name} cannot go on here: ${first.text}`, {
    reasons: reasons.map(({ code, text, remedy }) => ({
      code,
      text,
      ...(remedy === undefined ? {} : { remedy }),
    })),
    hint: first.remedy,
  });
}

/** Files that the guest writes, empty, over those that are here. */
async function makeTops(
  storage: Storage,
  file: MachineFile,
  { tops, startedWith }: CarriedGuest,
  signal: AbortSignal,
): Promise<void> {
  for (const { disk: name, file: top, sizeBytes } of tops) {
    const disk = startedWith.hardware.disks.find((one) => one.file === name);
    if (disk === undefined || topOf(file.layers, disk).file !== top)
      throw new Fault('invalid', `${top} is not what is on top of the disk ${name}`);
    const own = topOf(file.layers, disk);
    const [, below] = chainOf(file.layers, disk);
    await storage.travel?.remove([resolveFile(file.folder, top)]);
    if (below !== undefined) await storage.layers.make(file, top, below, sizeBytes);
    else if (isNative(own)) {
      const fresh = { kind: 'new', file: top, format: own.format, sizeBytes } as const;
      await storage.createDisk(file, fresh, signal);
    } else throw new Fault('invalid', `${top} in ${own.format} is written by no process`);
  }
}

/** Joins what is under way. Errors: `not-found` where its guest has not come: it is still the other host's. */
export async function takeGuestIn(
  host: Host,
  params: LinkParams<'machine.arrival.end'>,
  guest: CarriedGuest,
): Promise<Machine> {
  const { id, moveId, definition } = params;
  const awaited = host.guests.find(id, moveId);
  if (awaited?.received === undefined) throw notCome(host, definition.name);
  return await host.guests.takeOnce(id, () => take(host, params, guest, awaited));
}

async function take(
  host: Host,
  params: LinkParams<'machine.arrival.end'>,
  guest: CarriedGuest,
  awaited: AwaitedGuest,
): Promise<Machine> {
  const { id, generation, definition, definitionVersion } = params;
  const received = present(awaited.received, 'a process that waits');
  try {
    await received.take(AbortSignal.timeout(takeMs));
  } catch (error) {
    await host.guests.end(id);
    throw notCome(host, definition.name, error);
  }
  const runs = guest.state === 'running';
  const { layers } = awaited.file;
  const file: MachineFile = {
    ...awaited.file,
    generation,
    definition,
    definitionVersion,
    state: guest.state,
    since: isoTime(host.clock.now()),
    wasRunning: true,
    // Whoever finds it so lets it go on.
    layers: { ...layers, standing: runs },
  };
  const machine = await host.add(file);
  host.guests.forget(id);
  await machine.queueOwn(async (hands: Hands) => {
    await hands.launch(async (observer) => {
      awaited.ear.listen(observer);
      return received.running;
    });
    if (runs) await received.running.resume(hands.signal);
    hands.set({ layers: { ...hands.file.layers, standing: false } });
  });
  return machine;
}

function notCome({ name: host }: Host, name: string, cause?: unknown): Fault {
  const why = cause === undefined ? 'nothing waits for it' : describeFault(toFault(cause));
  return new Fault('not-found', `the guest of ${name} has not come to host ${host}: ${why}`, {
    hint: 'move it again: it goes on where it was',
  });
}
