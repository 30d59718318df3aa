/** What a simulated guest tells of itself: a function of seed, machine and time. */
import {
  doAdditionsAnswer,
  type AdditionsState,
  type FunctionTable,
  type MachineSample,
} from '#api';
import { isoTime } from '#lib';
import type { MachineFile } from '../../machine/record.ts';
import type { Chance } from './chance.ts';

/** A guest's load changes this often. */
const loadPeriodMs = 60_000;
const absent = 'a simulated guest has none';
const functions: FunctionTable = {
  heartbeat: true,
  shutdown: true,
  time: true,
  information: true,
  pointer: absent,
  display: absent,
  sharedFolders: true,
  hotplug: true,
};

export interface GuestMoment {
  readonly file: MachineFile;
  readonly additions: AdditionsState;
  /** Which of its loads it has. */
  readonly period: number;
}

export function loadPeriod(nowMs: number): number {
  return Math.floor(nowMs / loadPeriodMs);
}

export function sampleGuest(chance: Chance, moment: GuestMoment): MachineSample {
  const { file, additions, period } = moment;
  const answers = doAdditionsAnswer(additions);
  const { id, name, hardware, guestOs } = file.definition;
  const runs = file.state === 'running';
  const load = Math.round(chance.draw('load', id, period) ** 3 * 1000) / 10;
  const address = chance.bytes('address', id);
  // Where there is load there is traffic: up to so much at full load.
  const rate = (what: string, most: number): number =>
    runs ? Math.round((load / 100) * chance.draw(what, id, period) * most) : 0;
  return {
    id,
    cpuPercent: runs ? load : 0,
    memoryBytes: Math.round(hardware.memory.sizeBytes * chance.between(0.3, 0.9, 'memory', id)),
    diskUse: {
      readBytesPerSecond: rate('read-bytes', 200e6),
      writtenBytesPerSecond: rate('written-bytes', 100e6),
      readsPerSecond: rate('reads', 5000),
      writesPerSecond: rate('writes', 2500),
    },
    networkUse: answers
      ? {
          receivedBytesPerSecond: rate('received-bytes', 100e6),
          sentBytesPerSecond: rate('sent-bytes', 100e6),
        }
      : null,
    heartbeat: {
      state: answers && runs ? 'good' : 'none',
      lastAt: answers && runs ? isoTime(period * loadPeriodMs) : null,
      beats: answers ? countBeats(file, period * loadPeriodMs) : 0,
    },
    guestHealth: runs ? (answers ? 'working' : 'booting') : null,
    additions: answers
      ? { state: 'running', version: null, agentVersion: '7.2.0', functions }
      : { state: 'none', version: null, agentVersion: null, functions: {} },
    guest: answers
      ? {
          osName: guestOs,
          hostName: name,
          addresses: [`10.${address[0]}.${address[1]}.${address[2]}`],
          interfaces: hardware.adapters.slice(0, 1).map(({ mac }) => ({
            mac,
            addresses: [
              { address: `10.${address[0]}.${address[1]}.${address[2]}`, prefixLength: 8 },
            ],
          })),
          users: [],
          timezone: 'UTC',
          domainController: false,
          domain: null,
          clockOffsetMs: 0,
          memoryTotalBytes: hardware.memory.sizeBytes,
          memoryFreeBytes: null,
          fileSystems: [],
        }
      : null,
  };
}

/** As many as fit between the start and the given moment. */
function countBeats({ startedAt, definition }: MachineFile, untilMs: number): number {
  if (startedAt === null) return 0;
  const { intervalSeconds } = definition.settings.heartbeat;
  return Math.max(0, Math.floor((untilMs - Date.parse(startedAt)) / (intervalSeconds * 1000)));
}
