/** What an agent tells of the machines on its host. */
import { z } from 'zod';
import { idSchema, timeSchema } from '../ids.ts';
import { attributeSchema, actorSchema } from '../event/event.ts';
import { vmDefinitionSchema } from '../vm/definition.ts';
import { maxSnapshots, snapshotSchema } from '../vm/snapshot.ts';
import { vmStateSchema } from '../vm/state-schema.ts';
import {
  additionsSchema,
  diskUseSchema,
  guestHealthSchema,
  guestSchema,
  heartbeatSchema,
  networkUseSchema,
  vmStatusSchema,
} from '../vm/vm.ts';

/** The lasting part of a vm's state; a change of it is worth a commit. */
export const machineReportSchema = z.strictObject({
  id: idSchema,
  foreign: z.literal(true).optional().meta({
    description:
      'of a hypervisor that others run: times are those of the observer, and its record is what is there, never what it was told',
  }),
  name: z.string().max(100),
  generation: z.number().int().min(0),
  state: vmStateSchema,
  held: z.boolean(),
  since: timeSchema,
  startedAt: timeSchema.nullable(),
  accelerator: vmStatusSchema.shape.accelerator,
  wasRunning: z.boolean(),
  path: z.string().max(1024),
  pending: vmStatusSchema.shape.pending,
  forwards: vmStatusSchema.shape.forwards,
  lastFault: vmStatusSchema.shape.lastFault,
  // An agent of before has no undo disks and no snapshots.
  undo: vmStatusSchema.shape.undo.default(null),
  snapshots: z.array(snapshotSchema).max(maxSnapshots).default([]),
});
export type MachineReport = z.infer<typeof machineReportSchema>;

/** The passing part: kept in memory only. */
export const machineSampleSchema = z.strictObject({
  id: idSchema,
  cpuPercent: z.number().min(0).nullable(),
  memoryBytes: z.number().int().min(0).nullable(),
  // An agent of before does not tell them.
  diskUse: diskUseSchema.nullable().default(null),
  networkUse: networkUseSchema.nullable().default(null),
  heartbeat: heartbeatSchema,
  guestHealth: guestHealthSchema.nullable().default(null),
  additions: additionsSchema,
  guest: guestSchema.nullable(),
});
export type MachineSample = z.infer<typeof machineSampleSchema>;

/** An event as an agent keeps it until the coordinator has it (EVT-10). `seq` counts per host and never restarts. */
export const agentEventSchema = z.strictObject({
  seq: z.number().int().min(1),
  name: z.string().max(64),
  time: timeSchema,
  vmId: idSchema.nullable().meta({ description: 'null: about the host' }),
  actor: actorSchema,
  correlationId: z.string().max(64).nullable(),
  attributes: z.record(z.string().max(64), attributeSchema),
});
export type AgentEvent = z.infer<typeof agentEventSchema>;

/** A vm that is coming to a host: its files are there, or some of them. */
export const hostArrivalSchema = z.strictObject({ id: idSchema, moveId: z.string().max(64) });
export type HostArrival = z.infer<typeof hostArrivalSchema>;

/** All an agent knows of a machine; from these the truth can be rebuilt. */
export const machineRecordSchema = z.strictObject({
  report: machineReportSchema,
  definition: vmDefinitionSchema,
  definitionVersion: z
    .number()
    .int()
    .min(0)
    .meta({ description: "the coordinator's version of the definition, 0 when not from it" }),
  // An agent of before moves nothing to other hosts.
  departure: z
    .strictObject({ moveId: z.string().max(64) })
    .optional()
    .meta({ description: 'the move to another host that it stands still for' }),
});
export type MachineRecord = z.infer<typeof machineRecordSchema>;
