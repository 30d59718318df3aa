/** Data of the contract as the store's JSON: plain readonly objects without undefined members. */
import type { Json } from '../store/store.ts';

/** Everything of the contract is JSON; the type says less only because its members are optional. */
export function asJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
