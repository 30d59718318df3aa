/**
 * TLS of the server (SEC-59, SEC-61): which certificate is shown to whom, and its renewal while the
 * server runs. Connections that are open go on with what they have.
 *
 * A given certificate keeps nobody out who would replace it: whoever connects to an address and names no server, as the
 * command line of this machine does, is shown the installation's own, unless the given one is for addresses and in time.
 *
 * Everybody may connect without a certificate; one that is shown must be an agent's, which
 * `verifyAgent` decides, not the handshake: a person's browser is not turned away for it.
 */
import { createSecureContext, type SecureContext, type Server, type TlsOptions } from 'node:tls';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeFault, Fault, type Clock } from '#lib';
import type { Log } from '#log';
import { linkServerName } from '#api';
import type { Caller } from '../../context.ts';
import type { Authority } from './authority.ts';
import {
  makeOwnCertificate,
  openOwnCertificate,
  readSiteCertificate,
  readUserCertificate,
  siteCertificate,
  userFilesVersion,
  writeSiteCertificate,
  type ServerCertificate,
} from './server-certificate.ts';
import { listServerNames } from './server-names.ts';

/** Forward secrecy and authenticated encryption only; TLS 1.3 has nothing else. */
export const ciphers = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':');

export interface ServerTlsParts {
  readonly authority: Authority;
  /** Folder with the authority; the server's own certificate lies there too. */
  readonly folder: string;
  /** Folder in which the user may have put cert.pem and key.pem. */
  readonly userFolder: string;
  readonly listenAddress: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Told when a certificate was issued or replaced. */
  readonly onChange: (what: string, how: 'issued' | 'replaced', by?: Caller) => void;
}

/** PEM texts: the authority, what is shown, its key. */
export interface ShownTexts {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export class ServerTls {
  readonly #parts: ServerTlsParts;
  #own: ServerCertificate;
  #ownContext: SecureContext;
  #shownContext: SecureContext;
  /** Of what was last shown to whoever names no server. */
  #shownToAddresses: ServerCertificate;
  #user: ServerCertificate | undefined;
  /** Given over the API. */
  #site: ServerCertificate | undefined;
  #userVersion: string;
  #userProblem: string | undefined;
  readonly #servers = new Set<Server>();
  readonly #followers = new Set<(shown: ShownTexts) => void>();

  private constructor(parts: ServerTlsParts, own: ServerCertificate) {
    this.#parts = parts;
    this.#own = own;
    this.#ownContext = this.#context(own);
    this.#shownContext = this.#ownContext;
    this.#shownToAddresses = own;
    this.#userVersion = '';
  }

  /** Errors: `invalid` where the user's own certificate cannot be used: better no server than another one than meant. */
  static async open(parts: ServerTlsParts): Promise<ServerTls> {
    const { own, issued } = await openOwn(parts);
    if (issued) parts.onChange('the server', 'issued');
    const tls = new ServerTls(parts, own);
    tls.#userVersion = await userFilesVersion(parts.userFolder);
    tls.#user = await readUserCertificate(parts.userFolder, parts.clock);
    try {
      tls.#site = await readSiteCertificate(siteFile(parts), parts.clock);
    } catch (error) {
      // Whoever gave it can give another one only while the server serves.
      tls.#userProblem = describeFault(error);
    }
    tls.#show();
    return tls;
  }

  /** What people see. */
  get shown(): ServerCertificate {
    return this.#user ?? this.#site ?? this.#own;
  }

  /** All in use. */
  get certificates(): readonly ServerCertificate[] {
    return [this.#user, this.#site, this.#own].filter((one) => one !== undefined);
  }

  /** Why the user's present files are not in use, where they are not. */
  get userProblem(): string | undefined {
    return this.#userProblem;
  }

  options(): TlsOptions {
    return {
      ...this.#settings(this.#toAddresses()),
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: 20_000,
      SNICallback: (name, done) => {
        done(null, name === linkServerName ? this.#ownContext : this.#shownContext);
      },
    };
  }

  /** From now on the server shows a renewed certificate to new connections. */
  attach(server: Server): void {
    this.#servers.add(server);
    server.once('close', () => this.#servers.delete(server));
  }

  /** For a listener that sets up TLS itself: told of what people are shown whenever that is renewed. */
  follow(renew: (shown: ShownTexts) => void): ShownTexts {
    this.#followers.add(renew);
    return this.#texts();
  }

  #texts(): ShownTexts {
    const { chain, key } = this.shown;
    return { ca: this.#parts.authority.text, cert: chain, key };
  }

  /**
   * People are shown this one from now on. Errors: `invalid`; `refused` where the administrator's files say which is shown.
   * Nothing but the check is done in a dry run.
   */
  async setSite(
    pair: { readonly chain: string; readonly key: string },
    how: { readonly dryRun: boolean; readonly by: Caller },
  ): Promise<void> {
    this.#requireNoFiles();
    const site = siteCertificate(pair, this.#parts.clock);
    if (how.dryRun) return;
    await writeSiteCertificate(siteFile(this.#parts), site);
    this.#site = site;
    this.#userProblem = undefined;
    this.#parts.onChange('the console and the API', 'replaced', how.by);
    this.#show();
  }

  /** One of the installation's authority, made anew, in the place of what there is. Errors: `refused`, as above. */
  async generate(how: { readonly dryRun: boolean; readonly by: Caller }): Promise<void> {
    this.#requireNoFiles();
    if (how.dryRun) return;
    const { authority, listenAddress } = this.#parts;
    const names = listServerNames(listenAddress);
    // What is given up goes last: a kill before leaves it in use.
    this.#own = await makeOwnCertificate(ownFile(this.#parts), authority, names);
    this.#ownContext = this.#context(this.#own);
    await rm(siteFile(this.#parts), { force: true });
    this.#site = undefined;
    this.#userProblem = undefined;
    this.#parts.onChange('the server', 'replaced', how.by);
    this.#show();
  }

  #requireNoFiles(): void {
    if (this.#user === undefined) return;
    const { userFolder } = this.#parts;
    throw new Fault('refused', `the certificate is given by files in ${userFolder}`, {
      hint: 'replace these files, or remove them and try again a minute later',
    });
  }

  #toAddresses(): ServerCertificate {
    const { certificate } = this.shown;
    const isForAddresses = certificate.subjectAltName?.includes('IP Address:') === true;
    const isInTime = certificate.validToDate.getTime() > this.#parts.clock.now();
    return isForAddresses && isInTime ? this.shown : this.#own;
  }

  #show(): void {
    this.#shownContext = this.#context(this.shown);
    this.#shownToAddresses = this.#toAddresses();
    const settings = this.#settings(this.#shownToAddresses);
    for (const server of this.#servers) server.setSecureContext(settings);
    for (const renew of this.#followers) renew(this.#texts());
  }

  /** Looks whether a certificate has to be renewed or the user's files have changed. A minute's work at most. */
  async refresh(): Promise<void> {
    const { own, issued } = await openOwn(this.#parts);
    if (issued) {
      this.#own = own;
      this.#ownContext = this.#context(own);
      this.#parts.onChange('the server', 'replaced');
    }
    const changed = await this.#refreshUser();
    const ended = this.#shownToAddresses !== this.#toAddresses();
    if (changed || issued || ended) this.#show();
  }

  async #refreshUser(): Promise<boolean> {
    const version = await userFilesVersion(this.#parts.userFolder);
    if (version === this.#userVersion) return false;
    this.#userVersion = version;
    try {
      this.#user = await readUserCertificate(this.#parts.userFolder, this.#parts.clock);
      this.#userProblem = undefined;
      this.#parts.onChange('the console and the API', 'replaced');
      return true;
    } catch (error) {
      // The one in use stays: files may be half way through being replaced.
      this.#userProblem = describeFault(error);
      this.#parts.log.warn({ fault: this.#userProblem }, 'the new TLS certificate is not taken');
      return false;
    }
  }

  #settings(shown: ServerCertificate): TlsOptions {
    return {
      key: shown.key,
      cert: shown.chain,
      ca: this.#parts.authority.text,
      minVersion: 'TLSv1.2',
      ciphers,
      honorCipherOrder: true,
    };
  }

  #context(shown: ServerCertificate): SecureContext {
    return createSecureContext(this.#settings(shown));
  }
}

const ownFile = ({ folder }: Pick<ServerTlsParts, 'folder'>): string => join(folder, 'server.pem');
const siteFile = ({ folder }: Pick<ServerTlsParts, 'folder'>): string => join(folder, 'site.pem');

function openOwn(
  parts: ServerTlsParts,
): Promise<{ readonly own: ServerCertificate; readonly issued: boolean }> {
  return openOwnCertificate(
    ownFile(parts),
    parts.authority,
    listServerNames(parts.listenAddress),
    parts.clock,
  );
}
