/**
 * The table: every procedure and message of libvirt's programs `remote`, `qemu` and `lxc`, by name.
 * All else about the wire derives from it: codecs, types, look-up by number. The numbers and shapes
 * were read off the wire (frames of libvirt 9.0 and the answers of Debian's libvirt dissector to frames
 * of our own), and test/interop/libvirt holds them against both.
 */
import { assert } from '#lib';
import { compileAny, type Codec } from '../wire/codec.ts';
import { programs } from '../wire/frame.ts';
import { struct, type Fields, type ValuesOf } from '../wire/shape.ts';
import { checkpointProcedures } from './checkpoint.ts';
import { domainDeviceProcedures } from './domain-device.ts';
import { domainEventMessages, domainEventProcedures } from './domain-event.ts';
import { domainGuestProcedures } from './domain-guest.ts';
import { domainTuningProcedures } from './domain-tuning.ts';
import { domainProcedures } from './domain.ts';
import type { EventMessage, Message, Procedure } from './entry.ts';
import { hostProcedures } from './host.ts';
import { interfaceProcedures } from './interface.ts';
import { lxcProcedures } from './lxc.ts';
import { migrationProcedures } from './migration.ts';
import { networkMessages, networkProcedures } from './network.ts';
import { nodeDeviceMessages, nodeDeviceProcedures } from './node-device.ts';
import { nwfilterProcedures } from './nwfilter.ts';
import { qemuMessages, qemuProcedures } from './qemu.ts';
import { secretMessages, secretProcedures } from './secret.ts';
import { sessionMessages, sessionProcedures } from './session.ts';
import { snapshotProcedures } from './snapshot.ts';
import { storageMessages, storageProcedures } from './storage.ts';

export const procedures = {
  ...sessionProcedures,
  ...hostProcedures,
  ...domainProcedures,
  ...domainDeviceProcedures,
  ...domainTuningProcedures,
  ...domainGuestProcedures,
  ...domainEventProcedures,
  ...snapshotProcedures,
  ...checkpointProcedures,
  ...migrationProcedures,
  ...networkProcedures,
  ...storageProcedures,
  ...nodeDeviceProcedures,
  ...interfaceProcedures,
  ...secretProcedures,
  ...nwfilterProcedures,
  ...qemuProcedures,
  ...lxcProcedures,
} as const;

export const messages = {
  ...sessionMessages,
  ...domainEventMessages,
  ...networkMessages,
  ...storageMessages,
  ...nodeDeviceMessages,
  ...secretMessages,
  ...qemuMessages,
} as const;

type Procedures = typeof procedures;
type Messages = typeof messages;
export type ProcedureName = keyof Procedures;
export type MessageName = keyof Messages;
/** Procedures whose reply is followed by a stream. */
export type StreamProcedureName = {
  [P in ProcedureName]: Procedures[P]['stream'] extends 'none' ? never : P;
}[ProcedureName];
export type PlainProcedureName = Exclude<ProcedureName, StreamProcedureName>;
/** Messages that go to subscriptions. */
export type EventName = {
  [M in MessageName]: Messages[M] extends EventMessage ? M : never;
}[MessageName];

export type ArgsOf<P extends ProcedureName> = ValuesOf<Procedures[P]['args']>;
export type ReturnOf<P extends ProcedureName> = ValuesOf<Procedures[P]['ret']>;
export type FieldsOf<M extends MessageName> = ValuesOf<Messages[M]['fields']>;

/** A procedure with what was made of its entry. The values of its codecs are those of its shapes. */
export interface Route {
  readonly name: ProcedureName;
  readonly entry: Procedure;
  readonly program: number;
  readonly args: Codec<unknown>;
  readonly ret: Codec<unknown>;
}

export interface MessageRoute {
  readonly name: MessageName;
  readonly entry: Message | EventMessage;
  readonly program: number;
  readonly fields: Codec<unknown>;
}

const procedureEntries = Object.entries(procedures) as [ProcedureName, Procedure][];
const messageEntries = Object.entries(messages) as [MessageName, Message | EventMessage][];
export const procedureNames: readonly ProcedureName[] = procedureEntries.map(([name]) => name);
export const messageNames: readonly MessageName[] = messageEntries.map(([name]) => name);

/** Far above the highest number in use. */
const maxProcedure = 0xffff;

const routesByName = new Map<ProcedureName, Route>();
const routesByNumber = new Map<number, ProcedureName>();
const messagesByName = new Map<MessageName, MessageRoute>();
const messagesByNumber = new Map<number, MessageName>();
for (const [name, entry] of procedureEntries) routesByNumber.set(keyOf(entry), name);
for (const [name, entry] of messageEntries) messagesByNumber.set(keyOf(entry), name);

/** The route of a procedure; its codecs are compiled when first asked for. */
export function routeOf(name: ProcedureName): Route {
  const known = routesByName.get(name);
  if (known) return known;
  const entry: Procedure = procedures[name];
  const route: Route = {
    name,
    entry,
    program: programs[entry.program],
    args: compileFields(entry.args, `${name}.args`),
    ret: compileFields(entry.ret, `${name}.ret`),
  };
  routesByName.set(name, route);
  return route;
}

/** The route of a number on the wire; undefined when the table does not know it. */
export function findRoute(program: number, procedure: number): Route | undefined {
  if (procedure < 0 || procedure > maxProcedure) return undefined;
  const name = routesByNumber.get(wireKey(program, procedure));
  return name === undefined ? undefined : routeOf(name);
}

export function messageRouteOf(name: MessageName): MessageRoute {
  const known = messagesByName.get(name);
  if (known) return known;
  const entry: Message | EventMessage = messages[name];
  const route: MessageRoute = {
    name,
    entry,
    program: programs[entry.program],
    fields: compileFields(entry.fields, name),
  };
  messagesByName.set(name, route);
  return route;
}

export function findMessage(program: number, procedure: number): MessageRoute | undefined {
  if (procedure < 0 || procedure > maxProcedure) return undefined;
  const name = messagesByNumber.get(wireKey(program, procedure));
  return name === undefined ? undefined : messageRouteOf(name);
}

function compileFields(fields: Fields, path: string): Codec<unknown> {
  return compileAny(struct(fields), path);
}

function keyOf(entry: Procedure | Message): number {
  return wireKey(programs[entry.program], entry.number);
}

/** Program and procedure in one number, exact because a program has 32 bits and a procedure 16. */
function wireKey(program: number, procedure: number): number {
  return program * (maxProcedure + 1) + procedure;
}

assert(
  routesByNumber.size === procedureEntries.length &&
    messagesByNumber.size === messageEntries.length,
  'two entries of the table of procedures share a number',
);
