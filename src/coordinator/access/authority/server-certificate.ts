/**
 * The certificates that the server shows. To agents, who ask for the link's server name, always one of
 * the installation's own authority. To everybody else the user's own from <config>/tls, where there is
 * one, else one that was given over the API, else the same as to agents.
 */
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { join } from 'node:path';
import { Fault, type Clock } from '#lib';
import type { AltName } from '#x509';
import { dayMs, type Authority } from './authority.ts';
import { readSmallFile, writeSecretFile } from './secret-file.ts';
import { coversNames } from './server-names.ts';

const validityMs = 90 * dayMs;
/** SEC-65: so long before the end a certificate is renewed, or warned about where it is the user's. */
export const renewBeforeMs = 30 * dayMs;

const certificateMark = '-----BEGIN CERTIFICATE-----';
const certificateBlocks = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const keyBlock =
  /-----BEGIN (?:(?:EC|RSA) )?PRIVATE KEY-----[A-Za-z0-9+/=\s]+-----END (?:(?:EC|RSA) )?PRIVATE KEY-----/;

interface Pair {
  readonly chain: string;
  readonly key: string;
}

export interface ServerCertificate {
  /** PEM: the certificate and those above it. */
  readonly chain: string;
  /** PEM. */
  readonly key: string;
  readonly certificate: X509Certificate;
  readonly issuedBy: 'gantry' | 'user';
}

/** The installation's own: read from the file, or made anew where it is missing, old or for other names. */
export async function openOwnCertificate(
  file: string,
  authority: Authority,
  names: readonly AltName[],
  clock: Clock,
): Promise<{ readonly own: ServerCertificate; readonly issued: boolean }> {
  const text = await readSmallFile(file);
  const found = text === undefined ? undefined : readOwn(text, authority);
  if (found && isFresh(found.certificate, clock) && coversNames(found.certificate, names))
    return { own: found, issued: false };
  return { own: await makeOwnCertificate(file, authority, names), issued: true };
}

/** Anew, whatever there is. */
export async function makeOwnCertificate(
  file: string,
  authority: Authority,
  names: readonly AltName[],
): Promise<ServerCertificate> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const leaf = await authority.sign({
    subject: 'Gantry',
    publicKey,
    purpose: 'server',
    altNames: names,
    validityMs,
  });
  const key = privateKey.export({ format: 'pem', type: 'pkcs8' });
  // One file for both, so that they change together.
  await writeSecretFile(file, key + leaf);
  return ownCertificate(key, leaf, authority);
}

/** One that was given over the API: key and chain in one file, so that they change together. Errors: `invalid`. */
export async function readSiteCertificate(
  file: string,
  clock: Clock,
): Promise<ServerCertificate | undefined> {
  const text = await readSmallFile(file);
  if (text === undefined) return undefined;
  const at = text.indexOf(certificateMark);
  const pair = { key: text.slice(0, Math.max(0, at)), chain: text.slice(Math.max(0, at)) };
  return siteCertificate(pair, clock);
}

export async function writeSiteCertificate(
  file: string,
  { key, chain }: Pick<ServerCertificate, 'key' | 'chain'>,
): Promise<void> {
  await writeSecretFile(file, key + chain);
}

/** Errors: `invalid` saying what is wrong with it. */
export function siteCertificate(given: Pair, clock: Clock): ServerCertificate {
  // Only what is meant, whatever else is around it: the two are kept in one file.
  const blocks = given.chain.match(certificateBlocks) ?? [];
  const [key = ''] = given.key.match(keyBlock) ?? [];
  const chain = blocks.map((block) => `${block}\n`).join('');
  const pair = { chain, key: key === '' ? '' : `${key}\n` };
  const certificate = checkPair(pair, { chain: 'the chain', key: 'the key' }, clock);
  try {
    createSecureContext({ cert: pair.chain, key: pair.key });
  } catch (error) {
    throw unfit('TLS does not take the pair', error);
  }
  return { ...pair, certificate, issuedBy: 'user' };
}

function ownCertificate(key: string, leaf: string, authority: Authority): ServerCertificate {
  return {
    chain: leaf + authority.text,
    key,
    certificate: new X509Certificate(leaf),
    issuedBy: 'gantry',
  };
}

/** Undefined for a file that is damaged or of another authority: it is made anew then. */
function readOwn(text: string, authority: Authority): ServerCertificate | undefined {
  const at = text.indexOf(certificateMark);
  if (at < 0) return undefined;
  try {
    const made = ownCertificate(text.slice(0, at), text.slice(at), authority);
    const fits = made.certificate.checkPrivateKey(createPrivateKey(made.key));
    return fits && authority.hasSigned(made.certificate) ? made : undefined;
  } catch {
    return undefined;
  }
}

function isFresh(certificate: X509Certificate, clock: Clock): boolean {
  const now = clock.now();
  const end = certificate.validToDate.getTime();
  return certificate.validFromDate.getTime() <= now && end - now > renewBeforeMs;
}

/** The user's own, checked, or undefined where there is none. Errors: `invalid` saying what is wrong. */
export async function readUserCertificate(
  folder: string,
  clock: Clock,
): Promise<ServerCertificate | undefined> {
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const chain = await readSmallFile(certFile);
  const key = await readSmallFile(keyFile);
  if (chain === undefined && key === undefined) return undefined;
  if (chain === undefined) throw unfit(`${keyFile} is there but ${certFile} is not`);
  if (key === undefined) throw unfit(`${certFile} is there but ${keyFile} is not`);
  const certificate = checkPair({ chain, key }, { chain: certFile, key: keyFile }, clock);
  return { chain, key, certificate, issuedBy: 'user' };
}

/** The first certificate of the chain, which belongs to the key and is good now. Errors: `invalid` with the names of what is wrong. */
export function checkPair(
  { chain, key }: { readonly chain: string; readonly key: string },
  { chain: certFile, key: keyFile }: { readonly chain: string; readonly key: string },
  clock: Clock,
): X509Certificate {
  const certificate = parse(certFile, 'certificate', () => new X509Certificate(chain));
  const privateKey = parse(keyFile, 'private key without a passphrase', () =>
    createPrivateKey(key),
  );
  if (!certificate.checkPrivateKey(privateKey))
    throw unfit(`the key in ${keyFile} does not belong to the first certificate in ${certFile}`);
  const now = clock.now();
  if (certificate.validToDate.getTime() <= now)
    throw unfit(`the certificate in ${certFile} expired at ${isoSeconds(certificate.validToDate)}`);
  if (certificate.validFromDate.getTime() > now)
    throw unfit(
      `the certificate in ${certFile} is not valid before ${isoSeconds(certificate.validFromDate)}`,
    );
  if (certificate.ca) throw unfit(`the first certificate in ${certFile} is an authority's own`);
  return certificate;
}

function isoSeconds(date: Date): string {
  return date.toISOString().replace(/\.\d+/, '');
}

function parse<T>(file: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unfit(`${file} does not hold a ${what} in PEM`, error);
  }
}

function unfit(message: string, cause?: unknown): Fault {
  return new Fault('invalid', `cannot use the TLS certificate: ${message}`, {
    cause,
    hint: 'put certificate chain and key of one pair there, or remove both files',
  });
}

/** Changes when one of the user's files does. */
export async function userFilesVersion(folder: string): Promise<string> {
  const parts = await Promise.all(
    ['cert.pem', 'key.pem'].map(async (name) => {
      const facts = await stat(join(folder, name)).catch(() => undefined);
      return facts ? `${facts.ino}:${facts.size}:${facts.mtimeMs}` : 'none';
    }),
  );
  return parts.join(' ');
}
