/**
 * What the coordinator's rooms are given. Dependencies are arguments: `main.ts` makes one Coordinator
 * and passes it on.
 *
 *   http/, gateway/  ->  app/ (verbs)  ->  operations/ | reconcile/  ->  store/
 *                          inventory/ (reads)    link/ (agents)
 */
import type { Clock } from '#lib';
import type { Log } from '#log';
import type { Actor, LinkMethod, LinkParams, LinkResult, Operation, Thing, Verb } from '#api';
import type { HostNetworks } from './app/network/host-networks.ts';
import type { Charge } from './documents.ts';
import type { Inventory } from './inventory/inventory.ts';
import type { Sealer } from './access/second-factor/sealer.ts';
import type { CloseWatch } from './link/close-watch.ts';
import type { OperationPaces } from './app/operation-pace.ts';
import type { HypervisorEvents } from './link/hypervisor-events.ts';
import type { SkippedRecords } from './link/skipped-records.ts';
import type { StreamHub } from './link/streams.ts';
import type { Change, Commit, DocumentKey, Json, Store } from './store/store.ts';

/** How a request proved whose it is. */
export interface Proof {
  /** `local`: the token in a file that only the service's own account can read. */
  readonly means: 'none' | 'session' | 'token' | 'local' | 'agent' | 'link';
  /** Of the session, token, host or link to a screen; empty where there is none. */
  readonly id: string;
  /** Whether it came over TLS. */
  readonly encrypted: boolean;
}

/** Who asks. A request has exactly one; reconcilers and resumed operations have one too. */
export interface Caller {
  readonly actor: Actor;
  readonly userId: string | null;
  /** Address the request came from; null for the coordinator itself. */
  readonly origin: string | null;
  /** Ties request, operation and events together. */
  readonly correlationId: string;
  /** Absent where the coordinator itself asks. */
  readonly proof?: Proof;
  /** Whether the right is held on the object (SEC-38). Pure look-up, no waiting. */
  may(verb: Verb, on: RightObject): boolean;
  /** What the rights come from now; absent where they never change. */
  rightSources?(): readonly RightSource[];
}

/** A grant or denial that is somebody's: with the same ones, each with the same mark, rights are the same. */
export interface RightSource {
  /** The grant in its version, with the version of its role. */
  readonly mark: string;
  readonly objectKind: string;
  readonly objectId: string;
}

/** What a right is asked for. */
export type RightObject =
  | { readonly kind: 'installation' }
  /** Somewhere, whatever the object: what a list or a creation asks before it looks closer. */
  | { readonly kind: 'anywhere' }
  /** On every object there is, with no exception: a list need not look at each. */
  | { readonly kind: 'everywhere' }
  /** A vm that is to be made there: rights come from its folder and its host, as the vm's will. */
  | { readonly kind: 'place'; readonly folderId: string; readonly hostId: string }
  | { readonly kind: 'vm' | 'host' | 'folder' | 'image'; readonly id: string };

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly limitMs?: number;
  readonly onProgress?: (progress: number | null, note: string | null) => void;
}

/** Connections to the agents. */
export interface Links {
  connected(hostId: string): boolean;
  /**
   * Resolves when the host is connected and shown as such, or has had the time that a call gives it to come back. Errors: the
   * signal's reason.
   */
  whenSettled(hostId: string, signal?: AbortSignal): Promise<void>;
  /** Errors: the agent's fault; `unavailable` when the host is not connected or the link breaks meanwhile. */
  call<M extends LinkMethod>(
    hostId: string,
    method: M,
    params: LinkParams<M>,
    options?: CallOptions,
  ): Promise<LinkResult<M>>;
}

export interface Submission {
  /** An id that the submitter has remembered and will look for; default: a new one. */
  readonly id?: string;
  readonly action: string;
  readonly target: Thing;
  /** What it makes beside its target: nobody else works on that until its end. */
  readonly makes?: Thing;
  /** Documents of its beginning that go where it ends before it began. */
  readonly reserves?: readonly DocumentKey[];
  /** What its vm will have: it counts from now on, and is judged with the commit. */
  readonly charge?: Charge;
  readonly input: { readonly [key: string]: Json };
}

export interface Operations {
  /** Stores the operation before it runs, with the writes that belong to its beginning, and starts it. */
  submit(caller: Caller, submission: Submission, with_?: Commit): Promise<Operation>;
  /** Resolves at the end or when the time is over, whatever is first, with the present state. */
  wait(id: string, limitMs: number, signal?: AbortSignal): Promise<Operation>;
  cancel(id: string, caller: Caller): Promise<Operation>;
}

export interface Paths {
  /** Durable data: store, authority, images. */
  readonly data: string;
  /** Configuration by the administrator. */
  readonly config: string;
  /** Sockets and pid files; gone after a reboot. */
  readonly runtime: string;
}

export interface Coordinator {
  readonly store: Store;
  /** Commits and resolves when the inventory shows it: what was written is read. */
  commit(commit: Commit): Promise<Change>;
  readonly inventory: Inventory;
  readonly links: Links;
  readonly closeWatch: Pick<CloseWatch, 'begin'>;
  /** From host to host. */
  readonly streams: Pick<StreamHub, 'carry'>;
  readonly hostNetworks: Pick<HostNetworks, 'tellCarriers'>;
  /** What hosts told of vms while operations had them. */
  readonly skippedRecords: SkippedRecords;
  readonly hypervisorEvents: HypervisorEvents;
  readonly operationPaces: OperationPaces;
  readonly operations: Operations;
  /** Secrets that must be read again, sealed for whom they are. */
  readonly sealer: Pick<Sealer, 'seal' | 'unseal'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly paths: Paths;
}
