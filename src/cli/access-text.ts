/**
 * Access lists as text that people review (SEC-30): the roles of an installation and who has which of them on
 * what. The text says all there is: what it does not name is taken away.
 */
import { z } from 'zod';
import { grantObjectKinds, nameSchema, verbSchema, type Grant, type Role, type Verb } from '#api';

export const accessFormat = 1;

const objectPattern = new RegExp(`^(${grantObjectKinds.join('|')})(:.{1,1024})?$`, 's');

const roleText = z.strictObject({
  name: nameSchema,
  meaning: z.string().max(500).default(''),
  rights: z.array(verbSchema).max(100),
});
const grantText = z
  .strictObject({
    user: nameSchema.optional(),
    group: nameSchema.optional(),
    role: nameSchema,
    on: z
      .string()
      .regex(objectPattern, 'is KIND:NAME, such as folder:/lab')
      .default('installation'),
    deny: z.boolean().default(false),
  })
  .refine(({ user, group }) => (user === undefined) !== (group === undefined), {
    message: 'names either a user or a group',
  });

export const accessTextSchema = z.strictObject({
  gantry: z.literal('access'),
  format: z.number().int().min(1),
  roles: z.array(roleText).max(1000).default([]),
  grants: z.array(grantText).max(100_000).default([]),
});
export type AccessText = z.infer<typeof accessTextSchema>;
export type RoleText = AccessText['roles'][number];
export type GrantText = AccessText['grants'][number];

/** What an installation has. */
export interface AccessLists {
  readonly roles: readonly Role[];
  readonly grants: readonly Grant[];
}

const order = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** The same lists give the same text, whatever order they came in. */
export function writeAccess({ roles, grants }: AccessLists): AccessText {
  return {
    gantry: 'access',
    format: accessFormat,
    roles: roles
      .filter(({ builtIn }) => !builtIn)
      .map(({ name, meaning, verbs }) => ({ name, meaning, rights: verbs.toSorted(order) }))
      .sort((one, other) => order(one.name, other.name)),
    grants: grants.map(grantAsText).sort((one, other) => order(keyOf(one), keyOf(other))),
  };
}

function grantAsText({ subjectKind, subject, role, objectKind, object, deny }: Grant): GrantText {
  return {
    ...(subjectKind === 'user' ? { user: subject } : { group: subject }),
    role,
    on: objectKind === 'installation' ? objectKind : `${objectKind}:${object}`,
    deny,
  };
}

/** `grant ada vm-operator on folder:/lab`. */
export function describeGrant({ user, group, role, on, deny }: GrantText): string {
  const subject = user === undefined ? `group ${group ?? ''}` : `user ${user}`;
  return `${deny ? 'denial of' : 'grant of'} ${role} to ${subject} on ${on}`;
}

const keyOf = (grant: GrantText): string => JSON.stringify([grant.on, describeGrant(grant)]);

export type AccessChange =
  | { readonly kind: 'create-role'; readonly role: RoleText }
  | {
      readonly kind: 'change-role';
      readonly before: Role;
      readonly role: RoleText;
      readonly added: readonly Verb[];
      readonly removed: readonly Verb[];
    }
  | { readonly kind: 'create-grant'; readonly grant: GrantText }
  | { readonly kind: 'delete-grant'; readonly id: string; readonly grant: GrantText }
  | { readonly kind: 'delete-role'; readonly before: Role };

/**
 * From what is to what the text says, in an order that works: roles before the grants that name them, what is
 * added before what is taken away, so that nobody is without a right in between that they keep.
 */
export function planAccess(now: AccessLists, wanted: AccessText): readonly AccessChange[] {
  const own = new Map(now.roles.filter(({ builtIn }) => !builtIn).map((one) => [one.name, one]));
  const roles = wanted.roles.flatMap((role): AccessChange[] => {
    const before = own.get(role.name);
    if (before === undefined) return [{ kind: 'create-role', role }];
    const added = role.rights.filter((verb) => !before.verbs.includes(verb));
    const removed = before.verbs.filter((verb) => !role.rights.includes(verb));
    if (added.length + removed.length === 0 && before.meaning === role.meaning) return [];
    return [{ kind: 'change-role', before, role, added, removed }];
  });
  const names = new Set(wanted.roles.map(({ name }) => name));
  const has = new Map(now.grants.map((grant) => [keyOf(grantAsText(grant)), grant]));
  const wants = new Map(wanted.grants.map((grant) => [keyOf(grant), grant]));
  return [
    ...roles,
    ...[...wants].flatMap(([key, grant]): AccessChange[] =>
      has.has(key) ? [] : [{ kind: 'create-grant', grant }],
    ),
    ...[...has].flatMap(([key, grant]): AccessChange[] =>
      wants.has(key) ? [] : [{ kind: 'delete-grant', id: grant.id, grant: grantAsText(grant) }],
    ),
    ...[...own.values()].flatMap((before): AccessChange[] =>
      names.has(before.name) ? [] : [{ kind: 'delete-role', before }],
    ),
  ];
}

/** A line for people; `-` takes something away. */
export function describeChange(change: AccessChange): string {
  switch (change.kind) {
    case 'create-role':
      return `+ role ${change.role.name}: ${change.role.rights.join(' ')}`;
    case 'change-role': {
      const parts = [
        ...change.added.map((verb) => `+${verb}`),
        ...change.removed.map((verb) => `-${verb}`),
      ];
      const meaning = change.before.meaning === change.role.meaning ? [] : ['another meaning'];
      return `~ role ${change.role.name}: ${[...parts, ...meaning].join(' ')}`;
    }
    case 'create-grant':
      return `+ ${describeGrant(change.grant)}`;
    case 'delete-grant':
      return `- ${describeGrant(change.grant)}`;
    case 'delete-role':
      return `- role ${change.before.name}`;
  }
}
