/** What one round took. */
export interface Taken {
  readonly runningMs: number;
  readonly loginMs: number;
}
