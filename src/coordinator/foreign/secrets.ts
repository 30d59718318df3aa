/**
 * What a host without an agent is let in with, and lets us in with: the password of its hypervisor and the key of
 * its link's certificate, sealed for the host, and the certificate itself (SEC-62).
 */
import { generateKeyPairSync } from 'node:crypto';
import type { ForeignHostIdentity, ForeignTarget } from '#api';
import { commitFresh } from '../app/commit-fresh.ts';
import { issueAgentCertificate } from '../access/authority/agent-certificate.ts';
import { certificateEvent } from '../access/join/join.ts';
import { createSystemCaller } from '../access/rights/rights.ts';
import type { AccessContext } from '../access/context.ts';
import type { ConnectionDocument, HostDocument } from '../documents.ts';

/** A certificate is replaced when less of its time is left. */
const renewMs = 132 * 86_400_000;

type Certified = Pick<HostDocument, 'certificate' | 'certificateExpiresAt'> & {
  readonly identity: ConnectionDocument['identity'];
};

export class Secrets {
  readonly #context: AccessContext;

  constructor(context: AccessContext) {
    this.#context = context;
  }

  seal(hostId: string, secret: string): string {
    return this.#context.sealer.seal(Buffer.from(secret), ownerOf(hostId));
  }

  /** A new key, and a certificate for it. */
  async certify(hostId: string): Promise<Certified> {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const issued = await issueAgentCertificate(this.#context.authority, hostId, publicKey);
    const text = privateKey.export({ type: 'pkcs8', format: 'pem' });
    return {
      certificate: issued.fingerprint,
      certificateExpiresAt: issued.expiresAt,
      identity: { certificate: issued.text, privateKey: this.seal(hostId, text) },
    };
  }

  /** Errors: `corrupt` for what was sealed with another key. */
  target(hostId: string, connection: ConnectionDocument): ForeignTarget {
    const { address, user, password, unverified } = connection;
    return {
      address,
      user,
      password: password === null ? null : this.#unseal(hostId, password),
      unverified,
    };
  }

  /** Errors: as `target`. */
  credentials(
    hostId: string,
    { identity }: ConnectionDocument,
  ): ForeignHostIdentity['credentials'] {
    return {
      privateKey: this.#unseal(hostId, identity.privateKey),
      certificate: identity.certificate,
      authority: this.#context.authority.text,
    };
  }

  isDue({ certificateExpiresAt }: HostDocument): boolean {
    const now = this.#context.coordinator.clock.now();
    return Date.parse(certificateExpiresAt ?? '') - now < renewMs;
  }

  async renew(hostId: string): Promise<void> {
    const { coordinator } = this.#context;
    const { identity, ...certified } = await this.certify(hostId);
    await commitFresh(coordinator, () => {
      const host = coordinator.inventory.document<HostDocument>('host', hostId);
      if (host?.data.connection === undefined) return undefined;
      const connection = { ...host.data.connection, identity };
      const data: HostDocument = { ...host.data, ...certified, connection };
      return {
        conditions: [{ kind: 'host', id: hostId, version: host.version }],
        writes: [{ kind: 'host', id: hostId, data }],
        events: [certificateEvent(createSystemCaller(hostId), host.data.name, 'replaced')],
      };
    });
  }

  #unseal(hostId: string, text: string): string {
    return this.#context.sealer.unseal(text, ownerOf(hostId)).toString();
  }
}

const ownerOf = (hostId: string): string => `host ${hostId}`;
