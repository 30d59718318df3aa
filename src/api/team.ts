/** Teams: vms that are powered on, powered off, suspended and resumed as one object (VM-55, GRP-61 to GRP-67). */
import { z } from 'zod';
import { idSchema, nameSchema, referenceSchema, timeSchema } from './ids.ts';
import { patchOf } from './patch.ts';
import { vmStates } from './vm/state.ts';

export const maxTeamMembers = 64;

/** What is waited for when a member runs, before the next one is started. */
export const teamWaitSchema = z
  .discriminatedUnion('for', [
    z.strictObject({ for: z.literal('nothing') }),
    z.strictObject({ for: z.literal('time'), seconds: z.number().int().min(1).max(3600) }),
    z.strictObject({
      for: z.literal('additions'),
      timeoutSeconds: z.number().int().min(1).max(3600).default(120).meta({
        description: 'after which the member has failed',
      }),
    }),
  ])
  .meta({
    id: 'TeamWait',
    description:
      'after a member is started or resumed and before the next one is: nothing, a time, or the answer of its guest additions',
  });
export type TeamWait = z.infer<typeof teamWaitSchema>;

const teamMemberInputSchema = z
  .strictObject({
    vm: referenceSchema,
    wait: teamWaitSchema.default({ for: 'nothing' }),
  })
  .meta({ id: 'TeamMemberInput' });

/** Members are started in their order and stopped in reverse order. */
const members = z.array(teamMemberInputSchema).max(maxTeamMembers).meta({
  description: 'in the order in which they are started; a vm is in one team at most',
});

export const failurePolicies = ['stop', 'continue', 'roll-back'] as const;
export type FailurePolicy = (typeof failurePolicies)[number];

const onFailure = z.enum(failurePolicies).meta({
  description:
    'when a member fails: the others stay as they are, the others follow nevertheless, or what was done is taken back',
});
const description = z.string().max(500).meta({ description: 'for people' });

/** What holds for all members, or that they differ. */
export const teamStates = [...vmStates, 'mixed', 'empty'] as const;
export type TeamState = (typeof teamStates)[number];

export const teamSchema = z
  .strictObject({
    kind: z.literal('team'),
    id: idSchema,
    name: nameSchema,
    description,
    state: z.enum(teamStates).meta({
      description: "the members' state; mixed where they differ, empty without members",
    }),
    members: z
      .array(
        z
          .strictObject({
            vm: idSchema,
            name: nameSchema,
            hostId: idSchema.meta({ description: 'where it is' }),
            state: z.enum(vmStates),
            wait: teamWaitSchema,
          })
          .meta({ id: 'TeamMember' }),
      )
      .max(maxTeamMembers)
      .meta({ description: 'in the order in which they are started' }),
    onFailure,
    version: z.number().int().min(1),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'Team', description: 'vms that are handled as one object' });
export type Team = z.infer<typeof teamSchema>;

export const teamCreateSchema = z
  .strictObject({
    name: nameSchema,
    description: description.default(''),
    members: members.default([]),
    onFailure: onFailure.default('stop'),
  })
  .meta({ id: 'TeamCreate' });
export type TeamCreate = z.infer<typeof teamCreateSchema>;

export const teamPatchSchema = patchOf(teamCreateSchema).meta({
  id: 'TeamPatch',
  description: 'what is left out stays as it is; members are given whole',
});
export type TeamPatch = z.infer<typeof teamPatchSchema>;

/** In which order members are acted on, and what is asked of each (`vm` words). */
export const teamActions = {
  start: { order: 'forward', meaning: 'turn on the members that are off, restore the saved ones' },
  stop: { order: 'reverse', meaning: "each member's own stop action: save, shut down or turn off" },
  'turn-off': { order: 'reverse', meaning: 'remove power at once' },
  pause: { order: 'reverse', meaning: 'stop execution, keep the memory' },
  save: { order: 'reverse', meaning: 'write memory and devices to files and stop' },
  resume: { order: 'forward', meaning: 'continue paused members, restore saved ones' },
} as const satisfies Record<
  string,
  { readonly order: 'forward' | 'reverse'; readonly meaning: string }
>;
export type TeamAction = keyof typeof teamActions;
export const teamActionNames = Object.keys(teamActions) as [TeamAction, ...TeamAction[]];

/** How it went with one member: `members` in the result of an operation on a team. */
export const memberOutcomes = ['done', 'left-out', 'failed', 'taken-back', 'not-reached'] as const;
export type MemberOutcome = (typeof memberOutcomes)[number];

export const teamMemberResultSchema = z
  .strictObject({
    vm: idSchema,
    name: nameSchema,
    outcome: z.enum(memberOutcomes),
    code: z.string().max(64).nullable().meta({ description: 'code of the fault it failed with' }),
    why: z.string().max(1000).nullable().meta({ description: 'why it was left out or has failed' }),
  })
  .meta({ id: 'TeamMemberResult', description: 'how a command on a team went with one member' });
export type TeamMemberResult = z.infer<typeof teamMemberResultSchema>;
