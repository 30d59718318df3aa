/** What is said between a program and the process that works on certificates for it (process.ts). Keys travel as PEM. */
import type { FaultData } from '../fault.ts';
import type { CertificateRequest } from './certificate.ts';

type Keys = 'publicKey' | 'signingKey' | 'issuerPublicKey';

/** The functions of this room, their keys as text. */
export type Work =
  | {
      readonly does: 'createCertificate';
      readonly request: Omit<CertificateRequest, Keys> & Readonly<Record<Keys, string>>;
    }
  | { readonly does: 'createRequest'; readonly privateKey: string; readonly name: string }
  | { readonly does: 'readRequest'; readonly pem: string };

export interface Question {
  readonly id: number;
  readonly work: Work;
}

/** The text is a certificate, a request or a public key. */
export type Answer =
  | { readonly id: number; readonly pem: string }
  | { readonly id: number; readonly fault: FaultData };
