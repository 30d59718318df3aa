/** What a program gives to the server's half: one function per procedure, typed by the table. */
import type {
  ArgsOf,
  PlainProcedureName,
  ProcedureName,
  ReturnOf,
  StreamProcedureName,
} from '../procedures/table.ts';
import type { Encoded } from '../wire/frame.ts';
import type { ServerStream } from './server-stream.ts';
import type { Session } from './session.ts';

export interface CallContext {
  readonly session: Session;
  readonly procedure: ProcedureName;
  /** Aborts when the connection ends. */
  readonly signal: AbortSignal;
}

type PlainHandler<P extends PlainProcedureName> = (
  args: ArgsOf<P>,
  context: CallContext,
) => ReturnOf<P> | Encoded<ReturnOf<P>> | Promise<ReturnOf<P>>;

/** The reply, and what happens on the stream behind it. */
export interface StreamAnswer<P extends StreamProcedureName> {
  readonly ret: ReturnOf<P>;
  /**
   * Reads and writes the stream. Returning is its good end, a fault its bad one. The signal aborts
   * when the client gives up, has enough, or is gone.
   */
  readonly run: (stream: ServerStream, signal: AbortSignal) => Promise<void>;
}

type StreamHandler<P extends StreamProcedureName> = (
  args: ArgsOf<P>,
  context: CallContext,
) => StreamAnswer<P> | Promise<StreamAnswer<P>>;

/**
 * Procedures without a handler are answered with libvirt's "not supported", which clients take as an
 * older server. A handler fails by throwing a fault: `libvirtFault` chooses libvirt's number, any
 * other fault is given the number that fits.
 */
export type Handlers = { readonly [P in PlainProcedureName]?: PlainHandler<P> } & {
  readonly [P in StreamProcedureName]?: StreamHandler<P>;
};

/** Who is at the other end, before it has said anything. */
export interface Peer {
  readonly transport: 'unix' | 'tcp' | 'tls';
  /** For logs and the audit trail. */
  readonly address: string;
  /** `read` where the listener itself allows no more. */
  readonly access: 'read' | 'write';
  /** What a verified client certificate says. */
  readonly certificate?: PeerCertificate | undefined;
}

export interface PeerCertificate {
  readonly commonName: string | undefined;
  /** `DNS:…, email:…, URI:…`, as written in the certificate. */
  readonly altNames: string | undefined;
  /** SHA-256, upper-case hexadecimal with colons. */
  readonly fingerprint: string;
}

export interface OpenRequest {
  readonly peer: Peer;
  /** Proved with SASL; undefined where none was asked for. */
  readonly user: string | undefined;
  /** The connection's name, for example `qemu:///system`; empty or null lets the server choose. */
  readonly name: string | null;
  readonly access: 'read' | 'write';
  readonly session: Session;
  readonly signal: AbortSignal;
}

export interface OpenAnswer {
  readonly handlers: Handlers;
  /** Seen before every call that is not part of connecting: rights and audit. Throws to refuse. */
  readonly authorize?: (
    args: Readonly<Record<string, unknown>>,
    context: CallContext,
  ) => void | Promise<void>;
  /** The connection has ended. */
  readonly onClose?: () => void;
}
