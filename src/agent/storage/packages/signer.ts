/** Who signed the manifest of a package, and whether anybody whom this host trusts vouches for them (DMTF DSP0243 section 6). */
import { verify, X509Certificate } from 'node:crypto';
import { getCACertificates } from 'node:tls';
import { parseSignature } from '#foreign';
import { Fault } from '#lib';

export interface Signer {
  /** As RFC 4514 writes names, in one line. */
  readonly subject: string;
  readonly issuer: string;
  /** SHA-256 of the certificate. */
  readonly fingerprint: string;
  /** Whether an authority that the host knows has issued it, and it is valid today. */
  readonly isTrusted: boolean;
}

const maxChain = 8;

/** `authorities`: PEM. Errors: `invalid` for what is no signature; `corrupt` where the manifest is not what was signed. */
export function readSigner(
  manifest: Buffer,
  signatureFile: string,
  authorities: readonly string[] = getCACertificates('system'),
): Signer {
  const { algorithm, signature, certificates } = parseSignature(signatureFile);
  const [own, ...others] = certificates.map(readCertificate);
  if (own === undefined) throw new Fault('invalid', 'the signature is without a certificate');
  if (!isSignedBy(manifest, algorithm, signature, own))
    throw new Fault('corrupt', 'the manifest is not what was signed');
  return {
    subject: inOneLine(own.subject),
    issuer: inOneLine(own.issuer),
    fingerprint: own.fingerprint256,
    isTrusted: isTrusted(own, others, authorities),
  };
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new Fault('invalid', 'a certificate of the signature cannot be read', { cause });
  }
}

function isSignedBy(
  manifest: Buffer,
  algorithm: string,
  signature: Buffer,
  { publicKey }: X509Certificate,
): boolean {
  try {
    return verify(algorithm, manifest, publicKey, signature);
  } catch {
    // A key of a kind that signs otherwise.
    return false;
  }
}

function isTrusted(
  own: X509Certificate,
  others: readonly X509Certificate[],
  authorities: readonly string[],
): boolean {
  let at = own;
  for (let depth = 0; depth < maxChain; depth += 1) {
    if (!isValidToday(at)) return false;
    const { raw } = at;
    const known = authoritiesFor(at, authorities);
    if (known.some((one) => isValidToday(one) && (one.raw.equals(raw) || issued(one, at))))
      return true;
    const next = others.find((one) => one.ca && !one.raw.equals(raw) && issued(one, at));
    if (next === undefined) return false;
    at = next;
  }
  return false;
}

/** Those that could have issued it, or are the same: by name, since parsing all costs a second. */
function authoritiesFor(
  { issuer }: X509Certificate,
  authorities: readonly string[],
): readonly X509Certificate[] {
  return authorities
    .map((pem) => new X509Certificate(pem))
    .filter((one) => one.ca && one.subject === issuer);
}

function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isValidToday({ validFromDate, validToDate }: X509Certificate): boolean {
  const now = Date.now();
  return validFromDate.getTime() <= now && now <= validToDate.getTime();
}

function inOneLine(name: string): string {
  return name.split('\n').join(', ').slice(0, 500);
}
