/**
 * Who we are, as the server wants to know it: nothing (it knows from the socket or the certificate),
 * polkit (it asks the machine), or SASL with a name and password.
 */
import { Fault } from '#lib';
import { authTypes } from '../procedures/feature.ts';
import type { Client } from './client.ts';
import { startScram, type ScramHash } from '../wire/scram.ts';

export interface PasswordCredentials {
  readonly user: string;
  readonly password: string;
}

export interface AuthenticateOptions {
  readonly signal: AbortSignal;
  readonly credentials?: PasswordCredentials | undefined;
  /** Whether bytes on the way are encrypted or local, so that PLAIN may be used. */
  readonly channel: 'private' | 'open';
}

/** Errors: `unauthenticated` with `facts.component` login. */
export async function authenticate(client: Client, options: AuthenticateOptions): Promise<void> {
  const { types } = await client.call('AUTH_LIST', {}, options);
  const [first] = types;
  if (first === undefined || first === authTypes.none) return;
  if (first === authTypes.polkit) {
    const { complete } = await client.call('AUTH_POLKIT', {}, options);
    if (complete === 0) throw refused(client, 'polkit did not agree');
    return;
  }
  if (first !== authTypes.sasl) throw refused(client, `it wants authentication of type ${first}`);
  await authenticateSasl(client, options);
}

const mechanisms: readonly (readonly [name: string, hash: ScramHash | 'plain'])[] = [
  ['SCRAM-SHA-512', 'sha512'],
  ['SCRAM-SHA-256', 'sha256'],
  ['SCRAM-SHA-1', 'sha1'],
  ['PLAIN', 'plain'],
];

async function authenticateSasl(client: Client, options: AuthenticateOptions): Promise<void> {
  const { mechlist } = await client.call('AUTH_SASL_INIT', {}, options);
  const offered = new Set(mechlist.split(/[\s,]+/));
  const choice = mechanisms.find(
    ([name, hash]) => offered.has(name) && (hash !== 'plain' || options.channel === 'private'),
  );
  if (!choice) {
    throw refused(client, `it offers only the mechanisms ${mechlist.slice(0, 200)}`, {
      hint: 'allow SCRAM-SHA-256 in the SASL configuration of libvirtd, and use TLS',
    });
  }
  if (!options.credentials) {
    throw refused(client, 'it wants a user name and a password', {
      hint: 'give credentials with the connection',
    });
  }
  const [mech, hash] = choice;
  if (hash === 'plain') await runPlain(client, mech, options.credentials, options);
  else await runScram(client, mech, hash, options.credentials, options);
}

async function runPlain(
  client: Client,
  mech: string,
  { user, password }: PasswordCredentials,
  options: AuthenticateOptions,
): Promise<void> {
  const data = Buffer.from(`\0${user}\0${password}`);
  const answer = await client.call('AUTH_SASL_START', { mech, nil: 0, data }, options);
  if (answer.complete === 0) throw refused(client, 'it wants more than a password');
}

async function runScram(
  client: Client,
  mech: string,
  hash: ScramHash,
  credentials: PasswordCredentials,
  options: AuthenticateOptions,
): Promise<void> {
  const scram = startScram(hash, credentials);
  const first = await client.call(
    'AUTH_SASL_START',
    { mech, nil: 0, data: Buffer.from(scram.first) },
    options,
  );
  const proof = await scram.prove(Buffer.from(first.data).toString('utf8'));
  let answer = await client.call('AUTH_SASL_STEP', { nil: 0, data: Buffer.from(proof) }, options);
  scram.verify(Buffer.from(answer.data).toString('utf8'));
  if (answer.complete === 0) {
    answer = await client.call('AUTH_SASL_STEP', { nil: 1, data: Buffer.alloc(0) }, options);
    if (answer.complete === 0) throw refused(client, 'SCRAM did not come to an end');
  }
}

function refused(client: Client, why: string, more: { readonly hint?: string } = {}): Fault {
  return new Fault('unauthenticated', `cannot log in to ${client.peer}: ${why}`, {
    ...more,
    facts: { component: 'login' },
  });
}
