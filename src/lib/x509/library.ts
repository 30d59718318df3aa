/**
 * @peculiar/x509, loaded when a certificate is made or a request is read: both are rare, and it takes
 * some 10 MiB that a program at rest does without.
 */
import type * as x509 from '@peculiar/x509';

export type Library = typeof x509;

export async function loadLibrary(): Promise<Library> {
  // First, since the library's injector reads its classes' metadata through it.
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

/** ECDSA with SHA-256 on P-256, as WebCrypto names it. */
export const p256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
