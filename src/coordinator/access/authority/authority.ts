/**
 * The installation's own certificate authority (SEC-63): an ECDSA key on P-256 and its certificate in
 * <data>/authority, made at the first start.
 *
 * Invariant: key and certificate appear together or not at all. Both are written into a folder beside
 * the final one, flushed, and the folder is renamed; whoever comes second finds the name taken and
 * reads what is there.
 */
import {
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault, type Clock } from '#lib';
import { X509Process, type AltName } from '#x509';
import { errorCode, flushFolder, readSmallFile, writeSecretFile } from './secret-file.ts';

export const dayMs = 86_400_000;
const validityMs = 20 * 365 * dayMs;
/** Clocks of hosts may be behind ours by this much. */
const backdateMs = 3_600_000;

const keyFile = 'authority.key';
const certificateFile = 'authority.pem';

export interface Leaf {
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly purpose: 'server' | 'client';
  readonly altNames: readonly AltName[];
  readonly validityMs: number;
}

export class Authority {
  readonly certificate: X509Certificate;
  /** PEM. */
  readonly text: string;
  readonly #key: KeyObject;
  readonly #clock: Clock;
  readonly #x509: X509Process;

  private constructor(text: string, key: KeyObject, clock: Clock, x509: X509Process) {
    this.text = text;
    this.certificate = new X509Certificate(text);
    this.#key = key;
    this.#clock = clock;
    this.#x509 = x509;
  }

  /** SHA-256 of the certificate, lower-case hex. */
  get fingerprint(): string {
    return fingerprintOf(this.certificate);
  }

  /** Reads the authority in the folder, or makes it. Errors: `corrupt` where its files don't fit. */
  static async open(folder: string, clock: Clock): Promise<Authority> {
    await removeLeftovers(folder);
    const x509 = new X509Process();
    const found = await read(folder);
    if (found) return new Authority(found.text, found.key, clock, x509);
    await make(folder, clock, x509);
    const made = await read(folder);
    if (!made) throw new Fault('corrupt', `cannot make the certificate authority in ${folder}`);
    return new Authority(made.text, made.key, clock, x509);
  }

  /** A certificate as PEM. Nothing of it outlives the authority's own. */
  sign(leaf: Leaf): Promise<string> {
    const now = this.#clock.now();
    return this.#x509.createCertificate({
      subject: leaf.subject,
      issuer: commonName(this.certificate),
      publicKey: leaf.publicKey,
      signingKey: this.#key,
      issuerPublicKey: this.certificate.publicKey,
      purpose: leaf.purpose,
      altNames: leaf.altNames,
      notBefore: Math.max(now - backdateMs, this.certificate.validFromDate.getTime()),
      notAfter: Math.min(now + leaf.validityMs, this.certificate.validToDate.getTime()),
    });
  }

  /** The public key of a request for a certificate, whose sender has the private one. Errors: `invalid`, `too-large`. */
  readRequest(pem: string): Promise<KeyObject> {
    return this.#x509.readRequest(pem);
  }

  /** Whether it signed this. Dates and purpose are for the caller to look at. */
  hasSigned(certificate: X509Certificate): boolean {
    return (
      certificate.checkIssued(this.certificate) && certificate.verify(this.certificate.publicKey)
    );
  }
}

export function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

function commonName(certificate: X509Certificate): string {
  return certificate.subject.replace(/^CN=/, '');
}

async function read(
  folder: string,
): Promise<{ readonly text: string; readonly key: KeyObject } | undefined> {
  const text = await readSmallFile(join(folder, certificateFile));
  const keyText = await readSmallFile(join(folder, keyFile));
  if (text === undefined && keyText === undefined) return undefined;
  const hint = `restore ${folder} from a backup; without it every host has to join again`;
  if (text === undefined || keyText === undefined)
    throw new Fault('corrupt', `the certificate authority in ${folder} is not whole`, { hint });
  try {
    const key = createPrivateKey(keyText);
    if (!new X509Certificate(text).checkPrivateKey(key))
      throw new Fault('corrupt', 'key and certificate do not belong together');
    return { text, key };
  } catch (error) {
    throw new Fault('corrupt', `the certificate authority in ${folder} cannot be used`, {
      cause: error,
      hint,
    });
  }
}

async function make(folder: string, clock: Clock, x509: X509Process): Promise<void> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const name = `Gantry authority ${randomBytes(4).toString('hex')}`;
  const now = clock.now();
  const text = await x509.createCertificate({
    subject: name,
    issuer: name,
    publicKey,
    signingKey: privateKey,
    issuerPublicKey: publicKey,
    purpose: 'authority',
    altNames: [],
    notBefore: now - backdateMs,
    notAfter: now + validityMs,
  });
  const temporary = `${folder}.${randomBytes(6).toString('hex')}.tmp`;
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
  await mkdir(temporary, { mode: 0o700 });
  try {
    const keyText = privateKey.export({ format: 'pem', type: 'pkcs8' });
    await writeSecretFile(join(temporary, keyFile), keyText);
    await writeSecretFile(join(temporary, certificateFile), text);
    await rename(temporary, folder);
    await flushFolder(dirname(folder));
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    // Somebody else was first.
    if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error;
  }
}

/** Folders of a first start that was killed. */
async function removeLeftovers(folder: string): Promise<void> {
  const parent = dirname(folder);
  const prefix = `${folder.slice(parent.length + 1)}.`;
  const names = await readdir(parent).catch(() => []);
  for (const name of names) {
    if (name.startsWith(prefix) && name.endsWith('.tmp'))
      await rm(join(parent, name), { recursive: true, force: true });
  }
}
