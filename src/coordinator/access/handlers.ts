/** The routes of access: parse nothing, decide nothing, call the verb, answer what it says. */
import {
  grantSchema,
  roleSchema,
  tokenSchema,
  userSchema,
  type AuditVerification,
  type Page,
  type RouteName,
} from '#api';
import type { UserDocument } from '../documents.ts';
import type { Handlers, RouteRequest } from '../http/route-handler.ts';
import { pageOf } from '../inventory/list/page.ts';
import type { PlainQuery } from '../inventory/inventory.ts';
import type { z } from 'zod';
import { listAudit } from './audit/list.ts';
import type { ServerTls } from './authority/server-tls.ts';
import { listCertificates } from './certificates.ts';
import type { AccessContext } from './context.ts';
import type { WhetherDry } from './access-change.ts';
import { createJoinToken } from './join/join-token.ts';
import { joinHost, renewCertificate } from './join/join.ts';
import type { Recorder } from './request/recorder.ts';
import {
  beginSecondFactor,
  confirmSecondFactor,
  deleteSecondFactor,
} from './second-factor/second-factor.ts';
import { clearCookie, writeCookie } from './sign-in/cookies.ts';
import { createSignInLink } from './sign-in/sign-in-link.ts';
import { changePassword, showSession, signIn, signOut } from './sign-in/sign-in.ts';
import { issueTokenCertificate } from './tokens/token-certificate.ts';
import { createToken, deleteToken, listTokens } from './tokens/tokens.ts';
import { createUser, deleteUser, updateUser } from './users/change-user.ts';
import { explainRight } from './users/explain.ts';
import { createGrant, deleteGrant, listGrants } from './users/grants.ts';
import {
  createRole,
  deleteRole,
  listRoles,
  requireRole,
  showRole,
  updateRole,
} from './users/roles.ts';
import { listHeldRights } from './users/held.ts';
import { findUser, showUser } from './users/show-user.ts';

export type AccessRoute = Extract<
  RouteName,
  | `session.${string}`
  | `user.${string}`
  | `role.${string}`
  | `grant.${string}`
  | `token.${string}`
  | 'right.explain'
  | 'right.held'
  | `certificate.${string}`
  | 'authority.show'
  | 'audit.list'
  | 'audit.verify'
  | 'host.join-token'
  | 'host.join'
  | 'host.certificate'
>;

export type AccessHandlers = Pick<Handlers, AccessRoute>;

export interface HandlerParts {
  readonly context: AccessContext;
  readonly tls: ServerTls;
  readonly recorder: Recorder;
  readonly auditFolder: string;
  readonly verifyAudit: (signal: AbortSignal) => Promise<AuditVerification>;
}

function dryRun(query: { readonly dryRun: boolean }): WhetherDry {
  return query.dryRun ? 'dry-run' : 'for-real';
}

function page<T extends { readonly id: string }>(
  kind: string,
  schema: z.ZodType<T>,
  items: Iterable<T>,
  query: PlainQuery,
): Page<T> & { items: T[] } {
  const made = pageOf({ kind, schema, defaultSort: 'name' }, items, query);
  return { ...made, items: [...made.items] };
}

export function createAccessHandlers(parts: HandlerParts): AccessHandlers {
  const { context } = parts;
  const { inventory } = context.coordinator;
  return {
    ...sessionHandlers(parts),
    ...hostHandlers(parts),
    'user.list': ({ query }) =>
      page(
        'user',
        userSchema,
        Array.from(inventory.documents<UserDocument>('user'), showUser),
        query,
      ),
    'user.show': ({ params }) => showUser(findUser(inventory, params.user)),
    'user.create': ({ caller, body, query }) => createUser(context, caller, body, dryRun(query)),
    'user.update': ({ caller, params, body, query, precondition }) =>
      updateUser(context, caller, params.user, body, precondition, dryRun(query)),
    'user.delete': ({ caller, params, query, precondition }) =>
      deleteUser(context, caller, params.user, precondition, dryRun(query)),
    'user.second-factor.delete': ({ caller, params, query, precondition }) =>
      deleteSecondFactor(context, caller, params.user, precondition, dryRun(query)),
    'user.link': ({ caller, params }) => createSignInLink(context, caller, params.user),
    'role.list': ({ query }) => page('role', roleSchema, listRoles(inventory), query),
    'role.show': ({ params }) => showRole(requireRole(inventory, params.role)),
    'role.create': ({ caller, body, query }) => createRole(context, caller, body, dryRun(query)),
    'role.update': ({ caller, params, body, query, precondition }) =>
      updateRole(context, caller, params.role, body, precondition, dryRun(query)),
    'role.delete': ({ caller, params, query, precondition }) =>
      deleteRole(context, caller, params.role, precondition, dryRun(query)),
    'grant.list': ({ caller, query }) => {
      const items = listGrants(context, caller);
      return page('grant', grantSchema, items, { ...query, sort: query.sort ?? 'subject,role' });
    },
    'grant.create': ({ caller, body, query }) => createGrant(context, caller, body, dryRun(query)),
    'grant.delete': ({ caller, params, query, precondition }) =>
      deleteGrant(context, caller, params.grant, precondition, dryRun(query)),
    'right.explain': ({ caller, query }) => explainRight(context, caller, query),
    'right.held': ({ caller, query }) => listHeldRights(inventory, caller, query),
    'token.list': ({ caller, query }) =>
      page('token', tokenSchema, listTokens(context, caller), query),
    'token.create': ({ caller, body }) => createToken(context, caller, body),
    'token.delete': ({ caller, params }) => deleteToken(context, caller, params.token),
    'token.certificate': ({ caller, params, body }) =>
      issueTokenCertificate(context, caller, params.token, body.csr),
    'certificate.list': () => ({ items: listCertificates(context, parts.tls) }),
    'certificate.set': async ({ caller, body, query }) => {
      await parts.tls.setSite(body, { dryRun: query.dryRun, by: caller });
      return { items: listCertificates(context, parts.tls) };
    },
    'certificate.generate': async ({ caller, query }) => {
      await parts.tls.generate({ dryRun: query.dryRun, by: caller });
      return { items: listCertificates(context, parts.tls) };
    },
    'authority.show': () => Buffer.from(context.authority.text),
    'audit.list': ({ query }) => listAudit(parts.auditFolder, query),
    'audit.verify': ({ signal }) => parts.verifyAudit(signal),
  };
}

type SessionRoute = Extract<AccessRoute, `session.${string}`>;

function sessionHandlers({ context, recorder }: HandlerParts): Pick<Handlers, SessionRoute> {
  const isEncrypted = ({ caller }: RouteRequest<SessionRoute>): boolean =>
    caller.proof?.encrypted === true;
  return {
    'session.create': async (request) => {
      const { caller, body } = request;
      const { session, secret, maxAgeSeconds } = await signIn(
        context,
        caller,
        body,
        (user, means) => recorder.failed(caller, user, means),
      );
      request.setHeader('set-cookie', writeCookie(isEncrypted(request), secret, maxAgeSeconds));
      return session;
    },
    'session.show': ({ caller }) => showSession(context, caller),
    'session.password': ({ caller, body }) => changePassword(context, caller, body),
    'session.second-factor.begin': ({ caller, body }) =>
      beginSecondFactor(context, caller, body.oneTimeCode),
    'session.second-factor.confirm': async ({ caller, body }) => {
      await confirmSecondFactor(context, caller, body.oneTimeCode);
      return showSession(context, caller);
    },
    'session.delete': async (request) => {
      await signOut(context, request.caller);
      request.setHeader('set-cookie', clearCookie(isEncrypted(request)));
    },
  };
}

type HostRoute = 'host.join-token' | 'host.join' | 'host.certificate';

function hostHandlers({ context }: HandlerParts): Pick<Handlers, HostRoute> {
  return {
    'host.join-token': ({ query }) => createJoinToken(context, query.host),
    'host.join': ({ caller, body }) => joinHost(context, caller, body),
    'host.certificate': ({ caller, body }) => renewCertificate(context, caller, body.csr),
  };
}
