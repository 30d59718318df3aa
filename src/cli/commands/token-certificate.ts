/** A client certificate for a token, in a folder as libvirt's clients want it. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '#lib';
import { X509Process } from '#x509';
import { command } from '../command.ts';

export const tokenCertificateCommand = command({
  name: 'token certificate',
  summary: 'make a client certificate that means what a token means, and ends with it',
  args: [{ name: 'token', meaning: 'name or id' }],
  options: {
    into: {
      type: 'text',
      value: 'FOLDER',
      meaning: 'where clientcert.pem, clientkey.pem and cacert.pem are written; default: here',
    },
  },
  examples: ['gantry token certificate virsh --into ~/.pki/libvirt'],
  async run({ client, args, options, out, signal }) {
    const [token = ''] = args;
    const folder = options.into ?? '.';
    // The key is made here and does not leave this machine.
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    using x509 = new X509Process();
    const csr = await x509.createRequest(privateKey, 'gantry');
    const issued = await client.call(
      'token.certificate',
      { params: { token }, body: { csr } },
      signal,
    );
    const key = privateKey.export({ format: 'pem', type: 'pkcs8' });
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      for (const [name, text, mode] of [
        ['clientkey.pem', key, 0o600],
        ['clientcert.pem', issued.certificate, 0o644],
        ['cacert.pem', issued.authority, 0o644],
      ] as const)
        await writeFile(join(folder, name), text, { flag: 'wx', mode });
    } catch (cause) {
      throw new Fault('invalid', `cannot write the certificate into ${folder}`, {
        cause,
        hint: 'choose a folder with --into in which you may write, and in which there is none yet',
      });
    }
    out.line(
      `clientcert.pem, clientkey.pem and cacert.pem are in ${folder}, valid until ${issued.expiresAt}`,
    );
    out.hint(`revoke it with its token: gantry token delete ${token}`);
  },
});
