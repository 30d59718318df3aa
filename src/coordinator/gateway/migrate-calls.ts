/**
 * Migration as libvirt's clients ask for it, done as Gantry's move between hosts (docs/rfd/0030, as it runs 0042). A vm that
 * runs goes on working, whether or not they ask for that.
 *
 *   peer to peer   PERFORM with the address of the other host: the move
 *   direct         the client speaks to two connections: BEGIN here, PREPARE there (which says what host it is about),
 *                  PERFORM here (the move), FINISH there, CONFIRM here; of a vm that is off clients leave PERFORM out,
 *                  so that FINISH is the move
 *
 * In both, files and rights are Gantry's affair, so that what libvirt's hosts tell each other on the way is not needed.
 */
import type { Operation, Vm } from '#api';
import { isFault, miB } from '#lib';
import {
  libvirtFault,
  paramNumber,
  paramsByName,
  paramString,
  type DomainHandle,
  type Handlers,
  type TypedParam,
} from '#libvirt';
import { findHost } from '../app/find.ts';
import { nameOwner } from '../app/names.ts';
import { isActive, type Connection } from './connection.ts';
import { domainXmlOf } from './domain-calls.ts';
import { readName } from './scope.ts';

type Calls = Pick<
  Handlers,
  | `DOMAIN_MIGRATE_${'BEGIN3' | 'PREPARE3' | 'PERFORM3' | 'FINISH3' | 'CONFIRM3'}`
  | `DOMAIN_MIGRATE_${'BEGIN3' | 'PREPARE3' | 'PERFORM3' | 'FINISH3' | 'CONFIRM3'}_PARAMS`
>;

/** virDomainMigrateFlags. */
const offline = 1024;

/** What a client may wish of a migration, in either generation of the calls. */
interface Wish {
  readonly flags: number;
  readonly name: string | null;
  /** Of the domain as it is to be on the other host. */
  readonly xml: string | null;
  /** Where its bytes are to go. */
  readonly address: string | null;
  /** MiB per second; 0: as fast as it can. */
  readonly bandwidth: number;
}

const nothing = Buffer.alloc(0);

export function migrateCalls(connection: Connection): Calls {
  const move = (
    vm: string,
    host: string,
    signal: AbortSignal,
    bandwidth = 0,
  ): Promise<Operation> => {
    const pace = bandwidth === 0 ? {} : { bytesPerSecond: bandwidth * miB };
    return connection.work('vm.relocate', { params: { vm }, body: { host, ...pace } }, signal);
  };
  const begin = async (
    dom: DomainHandle,
    wish: Wish,
  ): Promise<{ cookie_out: Buffer; xml: string }> => {
    const vm = judge(connection.find(dom.uuid), wish);
    return { cookie_out: nothing, xml: await domainXmlOf(connection, vm) };
  };
  const perform = async (
    { uuid }: DomainHandle,
    wish: Wish,
    to: { readonly address: string | null; readonly cookie: Uint8Array },
    signal: AbortSignal,
  ): Promise<{ cookie_out: Buffer }> => {
    const vm = connection.find(uuid);
    const host =
      to.address === null
        ? hostInCookie(to.cookie)
        : hostAt(connection, to.address, judge(vm, wish));
    await move(vm.id, host, signal, isActive(vm) ? wish.bandwidth : 0);
    return { cookie_out: nothing };
  };
  /** Nothing but the vm's name comes here where PERFORM was left out. */
  const finish = async (
    name: string | null,
    wish: { readonly flags: number; readonly cancelled: number },
    signal: AbortSignal,
  ): Promise<{ dom: DomainHandle; cookie_out: Buffer }> => {
    if (wish.cancelled !== 0) throw libvirtFault('OPERATION_FAILED', 'the migration was given up');
    const host = ownHost(connection);
    const { inventory } = connection.parts.coordinator;
    const vm = nameOwner(inventory, 'vm', name ?? '') ?? '';
    if ((wish.flags & offline) !== 0 && inventory.vm(vm)?.hostId !== host.id)
      await move(vm, host.id, signal);
    return { dom: connection.handleOf(connection.find(vm)), cookie_out: nothing };
  };
  return {
    DOMAIN_MIGRATE_BEGIN3: ({ dom, xmlin, flags, dname }) =>
      begin(dom, { flags: Number(flags), name: dname, xml: xmlin, address: null, bandwidth: 0 }),
    DOMAIN_MIGRATE_BEGIN3_PARAMS: ({ dom, params, flags }) => begin(dom, wishOf(params, flags)),
    DOMAIN_MIGRATE_PREPARE3: ({ uri_in, dom_xml }) => prepare(connection, dom_xml, uri_in),
    DOMAIN_MIGRATE_PREPARE3_PARAMS: ({ params, flags }) => {
      const { xml, address } = wishOf(params, flags);
      return prepare(connection, xml ?? '', address);
    },
    DOMAIN_MIGRATE_PERFORM3: (
      { dom, dconnuri, uri, flags, dname, xmlin, cookie_in, resource },
      { signal },
    ) => {
      const address = dconnuri === null ? null : uri;
      const bandwidth = Number(resource);
      const wish = { flags: Number(flags), name: dname, xml: xmlin, address, bandwidth };
      return perform(dom, wish, { address: dconnuri, cookie: cookie_in }, signal);
    },
    DOMAIN_MIGRATE_PERFORM3_PARAMS: ({ dom, dconnuri, params, cookie_in, flags }, { signal }) => {
      const to = { address: dconnuri, cookie: cookie_in };
      return perform(dom, wishOf(params, flags), to, signal);
    },
    DOMAIN_MIGRATE_FINISH3: ({ dname, flags, cancelled }, { signal }) =>
      finish(dname, { flags: Number(flags), cancelled }, signal),
    DOMAIN_MIGRATE_FINISH3_PARAMS: ({ params, flags, cancelled }, { signal }) =>
      finish(wishOf(params, flags).name, { flags, cancelled }, signal),
    DOMAIN_MIGRATE_CONFIRM3: () => ({ cookie_out: nothing }),
    DOMAIN_MIGRATE_CONFIRM3_PARAMS: () => ({ cookie_out: nothing }),
  };
}

function wishOf(params: readonly TypedParam[], flags: number): Wish {
  const named = paramsByName(params);
  const text = (name: string): string | null => paramString(named.get(name)) ?? null;
  return {
    flags,
    name: text('destination_name'),
    xml: text('destination_xml') ?? text('persistent_xml'),
    address: text('migrate_uri'),
    bandwidth: paramNumber(named.get('bandwidth')) ?? 0,
  };
}

/** Errors: OPERATION_INVALID for a vm that is off where that is not meant; ARGUMENT_UNSUPPORTED for what a move does not do. */
function judge(vm: Vm, { flags, name, xml, address }: Wish): Vm {
  if (!isActive(vm) && vm.state !== 'unknown' && (flags & offline) === 0)
    throw libvirtFault(
      'OPERATION_INVALID',
      'Requested operation is not valid: domain is not running; one that is off goes with --offline --persistent',
    );
  if (name !== null && name !== vm.name) throw unsupported('a vm keeps its name when it moves');
  if (xml !== null) throw unsupported('a vm keeps its definition when it moves');
  requireNoAddress(address);
  return vm;
}

function requireNoAddress(address: string | null): void {
  if (address !== null)
    throw unsupported('files of vms pass through Gantry: no address for them can be chosen');
}

function unsupported(message: string): Error {
  return libvirtFault('ARGUMENT_UNSUPPORTED', message);
}

const cookieMark = 'gantry host ';

/** At the destination's connection. Errors: those of a vm that it does not see, and of one that is about no single host. */
function prepare(
  connection: Connection,
  xml: string,
  address: string | null,
): { cookie_out: Buffer; uri_out: string } {
  const { caller, desk } = connection.parts;
  requireNoAddress(address);
  const host = ownHost(connection);
  const uuid = /<uuid>([0-9a-f-]{36})<\/uuid>/.exec(xml)?.[1] ?? '';
  try {
    desk.admit(caller, 'vm.show', { vm: uuid });
  } catch (error) {
    if (!isFault(error, 'not-found')) throw error;
    throw libvirtFault(
      'OPERATION_UNSUPPORTED',
      'vms move between hosts of one Gantry; those of others come in with: gantry vm import',
    );
  }
  return {
    cookie_out: Buffer.from(cookieMark + host.id),
    uri_out: `gantry:///host/${encodeURIComponent(host.name)}`,
  };
}

/** Errors: OPERATION_UNSUPPORTED for the cookie of another server. */
function hostInCookie(cookie: Uint8Array): string {
  const text = Buffer.from(cookie).toString();
  if (text.startsWith(cookieMark)) return text.slice(cookieMark.length);
  throw libvirtFault(
    'OPERATION_UNSUPPORTED',
    'vms move between hosts of one Gantry, and the other connection is to something else',
  );
}

/** `gantry://HOST/`, or any address whose path is `/host/NAME`. Errors: INVALID_ARG, NO_CONNECT. */
function hostAt({ parts }: Connection, address: string, { name }: Vm): string {
  const { coordinator, caller } = parts;
  const { inventory } = coordinator;
  if (!URL.canParse(address)) throw noHost();
  const { protocol, hostname, pathname } = new URL(address);
  const driver = protocol.slice(0, -1).split('+')[0] ?? '';
  const { scope } = readName(`${driver}://${pathname}`, inventory, caller);
  if (scope.kind === 'host') return scope.id;
  if (hostname === '') throw noHost();
  try {
    return findHost(inventory, caller, decodeURIComponent(hostname)).id;
  } catch (error) {
    if (!isFault(error, 'not-found')) throw error;
    throw libvirtFault(
      'NO_CONNECT',
      `cannot move ${name}: there is no host ${hostname.slice(0, 100)}; hosts are named gantry://NAME/`,
      error,
    );
  }
}

/** Errors: INVALID_ARG where the connection is not about one host. */
function ownHost({ parts }: Connection): { readonly id: string; readonly name: string } {
  const { scope } = parts.named;
  if (scope.kind !== 'host') throw noHost();
  return scope;
}

function noHost(): Error {
  return libvirtFault(
    'INVALID_ARG',
    'the address does not say to which host; with --p2p it is gantry://NAME/, else a connection to …/host/NAME',
  );
}
