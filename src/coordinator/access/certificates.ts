/** The certificates in use (SEC-65), and what about access and encryption deserves a warning (SEC-25, SEC-59). */
import type { X509Certificate } from 'node:crypto';
import { isoTime } from '#lib';
import { tellFinding, type Certificate, type Finding, type ToldFinding } from '#api';
import type { HostDocument } from '../documents.ts';
import type { AccessContext } from './context.ts';
import { fingerprintOf } from './authority/authority.ts';
import { renewBeforeMs } from './authority/server-certificate.ts';
import type { ServerTls } from './authority/server-tls.ts';
import { installationSettings } from './sign-in/sessions.ts';

function stateOf(expiresAt: number, now: number): Certificate['state'] {
  if (now >= expiresAt) return 'expired';
  return expiresAt - now < renewBeforeMs ? 'expires-soon' : 'valid';
}

export function listCertificates(
  { coordinator, authority }: AccessContext,
  tls: ServerTls,
): Certificate[] {
  const now = coordinator.clock.now();
  const describe = (
    what: 'authority' | 'server',
    certificate: X509Certificate,
    issuedBy: 'gantry' | 'user',
  ): Certificate => ({
    what,
    name: (certificate.subjectAltName ?? certificate.subject).slice(0, 256),
    fingerprint: fingerprintOf(certificate),
    issuedBy,
    expiresAt: isoTime(certificate.validToDate.getTime()),
    renewed: what === 'server' && issuedBy === 'gantry' ? 'automatically' : 'by-hand',
    state: stateOf(certificate.validToDate.getTime(), now),
  });
  const servers = tls.certificates.map(({ certificate, issuedBy }) =>
    describe('server', certificate, issuedBy),
  );
  const hosts = [...coordinator.inventory.documents<HostDocument>('host')].flatMap(({ data }) =>
    data.certificateExpiresAt === undefined
      ? []
      : [
          {
            what: 'host',
            name: data.name,
            fingerprint: data.certificate,
            issuedBy: 'gantry',
            expiresAt: data.certificateExpiresAt,
            renewed: 'automatically',
            state: stateOf(Date.parse(data.certificateExpiresAt), now),
          } as const,
        ],
  );
  return [describe('authority', authority.certificate, 'gantry'), ...servers, ...hosts];
}

/** Nothing for what is well. */
export function findWarnings(
  context: AccessContext,
  tls: ServerTls,
  listenAddress: string,
): Finding[] {
  const findings: Finding[] = [];
  const warn = (check: string, result: Finding['result'], told: ToldFinding): void => {
    findings.push({ check, result, ...told });
  };
  const { plainHttp, allowPasswordWithoutTls } = installationSettings(
    context.coordinator.inventory,
  );
  if (plainHttp === 'served')
    warn(
      'tls',
      isLoopback(listenAddress) ? 'warning' : 'error',
      tellFinding('tls-off', { address: listenAddress }),
    );
  if (tls.userProblem !== undefined)
    warn('tls', 'error', tellFinding('certificate-unusable', { why: tls.userProblem }));
  if (allowPasswordWithoutTls) warn('passwords', 'warning', tellFinding('passwords-in-clear', {}));
  for (const { what, name, state, expiresAt: endsAt } of listCertificates(context, tls)) {
    if (state === 'valid') continue;
    const ends = state === 'expired' ? 'expired' : 'expires';
    warn(
      'certificates',
      state === 'expired' ? 'error' : 'warning',
      what === 'host'
        ? tellFinding(`host-certificate-${ends}`, { host: name, endsAt })
        : tellFinding(`certificate-${ends}`, { certificate: what, endsAt }),
    );
  }
  return findings;
}

function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || address.startsWith('127.');
}
