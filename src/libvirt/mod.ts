/**
 * libvirt's wire protocol, both ways: a typed client for any libvirtd, and a server that libvirt's own
 * clients take for one. Depends on Node alone.
 *
 * Read in this order. `wire/` is data to bytes: XDR, shapes and the codecs made of them, frames,
 * errors. `procedures/` is the table of what can be asked, from which the types derive. `link/` is one
 * connection, the same for both halves: framing, keepalive, bounded queues, streams. `dial/` is the way
 * from an address to bytes. `client/` and `server/` are the halves.
 *
 * Deliberately absent: domain XML (its readers live with those who model it), file descriptors (Node
 * cannot receive them, so feature 8 is always answered no), policy.
 */
export { authenticate, type PasswordCredentials } from './client/authenticate.ts';
export {
  Client,
  type CallOptions,
  type ClientOptions,
  type SubscribeOptions,
} from './client/client.ts';
export type { ClientStream } from './client/client-stream.ts';
export { StreamDuplex } from './client/stream-duplex.ts';
export { connectLibvirt, type ConnectOptions } from './client/connect.ts';
export type { Subscription } from './client/subscription.ts';
export { dial, leavesUnchecked, type DialOptions } from './dial/dial.ts';
export { dialBeside } from './dial/dial-beside.ts';
export { type TlsCredentials } from './dial/dial-tls.ts';
export type { Place } from './dial/place.ts';
export { describeDriver, driverNames, type DriverFacts } from './dial/driver-name.ts';
export {
  defaultPorts,
  describeUri,
  parseUri,
  transports,
  type LibvirtUri,
  type Transport,
} from './dial/uri.ts';
export { defaultKeepalive, type KeepaliveOptions } from './link/keepalive.ts';
export type { StreamPart } from './link/stream-inbox.ts';
export type { Access, EventFamily, StreamKind } from './procedures/entry.ts';
export { features, typedParamStringOkay, type Feature } from './procedures/feature.ts';
export type {
  CheckpointHandle,
  DomainHandle,
  NetworkHandle,
  NodeDeviceHandle,
  SecretHandle,
  SnapshotHandle,
  StoragePoolHandle,
  StorageVolHandle,
} from './procedures/handle.ts';
export {
  packArgs,
  packEvent,
  packReturn,
  unpackArgs,
  unpackEvent,
  unpackReturn,
} from './procedures/pack.ts';
export {
  messageNames,
  messages,
  procedureNames,
  procedures,
  type ArgsOf,
  type EventName,
  type FieldsOf,
  type MessageName,
  type PlainProcedureName,
  type ProcedureName,
  type ReturnOf,
  type StreamProcedureName,
} from './procedures/table.ts';
export { keyCode, keyCodeSet, keyName } from './wire/key-codes.ts';
export { errorCodes, errorName, type ErrorName } from './wire/error-code.ts';
export { libvirtFacts, libvirtFault, type LibvirtFacts } from './wire/remote-error.ts';
export { maxListLength, type TypedParam } from './wire/shape.ts';
export {
  boolParam,
  intParam,
  paramNumber,
  paramsByName,
  paramString,
  stringParam,
  uhyperParam,
  uintParam,
} from './wire/typed-param.ts';
export type {
  CallContext,
  Handlers,
  OpenAnswer,
  OpenRequest,
  Peer,
  PeerCertificate,
  StreamAnswer,
} from './server/handler.ts';
export {
  LibvirtServer,
  type Listening,
  type ServerOptions,
  type TcpListenOptions,
  type TlsListening,
  type TlsListenOptions,
  type TlsTexts,
  type UnixListenOptions,
} from './server/listen.ts';
export type { SaslOptions } from './server/sasl-server.ts';
export type { ServerStream } from './server/server-stream.ts';
export { encodeDomainList, encodeHandle } from './server/domain-list.ts';
export type { Encoded } from './wire/frame.ts';
export {
  encodeStats,
  encodeStatsRecord,
  layStats,
  type StatsLayout,
  type StatsRecord,
} from './server/stats-records.ts';
export type { Session, SessionOptions } from './server/session.ts';
export type { EventFields } from './server/event-registry.ts';
export { deriveScram, type ScramHash, type ScramSecret } from './wire/scram.ts';
