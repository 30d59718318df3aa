/**
 * Passwords (SEC-26): Argon2id (RFC 9106) with OWASP's parameters, computed outside of the event loop,
 * so many at a time that neither memory nor the thread pool can be used up by people who sign in. The library is
 * loaded for the first of them: many coordinators wait for days until somebody comes with a password.
 */
import { Fault } from '#lib';

/** OWASP Password Storage: 19 MiB, two passes, one lane. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** How a hash that was made with them begins. */
const prefix = `$argon2id$v=19$m=${parameters.memoryCost},t=${parameters.timeCost},p=${parameters.parallelism}$`;
const maxAtOnce = 2;
const maxWaiting = 64;

/** The hashing itself; a test counts it. */
export interface Hashing {
  readonly hash: (password: string, costs: typeof parameters) => Promise<string>;
  readonly verify: (phc: string, password: string) => Promise<boolean>;
}

const argon2: Hashing = {
  hash: async (password, costs) => (await import('@node-rs/argon2')).hash(password, costs),
  verify: async (phc, password) => (await import('@node-rs/argon2')).verify(phc, password),
};

export class Passwords {
  readonly #hashing: Hashing;
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  #decoy: string | undefined;

  constructor(hashing: Hashing = argon2) {
    this.#hashing = hashing;
  }

  /** PHC string. Errors: `rate-limited` when too many wait. */
  hash(password: string): Promise<string> {
    return this.#run(() => this.#hashing.hash(normalize(password), parameters));
  }

  /** Without a hash it takes as long as with one, and the answer is false. Errors: as `hash`. */
  verify(phc: string | null, password: string): Promise<boolean> {
    return this.#run(async () => {
      // The first of all waits for it too, whether there is a hash or not.
      this.#decoy ??= await this.#hashing.hash('there is no such user', parameters);
      const right = await this.#hashing.verify(phc ?? this.#decoy, normalize(password));
      return right && phc !== null;
    });
  }

  /** Whether a hash was made with other parameters than today's. */
  isOutdated(phc: string): boolean {
    return !phc.startsWith(prefix);
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= maxAtOnce) {
      if (this.#waiting.length >= maxWaiting)
        throw new Fault('rate-limited', 'too many people sign in at the same time', {
          hint: 'try again in a few seconds',
        });
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    } else this.#running += 1;
    try {
      return await work();
    } finally {
      // The place goes to the next in line, so that nobody can come in between.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}

/** The same password from every keyboard (NIST SP 800-63B, 3.1.1.2). */
function normalize(password: string): string {
  return password.normalize('NFKC');
}
