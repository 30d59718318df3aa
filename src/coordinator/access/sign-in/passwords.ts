/**
 * Passwords (SEC-26): Argon2id (RFC 9106) with OWASP's parameters, computed outside of the event loop,
 * so many at a time that neither memory nor the thread pool can be used up by people who sign in.
 */
import { hash, parseOptions, verify } from '@node-rs/argon2';
import { Fault } from '#lib';

/** OWASP Password Storage: 19 MiB, two passes, one lane. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const maxAtOnce = 2;
const maxWaiting = 64;

/** The hashing itself; a test counts it. */
export interface Hashing {
  readonly hash: (password: string, costs: typeof parameters) => Promise<string>;
  readonly verify: (phc: string, password: string) => Promise<boolean>;
}

export class Passwords {
  readonly #hashing: Hashing;
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #decoy: Promise<string>;

  constructor(hashing: Hashing = { hash, verify }) {
    this.#hashing = hashing;
    this.#decoy = this.hash('there is no such user');
    this.#decoy.catch(() => undefined);
  }

  /** PHC string. Errors: `rate-limited` when too many wait. */
  hash(password: string): Promise<string> {
    return this.#run(() => this.#hashing.hash(normalize(password), parameters));
  }

  /** Without a hash it takes as long as with one, and the answer is false. Errors: as `hash`. */
  verify(phc: string | null, password: string): Promise<boolean> {
    return this.#run(async () => {
      const right = await this.#hashing.verify(phc ?? (await this.#decoy), normalize(password));
      return right && phc !== null;
    });
  }

  /** Whether a hash was made with other parameters than today's. */
  isOutdated(phc: string): boolean {
    const { memoryCost, timeCost, parallelism } = parseOptions(phc);
    return (
      memoryCost !== parameters.memoryCost ||
      timeCost !== parameters.timeCost ||
      parallelism !== parameters.parallelism
    );
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
