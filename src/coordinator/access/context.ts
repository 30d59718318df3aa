/** What the verbs of this folder work with. Made once, by `openAccess`. */
import type { Coordinator } from '../context.ts';
import type { Authority } from './authority/authority.ts';
import type { Rights } from './rights/rights.ts';
import type { Sealer } from './second-factor/sealer.ts';
import type { SignInLimiter } from './sign-in/limiter.ts';
import type { Passwords } from './sign-in/passwords.ts';

export interface AccessContext {
  readonly coordinator: Coordinator;
  readonly rights: Rights;
  readonly passwords: Passwords;
  readonly limiter: SignInLimiter;
  /** For one-time codes, by user alone. */
  readonly codeLimiter: SignInLimiter;
  readonly sealer: Sealer;
  readonly authority: Authority;
}
