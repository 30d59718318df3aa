/**
 * Secrets that must be read again and so cannot be hashed, encrypted at rest: AES-256-GCM with a key in
 * a file of the service's own account, beside the store and not in it. What a secret is sealed for is
 * authenticated with it, so that a sealed text cannot be moved to somebody else.
 *
 *   v1.<nonce, 12 bytes>.<ciphertext and tag>      both in base64url
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { Fault } from '#lib';
import { makeSecretFolder, readSmallFile, writeSecretFile } from '../authority/secret-file.ts';

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const algorithm = 'aes-256-gcm';

export class Sealer {
  readonly #key: Buffer;

  private constructor(key: Buffer) {
    this.#key = key;
  }

  /** Reads the key, or makes it. Errors: `corrupt`. */
  static async open(file: string): Promise<Sealer> {
    await makeSecretFolder(dirname(file));
    const text = await readSmallFile(file);
    if (text === undefined) {
      const key = randomBytes(keyBytes);
      await writeSecretFile(file, `${key.toString('base64')}\n`);
      return new Sealer(key);
    }
    const key = Buffer.from(text.trim(), 'base64');
    if (key.length !== keyBytes)
      throw new Fault('corrupt', `${file} does not hold a key`, {
        hint: 'restore it from a backup, or remove it: second factors must be set up again then',
      });
    return new Sealer(key);
  }

  seal(secret: Uint8Array, owner: string): string {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, this.#key, nonce);
    cipher.setAAD(Buffer.from(owner));
    const sealed = Buffer.concat([cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
    return `v1.${nonce.toString('base64url')}.${sealed.toString('base64url')}`;
  }

  /** Errors: `corrupt` for what was sealed with another key, for another owner, or changed since. */
  unseal(text: string, owner: string): Buffer {
    const [version, nonceText = '', sealedText = ''] = text.split('.');
    const nonce = Buffer.from(nonceText, 'base64url');
    const sealed = Buffer.from(sealedText, 'base64url');
    try {
      if (version !== 'v1' || nonce.length !== nonceBytes || sealed.length < tagBytes)
        throw new Fault('corrupt', 'the text has not the form of a sealed secret');
      const decipher = createDecipheriv(algorithm, this.#key, nonce, { authTagLength: tagBytes });
      decipher.setAAD(Buffer.from(owner));
      decipher.setAuthTag(sealed.subarray(-tagBytes));
      return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]);
    } catch (cause) {
      throw new Fault('corrupt', 'a sealed secret cannot be read', {
        cause,
        hint: 'it was sealed with another key: set it up again',
      });
    }
  }
}
