/**
 * What native viewers of a host are shown (SEC-63): a certificate for the names and addresses of the host, of the
 * installation's own authority or supplied by an administrator. The key is here, sealed, and never on the host: the host
 * carries bytes that it cannot read.
 *
 * Invariant: one that was supplied is replaced by nobody but an administrator, not even when it has expired.
 */
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { isoTime } from '#lib';
import type { AltName } from '#x509';
import type { ViewerCertificate } from '#api';
import type { AccessContext } from '../access/context.ts';
import { certificateEvent } from '../access/mod.ts';
import { ciphers } from '../access/authority/server-tls.ts';
import { dayMs, fingerprintOf } from '../access/authority/authority.ts';
import { checkPair, renewBeforeMs } from '../access/authority/server-certificate.ts';
import { coversNames } from '../access/authority/server-names.ts';
import { createSystemCaller } from '../access/rights/rights.ts';
import { commitFresh } from '../app/commit-fresh.ts';
import { notFound } from '../app/not-found.ts';
import type { Caller, Coordinator } from '../context.ts';
import type { HostDocument, ViewerCertificateDocument } from '../documents.ts';
import type { Document } from '../store/store.ts';

const validityMs = 90 * dayMs;
const maxNames = 64;

export type Signer = Pick<AccessContext, 'authority' | 'sealer'>;

export class ViewerCertificates {
  readonly #coordinator: Coordinator;
  readonly #access: Signer;
  /** By host; a changed document has another version. */
  readonly #contexts = new Map<
    string,
    { readonly version: number; readonly made: SecureContext }
  >();
  readonly #generating = new Map<string, Promise<void>>();

  constructor(coordinator: Coordinator, access: Signer) {
    this.#coordinator = coordinator;
    this.#access = access;
  }

  /** For a connection that begins. Errors: `not-found`; `corrupt` for a key that was sealed with another one. */
  async contextOf(hostId: string): Promise<SecureContext> {
    const { version, data } = await this.#present(hostId);
    const known = this.#contexts.get(hostId);
    if (known?.version === version) return known.made;
    const key = this.#access.sealer.unseal(data.key, ownerOf(hostId)).toString();
    const made = createSecureContext({
      key,
      cert: data.chain,
      minVersion: 'TLSv1.2',
      ciphers,
      honorCipherOrder: true,
    });
    this.#contexts.set(hostId, { version, made });
    return made;
  }

  /** Errors: `not-found`. */
  async show(hostId: string): Promise<ViewerCertificate> {
    return this.#show(hostId, (await this.#present(hostId)).data);
  }

  /** Takes the administrator's. Errors: `invalid` saying what is wrong with it; `not-found`. */
  async supply(
    caller: Caller,
    hostId: string,
    { chain, key }: { readonly chain: string; readonly key: string },
    { dryRun }: { readonly dryRun: boolean },
  ): Promise<ViewerCertificate> {
    this.#host(hostId);
    checkPair({ chain, key }, { chain: 'the chain', key: 'the key' }, this.#coordinator.clock);
    const text = createPrivateKey(key).export({ type: 'pkcs8', format: 'pem' });
    const supplied = { issuedBy: 'user', chain, key: text, names: [] } as const;
    if (dryRun) return this.#show(hostId, supplied);
    await this.#write(caller, hostId, supplied);
    return await this.show(hostId);
  }

  /** Errors: `not-found`. */
  async generate(
    caller: Caller,
    hostId: string,
    { dryRun }: { readonly dryRun: boolean },
  ): Promise<ViewerCertificate> {
    if (!dryRun) await this.#generate(caller, hostId);
    return await this.show(hostId);
  }

  /** What deserves a warning of a host whose viewers are let in. Undefined while there is none. */
  warningOf(hostId: string): string | undefined {
    const kept = this.#kept(hostId);
    return kept === undefined ? undefined : (this.#warn(hostId, kept.data) ?? undefined);
  }

  #kept(hostId: string): Document<ViewerCertificateDocument> | undefined {
    return this.#coordinator.inventory.document('viewer-certificate', hostId);
  }

  #host(hostId: string): HostDocument {
    const host = this.#coordinator.inventory.document<HostDocument>('host', hostId)?.data;
    if (host === undefined) throw notFound('host', hostId);
    return host;
  }

  /** Made where there is none, made anew where ours is old or the host has other names. One at a time for a host. */
  async #present(hostId: string): Promise<Document<ViewerCertificateDocument>> {
    for (;;) {
      const kept = this.#kept(hostId);
      if (kept !== undefined && !this.#isDue(hostId, kept.data)) return kept;
      const caller = createSystemCaller(crypto.randomUUID());
      const work =
        this.#generating.get(hostId) ??
        this.#generate(caller, hostId).finally(() => this.#generating.delete(hostId));
      this.#generating.set(hostId, work);
      await work;
    }
  }

  #isDue(hostId: string, { issuedBy, chain, names }: ViewerCertificateDocument): boolean {
    if (issuedBy === 'user') return false;
    const certificate = new X509Certificate(chain);
    const leftMs = certificate.validToDate.getTime() - this.#coordinator.clock.now();
    return (
      leftMs < renewBeforeMs ||
      namesOf(this.#host(hostId)).some((name) => !names.includes(textOf(name))) ||
      !this.#access.authority.hasSigned(certificate)
    );
  }

  async #generate(caller: Caller, hostId: string): Promise<void> {
    const host = this.#host(hostId);
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const { authority } = this.#access;
    const altNames = namesOf(host);
    const leaf = await authority.sign({
      subject: `screens of ${host.name}`.slice(0, 64),
      publicKey,
      purpose: 'server',
      altNames,
      validityMs,
    });
    const key = privateKey.export({ format: 'pem', type: 'pkcs8' });
    const names = altNames.map(textOf);
    await this.#write(caller, hostId, {
      issuedBy: 'gantry',
      chain: leaf + authority.text,
      key,
      names,
    });
  }

  async #write(caller: Caller, hostId: string, plain: ViewerCertificateDocument): Promise<void> {
    const key = this.#access.sealer.seal(Buffer.from(plain.key), ownerOf(hostId));
    const data: ViewerCertificateDocument = { ...plain, key };
    await commitFresh(this.#coordinator, () => {
      const { name } = this.#host(hostId);
      const kept = this.#kept(hostId);
      const how = kept === undefined ? 'issued' : 'replaced';
      const what = { kind: 'viewer-certificate', id: hostId } as const;
      return {
        conditions: [
          kept === undefined ? { ...what, absent: true } : { ...what, version: kept.version },
        ],
        writes: [{ ...what, data }],
        events: [certificateEvent(caller, `${name}, for viewers`, how)],
      };
    });
  }

  #show(hostId: string, data: ViewerCertificateDocument): ViewerCertificate {
    const certificate = new X509Certificate(data.chain);
    return {
      issuedBy: data.issuedBy,
      names: (certificate.subjectAltName ?? certificate.subject).slice(0, 4096),
      fingerprint: fingerprintOf(certificate),
      expiresAt: isoTime(certificate.validToDate.getTime()),
      warning: this.#warn(hostId, data),
      chain: data.chain,
    };
  }

  #warn(hostId: string, { chain }: ViewerCertificateDocument): string | null {
    const certificate = new X509Certificate(chain);
    const endsAt = certificate.validToDate.getTime();
    const now = this.#coordinator.clock.now();
    if (endsAt <= now) return `it has expired at ${isoTime(endsAt)}`;
    const missing = namesOf(this.#host(hostId)).filter((name) => !coversNames(certificate, [name]));
    if (missing.length > 0) {
      const names = missing.map(textOf).join(', ').slice(0, 300);
      return `it is not valid for ${names}: viewers that connect to that warn or refuse`;
    }
    return endsAt - now < renewBeforeMs ? `it expires at ${isoTime(endsAt)}` : null;
  }
}

function textOf(name: AltName): string {
  switch (name.kind) {
    case 'dns':
      return name.name;
    case 'ip':
      return name.address;
    case 'uri':
      return name.uri;
  }
}

const ownerOf = (hostId: string): string => `viewers of host ${hostId}`;

/** What people may call the host in a viewer: its name, the address it listens on, those it is known to have. */
function namesOf({ name, settings, address, facts }: HostDocument): readonly AltName[] {
  const own = settings.viewers.address;
  const others = (facts?.interfaces ?? []).flatMap(({ addresses }) =>
    addresses.map((shown) => shown.replace(/\/\d+$/, '')),
  );
  const addresses = own === null ? [address ?? null, ...others] : [own];
  const names = new Set([name.toLowerCase(), ...addresses.filter((one) => one !== null)]);
  const known = [...names].flatMap((one): AltName[] => {
    if (isIP(one) !== 0) return one.startsWith('fe80:') ? [] : [{ kind: 'ip', address: one }];
    return /^[\w.-]{1,253}$/.test(one) ? [{ kind: 'dns', name: one }] : [];
  });
  return known.slice(0, maxNames);
}
