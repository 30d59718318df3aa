/** Users, roles, grants, tokens, sessions, certificates, the audit trail. */
import { z } from 'zod';
import { idSchema, nameSchema, referenceSchema, timeSchema } from './ids.ts';
import { allVerbs, type Verb } from './rights.ts';
import type { Vm } from './vm/vm.ts';

export const verbSchema = z
  .enum(allVerbs as [Verb, ...Verb[]])
  .meta({ id: 'Verb', description: 'a right' });

/** The user that the first start makes, with this id in every installation. */
export const firstUserId = '00000000-0000-4000-8000-000000000002';

/**
 * Name of the session cookie. Browsers keep the prefix's promise: Secure, Path=/, no Domain. Without
 * TLS (SEC-59: only by explicit setting) the cookie has the name without the prefix.
 */
export const sessionCookie = '__Host-gantry_session';

/** 12 to 1024 characters; length is what counts (NIST SP 800-63B 3.1.1). */
export const passwordSchema = z
  .string()
  .min(12)
  .max(1024)
  .meta({ description: '12 to 1024 characters', writeOnly: true });

export const userSchema = z
  .strictObject({
    kind: z.literal('user'),
    id: idSchema,
    name: nameSchema,
    displayName: z.string().max(200),
    groups: z.array(nameSchema).max(64).meta({ description: 'names of groups the user is in' }),
    disabled: z.boolean(),
    hasPassword: z.boolean(),
    hasSecondFactor: z.boolean(),
    version: z.number().int().min(1),
    createdAt: timeSchema,
    updatedAt: timeSchema,
    lastSignInAt: timeSchema.nullable(),
  })
  .meta({ id: 'User' });
export type User = z.infer<typeof userSchema>;

export const userCreateSchema = z
  .strictObject({
    name: nameSchema,
    displayName: z.string().max(200).default(''),
    groups: z.array(nameSchema).max(64).default([]),
    password: passwordSchema.optional(),
  })
  .meta({ id: 'UserCreate' });

export const userPatchSchema = z
  .strictObject({
    displayName: z.string().max(200).optional(),
    groups: z.array(nameSchema).max(64).optional(),
    disabled: z.boolean().optional(),
    password: passwordSchema.optional(),
  })
  .meta({ id: 'UserPatch' });

export const roleSchema = z
  .strictObject({
    kind: z.literal('role'),
    id: idSchema,
    name: nameSchema,
    meaning: z.string().max(500),
    verbs: z.array(verbSchema).max(100),
    builtIn: z.boolean(),
    version: z.number().int().min(1),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'Role' });
export type Role = z.infer<typeof roleSchema>;

export const roleCreateSchema = z
  .strictObject({
    name: nameSchema,
    meaning: z.string().max(500).default(''),
    verbs: z.array(verbSchema).max(100),
  })
  .meta({ id: 'RoleCreate' });

export const rolePatchSchema = z
  .strictObject({
    meaning: z.string().max(500).optional(),
    verbs: z.array(verbSchema).max(100).optional(),
  })
  .meta({ id: 'RolePatch' });

export const grantObjectKinds = ['installation', 'folder', 'host', 'vm', 'image'] as const;

export const grantSchema = z
  .strictObject({
    kind: z.literal('grant'),
    id: idSchema,
    subjectKind: z.enum(['user', 'group']),
    subject: z.string().max(100).meta({ description: 'name of the user or group' }),
    role: z.string().max(100).meta({ description: 'name of the role' }),
    objectKind: z.enum(grantObjectKinds),
    objectId: z.string().max(64),
    object: z.string().max(256).meta({ description: 'name of the object' }),
    deny: z.boolean().meta({ description: 'an explicit denial wins over every grant' }),
    version: z.number().int().min(1),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'Grant', description: 'a role for somebody on an object and all below it' });
export type Grant = z.infer<typeof grantSchema>;

/** Whether a grant is on the vm itself, its host, a folder it lies in, or the whole installation. */
export function coversVm(
  { objectKind, objectId, object }: Grant,
  vm: Pick<Vm, 'id' | 'hostId' | 'folderId' | 'folder'>,
): boolean {
  switch (objectKind) {
    case 'installation':
      return true;
    case 'vm':
      return objectId === vm.id;
    case 'host':
      return objectId === vm.hostId;
    case 'folder':
      return objectId === vm.folderId || vm.folder.startsWith(`${object.replace(/\/$/, '')}/`);
    case 'image':
      return false;
  }
}

export const grantCreateSchema = z
  .strictObject({
    subjectKind: z.enum(['user', 'group']).default('user'),
    subject: nameSchema,
    role: nameSchema,
    objectKind: z.enum(grantObjectKinds).default('installation'),
    object: z
      .string()
      .max(1024)
      .default('')
      .meta({ description: 'id, name or path; empty for the installation' }),
    deny: z.boolean().default(false),
  })
  .meta({ id: 'GrantCreate' });

export const tokenSchema = z
  .strictObject({
    kind: z.literal('token'),
    id: idSchema,
    name: nameSchema,
    user: z.string().max(100),
    verbs: z
      .array(verbSchema)
      .nullable()
      .meta({ description: "scope; null: all the user's rights; never more than those" }),
    expiresAt: timeSchema.nullable(),
    lastUsedAt: timeSchema.nullable(),
    version: z.number().int().min(1),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'Token' });
export type Token = z.infer<typeof tokenSchema>;

export const tokenCreateSchema = z
  .strictObject({
    name: nameSchema,
    user: referenceSchema.optional().meta({ description: 'default: oneself' }),
    verbs: z.array(verbSchema).max(100).nullable().default(null),
    expiresInSeconds: z
      .number()
      .int()
      .min(60)
      .max(10 * 366 * 86400)
      .nullable()
      .default(null),
  })
  .meta({ id: 'TokenCreate' });

export const tokenSecretSchema = z
  .strictObject({ token: tokenSchema, secret: z.string().meta({ description: 'shown this once' }) })
  .meta({ id: 'TokenSecret' });

export const tokenCertificateRequestSchema = z
  .strictObject({
    csr: z
      .string()
      .max(8192)
      .meta({ description: 'PKCS #10 in PEM; its key counts, its names do not' }),
  })
  .meta({ id: 'TokenCertificateRequest' });

export const tokenCertificateSchema = z
  .strictObject({
    certificate: z.string().meta({ description: 'PEM, for the key of the request' }),
    authority: z.string().meta({ description: 'PEM of the certificate to trust' }),
    expiresAt: timeSchema,
  })
  .meta({ id: 'TokenCertificate' });
export type TokenCertificate = z.infer<typeof tokenCertificateSchema>;

export const sessionSchema = z
  .strictObject({
    user: z.string(),
    displayName: z.string(),
    verbs: z.array(verbSchema).meta({ description: 'rights on the whole installation' }),
    expiresAt: timeSchema.nullable(),
    secondFactor: z.enum(['none', 'set', 'needed']).meta({
      description: 'needed: a group asks for one, and until it is set nothing else is allowed',
    }),
    passwordNeeded: z.boolean().meta({ description: 'signed in by link and has no password yet' }),
  })
  .meta({ id: 'Session', description: 'who one is' });

/** Time-based one-time password (RFC 6238), as authenticator apps show it. */
export const oneTimeCodeSchema = z
  .string()
  .regex(/^\d{6}$/, 'is not a code of six digits')
  .meta({ description: 'six digits from the authenticator app', writeOnly: true });

export const signInSchema = z
  .discriminatedUnion('means', [
    z.strictObject({
      means: z.literal('password'),
      user: z.string().min(1).max(100),
      password: z.string().min(1).max(1024),
      oneTimeCode: oneTimeCodeSchema.optional(),
    }),
    z.strictObject({
      means: z.literal('link'),
      code: z.string().min(16).max(128),
      oneTimeCode: oneTimeCodeSchema.optional(),
    }),
  ])
  .meta({ id: 'SignIn' });

export const explanationSchema = z
  .strictObject({
    allowed: z.boolean(),
    verb: verbSchema,
    because: z
      .array(
        z.strictObject({
          grant: idSchema,
          role: z.string(),
          subjectKind: z.enum(['user', 'group']),
          subject: z.string(),
          objectKind: z.enum(grantObjectKinds),
          object: z.string().meta({ description: 'where the grant lies: the thing or one above' }),
          deny: z.boolean(),
        }),
      )
      .meta({ description: 'the grants and denials that count' }),
  })
  .meta({ id: 'RightExplanation' });

const verbListSchema = z.array(verbSchema).max(allVerbs.length);

export const heldRightsSchema = z
  .strictObject({
    verbs: verbListSchema.meta({
      description:
        'rights on the thing that was asked about; on a team those of vms that are held on all its vms, and the others on the installation',
    }),
    installation: verbListSchema.meta({ description: 'rights on the whole installation' }),
    anywhere: verbListSchema.meta({ description: 'rights on at least one thing' }),
  })
  .meta({ id: 'HeldRights', description: 'what one may do, also by a token' });
export type HeldRights = z.infer<typeof heldRightsSchema>;

/** SEC-65. */
export const certificateSchema = z
  .strictObject({
    what: z.enum(['authority', 'server', 'host']),
    name: z.string().max(256).meta({ description: 'of the host, or the names it is valid for' }),
    fingerprint: z.string().max(64).meta({ description: 'SHA-256, hex' }),
    issuedBy: z.enum(['gantry', 'user']),
    expiresAt: timeSchema,
    renewed: z.enum(['automatically', 'by-hand']),
    state: z.enum(['valid', 'expires-soon', 'expired']),
  })
  .meta({ id: 'Certificate' });
export type Certificate = z.infer<typeof certificateSchema>;

export const certificatesSchema = z
  .strictObject({ items: z.array(certificateSchema) })
  .meta({ id: 'Certificates' });

const maxPemLength = 64 * 1024;
export const certificateSetSchema = z
  .strictObject({
    chain: z
      .string()
      .max(maxPemLength)
      .meta({ description: 'PEM: the certificate and those above it' }),
    key: z
      .string()
      .max(maxPemLength)
      .meta({ description: 'PEM, without a passphrase; is never shown again' }),
  })
  .meta({ id: 'CertificateSet' });

/** One request in the audit trail (SEC-73). Never a body, never a secret. */
export const auditEntrySchema = z
  .strictObject({
    seq: z.number().int().min(1),
    time: timeSchema,
    user: z.string().max(100).nullable(),
    means: z.string().max(16).meta({ description: 'session, token, local, agent, system or none' }),
    origin: z.string().max(64).nullable(),
    method: z.string().max(8),
    route: z.string().max(64).meta({ description: 'name of the route, or empty for none' }),
    object: z.string().max(300).nullable().meta({ description: 'kind and id of the thing' }),
    status: z.number().int(),
    code: z.string().max(32).nullable().meta({ description: 'code of the fault' }),
    correlationId: z.string().max(64),
    unwritten: z.number().int().min(0).meta({
      description: 'requests without identity since the entry before that were only counted',
    }),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.infer<typeof auditEntrySchema>;

export const auditVerificationSchema = z
  .strictObject({
    lines: z.number().int().min(0).meta({ description: 'lines that are kept' }),
    problems: z
      .array(
        z.strictObject({
          file: z.string().max(64),
          line: z.number().int().min(1),
          what: z.string().max(200),
        }),
      )
      .meta({ description: 'where the chain is broken, the first hundred; empty: it is whole' }),
    lastHash: z.string().nullable().meta({
      description:
        'SHA-256 of the last line; whoever keeps it elsewhere sees later whether lines were cut off at the end',
    }),
  })
  .meta({ id: 'AuditVerification', description: 'whether the audit trail is as it was written' });
export type AuditVerification = z.infer<typeof auditVerificationSchema>;
