/** The proofs of RFB (RFC 6143, section 7): what a server may ask for, and how a password answers a challenge. */
import { createCipheriv } from 'node:crypto';

/** Ours, on either side. */
export const rfbVersion = 'RFB 003.008\n';

/** Section 7.1.2, and the registry of RFC 6143. */
export const securityTypes = { none: 1, vnc: 2, veNCrypt: 19 } as const;

export const challengeBytes = 16;

/** The challenge under DES, whose key are eight characters with the bits of each turned round (section 7.2.2). */
export function answerChallenge(challenge: Buffer, password: string): Buffer {
  const key = Buffer.alloc(8);
  key.write(password, 'latin1');
  const turned = key.map((byte) =>
    Number.parseInt(byte.toString(2).padStart(8, '0').split('').toReversed().join(''), 2),
  );
  // Three times the same key is DES itself, which is not there by its own name any more.
  const cipher = createCipheriv('des-ede3-ecb', Buffer.concat([turned, turned, turned]), null);
  cipher.setAutoPadding(false);
  return Buffer.concat([cipher.update(challenge), cipher.final()]);
}
