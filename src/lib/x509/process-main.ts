/** The process that process.ts starts: does what it is asked, and ends when the one who asks is gone. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { faultToData } from '../fault.ts';
import { createCertificate } from './certificate.ts';
import type { Answer, Question, Work } from './protocol.ts';
import { createRequest, readRequest } from './request.ts';

async function run(work: Work): Promise<string> {
  switch (work.does) {
    case 'createCertificate':
      return createCertificate({
        ...work.request,
        publicKey: createPublicKey(work.request.publicKey),
        signingKey: createPrivateKey(work.request.signingKey),
        issuerPublicKey: createPublicKey(work.request.issuerPublicKey),
      });
    case 'createRequest': {
      const key = createPrivateKey(work.privateKey);
      return createRequest(key, createPublicKey(key), work.name);
    }
    case 'readRequest':
      return toText(await readRequest(work.pem));
  }
}

function toText(publicKey: KeyObject): string {
  return publicKey.export({ format: 'pem', type: 'spki' });
}

async function answer({ id, work }: Question): Promise<Answer> {
  try {
    return { id, pem: await run(work) };
  } catch (error) {
    return { id, fault: faultToData(error) };
  }
}

process.once('disconnect', () => process.exit());
process.on('message', (question: Question) => {
  void answer(question).then((said) => process.send?.(said));
});
