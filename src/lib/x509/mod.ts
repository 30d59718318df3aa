/** X.509: making certificates and requests. Shared by the coordinator, which certifies, and the agent, which asks. */
export {
  createCertificate,
  exportKey,
  oids,
  type AltName,
  type CertificateRequest,
  type Purpose,
} from './certificate.ts';
export { createRequest, readRequest } from './request.ts';
