/** Test material: an authority and certificates from it, made by the openssl program. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends AsyncDisposable {
  /** Holds `cacert.pem`, `clientcert.pem`, `clientkey.pem`, as libvirt's clients want it. */
  readonly folder: string;
  readonly ca: string;
  readonly client: CertificateFiles;
  /** PEM texts of a certificate for these alternative names (`DNS:localhost`, `IP:127.0.0.1`). */
  issue(name: string, altNames: string): Promise<CertificateFiles>;
}

/** Why certificates cannot be made here; false when they can. */
export async function whyNoCertificates(): Promise<string | false> {
  return run('openssl', ['version']).then(
    () => false as const,
    () => 'the program openssl is not installed',
  );
}

export async function makeAuthority(clientName: string): Promise<Authority> {
  const folder = await mkdtemp(join(tmpdir(), 'lv-'));
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const request = async (
    name: string,
    file: string,
    extensions: string,
    more: readonly string[],
  ): Promise<CertificateFiles> => {
    const config = join(folder, `${file}.cnf`);
    await writeFile(
      config,
      `[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=${name}\n[ext]\n${extensions}\n`,
    );
    const cert = join(folder, `${file}cert.pem`);
    const keyFile = join(folder, `${file}key.pem`);
    const common = ['-config', config, '-extensions', 'ext', '-days', '2'];
    const out = ['-keyout', keyFile, '-out', cert];
    await run('openssl', ['req', '-x509', ...key, ...common, ...more, ...out]);
    return { cert: await readFile(cert, 'utf8'), key: await readFile(keyFile, 'utf8') };
  };
  const authority = 'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign';
  const { cert: ca } = await request('Test authority', 'ca', authority, []);
  const issue = (name: string, file: string, altNames: string): Promise<CertificateFiles> => {
    const leaf = `basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature,keyEncipherment
extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=${altNames}`;
    const signer = ['-CA', join(folder, 'cacert.pem'), '-CAkey', join(folder, 'cakey.pem')];
    return request(name, file, leaf, signer);
  };
  const client = await issue(clientName, 'client', `DNS:${clientName}`);
  let count = 0;
  return {
    folder,
    ca,
    client,
    issue: (name, altNames) => {
      count += 1;
      return issue(name, `leaf${count}`, altNames);
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
