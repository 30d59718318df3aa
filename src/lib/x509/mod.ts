/**
 * X.509: making certificates and requests. Shared by the coordinator, which certifies, and the agent and the command line,
 * which ask; all in a process of its own (X509Process).
 */
export {
  createCertificate,
  exportKey,
  oids,
  type AltName,
  type CertificateRequest,
  type Purpose,
} from './certificate.ts';
export { X509Process } from './process.ts';
export { createRequest, readRequest } from './request.ts';
