/** What the documents of each kind hold. The store keeps them as JSON; these are their shapes. */
import type { FaultData } from '#lib';
import type {
  Actor,
  AdapterModel,
  ConsoleName,
  FailurePolicy,
  FileOwner,
  KeptFile,
  Hardware,
  HostFacts,
  HostLease,
  HostSettings,
  HostStatus,
  ImageRecipe,
  InstallationSettings,
  MachineReport,
  NetworkSpec,
  OperationState,
  RecordingEnd,
  Step,
  TeamWait,
  Thing,
  Verb,
  VmDefinition,
  QuotaLimits,
  QuotaUse,
} from '#api';
import { hostSettingsSchema, networkSpecSchema } from '#api';
import type { Document, DocumentKey, Json } from './store/store.ts';

/** kind vm; its version is the ETag of the vm. */
export interface VmDocument {
  readonly definition: VmDefinition;
  readonly hostId: string;
  readonly folderId: string;
  readonly path: string;
  /** Counts changes of the definition, from 1; agents are told it as definitionVersion. The document's version also counts claims and moves. */
  readonly revision: number;
  /** Which start is the current one; grows with every claim and is never reused. */
  readonly generation: number;
  /** Fresh: until its first start no guest has an identity of its own on its disks. Else it may have one. */
  readonly guest?: 'fresh';
  /** It is there to be cloned, as its snapshot with that id holds it (docs/rfd/0035). */
  readonly template?: { readonly snapshotId: string };
  /** Of a vm that others ran before (docs/rfd/0034): how it is given back to them. */
  readonly lent?: LentDocument;
}

export interface LentDocument {
  /** That it came from. */
  readonly hostId: string;
  /** By which its hypervisor knows it. */
  readonly uuid: string;
  /** Its definition there, sealed for the vm: there may be passwords in it. */
  readonly xml: string;
  readonly startsWithHost: boolean;
  /** To whom its disks belonged. */
  readonly owners: readonly FileOwner[];
  /** Files of its hypervisor, which stay there, with what belongs to it beside its disks; absent: none. */
  readonly kept?: readonly KeptFile[];
  /** Its hardware in the words for its hypervisor, and in those that it was adopted with. */
  readonly theirs: Hardware;
  readonly ours: Hardware;
  /** Whether its definition has its shares, and what its hypervisor keeps for other programs; absent: that has them alone. */
  readonly bringsKept?: true;
  /** When it was given up to learn which of both has it (app/vm/handover-patience.ts). */
  readonly unsettled?: string;
}

/** kind status, id of the vm: last known lasting state, for when the host is away and after a restart. */
export interface StatusDocument {
  readonly report: MachineReport;
}

/** kind host. */
export interface HostDocument {
  readonly name: string;
  readonly driver: string;
  readonly settings: HostSettings;
  readonly facts: HostFacts | null;
  /** From which its agent reached the coordinator last. */
  readonly address?: string | null;
  /** Fingerprint (SHA-256, lower-case hex) of its certificate; no other is taken for it. */
  readonly certificate: string;
  readonly certificateExpiresAt?: string;
  /** A renewed certificate that has not been used yet; it takes the other's place when it is. */
  readonly nextCertificate?: { readonly fingerprint: string; readonly expiresAt: string } | null;
  readonly serviceRunning: boolean;
  /** Of the web interface of whoever else manages it. */
  readonly managerUrl?: string | null;
  /** Of a host without an agent: how it is reached. */
  readonly connection?: ConnectionDocument;
}

/** What is secret is sealed for the host. */
export interface ConnectionDocument {
  readonly address: string;
  readonly user: string | null;
  readonly password: string | null;
  readonly unverified: 'refused' | 'allowed';
  /** With which its link is dialled. */
  readonly identity: { readonly certificate: string; readonly privateKey: string };
}

/** kind agent, id of the host: what is remembered of its agent apart from the host, whose version it must not touch. */
export interface AgentDocument {
  /** Highest number of the agent's own events that is committed (EVT-10). */
  readonly lastEventSeq: number;
  /** The status last told by an event, so that a restart of the coordinator tells no change that is none. */
  readonly toldStatus: HostStatus | null;
}

export interface FolderDocument {
  readonly name: string;
  readonly parentId: string | null;
}

/** kind quota, id of the folder: what its vms, and those below, may have together. */
export type QuotaDocument = QuotaLimits;

/** kind charge, id of a folder with a quota: written by whatever takes something of it, so that each is judged on what the one before has left. */
export interface ChargeDocument {
  /** Of the vm or folder that took something last. */
  readonly by: string;
}

/** What the vm of an operation will count with in its folder; it counts from the beginning of the operation. */
export interface Charge {
  readonly vm: string;
  readonly folderId: string;
  readonly use: QuotaUse;
}

export interface ImageDocument {
  readonly name: string;
  readonly imageKind: 'disk' | 'cd' | 'floppy';
  readonly format: 'qcow2' | 'raw';
  readonly sizeBytes: number;
  readonly fileBytes: number;
  readonly sha256: string | null;
  readonly guestOs: string | null;
  readonly description: string;
  readonly hostId: string;
  readonly path: string;
  readonly builtFrom: ImageRecipe | null;
}

/** kind profile: hardware without what belongs to one vm. */
export interface ProfileDocument {
  readonly name: string;
  readonly meaning: string;
  readonly hardware: Hardware;
  readonly adapterModel: AdapterModel | null;
}

/** kind team. A vm is in one at most: its place is reserved like a name. */
export interface TeamDocument {
  readonly name: string;
  readonly description: string;
  /** In the order in which they are started. */
  readonly members: readonly TeamMemberDocument[];
  readonly onFailure: FailurePolicy;
}

export interface TeamMemberDocument {
  readonly vm: string;
  readonly wait: TeamWait;
}

/** kind network. */
export type NetworkDocument = Omit<NetworkSpec, 'id'>;
export const networkDocumentSchema = networkSpecSchema.omit({ id: true });

/** As the schema is now: a setting that there was none of when the document was stored has its default. */
export function completeDocument(document: Document): Document {
  if (document.kind === 'host') return completeHost(document);
  if (document.kind !== 'network') return document;
  const { data } = networkDocumentSchema.safeParse(document.data);
  return data === undefined ? document : { ...document, data };
}

function completeHost(document: Document): Document {
  const host = document.data as unknown as HostDocument;
  const { data } = hostSettingsSchema.safeParse(host.settings);
  if (data === undefined) return document;
  return { ...document, data: { ...host, settings: data } as unknown as Json };
}

/** kind span, id of the network: who serves a network that spans hosts, and what it leased. */
export interface SpanDocument {
  readonly host: string;
  /** Counts the hosts that have served, from 1. */
  readonly term: number;
  /** That the term began with. */
  readonly handed: readonly HostLease[];
  readonly leases: readonly HostLease[];
}

export interface UserDocument {
  readonly name: string;
  readonly displayName: string;
  readonly groups: readonly string[];
  readonly disabled: boolean;
  /** Argon2id in PHC string form, or null. */
  readonly passwordHash: string | null;
  /** Its secret, sealed, and the last time step that was used: no code counts twice. */
  readonly secondFactor?: { readonly sealed: string; readonly lastStep: number } | null;
  /** Sealed secret of a second factor that is not confirmed yet. */
  readonly nextSecondFactor?: string | null;
  readonly lastSignInAt: string | null;
}

export interface RoleDocument {
  readonly name: string;
  readonly meaning: string;
  readonly verbs: readonly Verb[];
}

export interface GrantDocument {
  readonly subjectKind: 'user' | 'group';
  /** Id of the user, or name of the group. */
  readonly subject: string;
  /** Id of the role. */
  readonly role: string;
  readonly objectKind: 'installation' | 'folder' | 'host' | 'vm' | 'image';
  readonly objectId: string;
  readonly deny: boolean;
}

/** Secrets of tokens, sessions and links are kept only as SHA-256. */
export interface TokenDocument {
  readonly name: string;
  readonly userId: string;
  readonly secretHash: string;
  readonly verbs: readonly Verb[] | null;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
}

/** kind session; id is the SHA-256 of the cookie's secret. */
export interface SessionDocument {
  readonly userId: string;
  readonly expiresAt: string;
  /** To within some minutes; a session that lies idle ends. */
  readonly usedAt: string;
  readonly means: 'password' | 'link';
}

/** kind link; id is the SHA-256 of the one-time code: sign-in links and join tokens. */
export interface LinkDocument {
  readonly purpose: 'sign-in' | 'join';
  readonly userId: string | null;
  /** Of a join token: the host that joins again, or null for a new one. */
  readonly hostId?: string | null;
  /** Of a used join token: for whom, and the SHA-256 of its public key; the same key may ask again. */
  readonly used?: { readonly hostId: string; readonly keyHash: string } | null;
  readonly expiresAt: string;
}

/** kind console-link: somebody without an account may look at the screen of a vm. */
export interface ConsoleLinkDocument {
  readonly vmId: string;
  readonly label: string;
  /** SHA-256. */
  readonly secretHash: string;
  readonly creatorId: string;
  /** Name at the time. */
  readonly creator: string;
  readonly createdAt: string;
  readonly expiresAt: string;
}

/** kind recording, of a screen or serial port: what is said of its file in `<data>/recordings`. */
export interface RecordingDocument {
  readonly vmId: string;
  readonly console: ConsoleName;
  readonly by: string;
  readonly startedAt: string;
  /** Null while it runs, and where the coordinator was killed meanwhile. */
  readonly endedAt: string | null;
  readonly why: RecordingEnd | null;
}

/** kind viewer-port, id of the vm: where native viewers see its screen. It keeps it while the host and the range are the same. */
export interface ViewerPortDocument {
  readonly hostId: string;
  readonly port: number;
}

/** kind port-numbers, id of the vm: the number of each port of a network that an adapter of it is plugged into. */
export interface PortNumbersDocument {
  readonly ports: readonly {
    /** Of the adapter. */
    readonly slot: number;
    /** Id. */
    readonly network: string;
    /** From 1, unique on the network. */
    readonly number: number;
  }[];
}

/** kind viewer-certificate, id of the host: what native viewers are shown. */
export interface ViewerCertificateDocument {
  readonly issuedBy: 'gantry' | 'user';
  /** PEM: the certificate and those above it. */
  readonly chain: string;
  /** PEM, sealed for the host. */
  readonly key: string;
  /** That ours was made for. */
  readonly names: readonly string[];
}

/** kind acknowledgement; its id is that of the warning. It goes when what is warned of is over. */
export interface AcknowledgementDocument {
  readonly check: string;
  readonly thing: Thing;
  /** What was wrong then. */
  readonly evidence: string;
  readonly note: string;
  readonly userId: string;
  /** Name at the time. */
  readonly by: string;
  readonly at: string;
}

/** kind operation. */
export interface OperationDocument {
  readonly action: string;
  readonly target: Thing;
  /** That its target was on, or was to be on, when it began. Absent: on none, or of before this was kept. */
  readonly hostId?: string;
  /** What it makes beside its target. */
  readonly makes?: Thing;
  /** Documents of its beginning that go where it ends before it began. */
  readonly reserves?: readonly DocumentKey[];
  /** What it takes of quotas. */
  readonly charge?: Charge;
  readonly input: Json;
  /** What steps have found out and later steps need; grows step by step. */
  readonly memory: { readonly [key: string]: Json };
  readonly state: OperationState;
  readonly steps: readonly Step[];
  /** Index of the step that is run or undone now. */
  readonly at: number;
  readonly actor: Actor;
  readonly userId: string | null;
  readonly origin: string | null;
  readonly correlationId: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly fault: FaultData | null;
  readonly result: { readonly [key: string]: Json } | null;
}

/** kind request; id is user and Idempotency-Key: what became of it. Held in the store only, not in the inventory. */
export interface RequestDocument {
  /** SHA-256 of method, path and body, so that a key is not used for two requests. */
  readonly hash: string;
  readonly expiresAt: string;
  /** `begun`: written with the change; `not-kept`: answered with a secret, or with too much to keep. */
  readonly outcome:
    | { readonly kind: 'begun' | 'not-kept'; readonly operationId: string | null }
    | {
        readonly kind: 'answered';
        readonly answer: {
          readonly status: number;
          readonly headers: Readonly<Record<string, string>>;
          readonly body?: Json;
        };
      };
}

/** kind setting, id `installation`. */
export type SettingDocument = InstallationSettings;
