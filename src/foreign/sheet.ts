/**
 * Settings by their paths, each read at most once: what nobody has asked for in the end is what could not be
 * represented. Paths are compared without regard to case, as the products do.
 */
import { lose, maxLost, type Lost } from './machine.ts';

export class Sheet {
  readonly #entries: Map<string, { readonly path: string; readonly value: string }>;
  readonly #lost: Lost[] = [];

  constructor(entries: Iterable<readonly [string, string]>) {
    this.#entries = new Map();
    for (const [path, value] of entries)
      this.#entries.set(path.toLowerCase(), { path, value: value.trim() });
  }

  take(path: string): string | undefined {
    const entry = this.#entries.get(path.toLowerCase());
    this.#entries.delete(path.toLowerCase());
    return entry?.value;
  }

  /** Looks without taking. */
  peek(path: string): string | undefined {
    return this.#entries.get(path.toLowerCase())?.value;
  }

  /** Undefined for what is no whole number in the bounds; that is told. */
  takeNumber(path: string, min: number, max: number): number | undefined {
    const text = this.take(path);
    if (text === undefined || text === '') return undefined;
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
    this.lose(path, text, `is not a whole number from ${min} to ${max}`);
    return undefined;
  }

  takeFlag(path: string): boolean {
    return /^(true|1|yes|on)$/i.test(this.take(path) ?? '');
  }

  /** All paths that match, with what the expression captures. */
  find(pattern: RegExp): RegExpExecArray[] {
    const found: RegExpExecArray[] = [];
    for (const path of this.#entries.keys()) {
      const match = pattern.exec(path);
      if (match !== null) found.push(match);
    }
    return found;
  }

  /** Bookkeeping of the product, which says nothing about the machine. */
  ignore(pattern: RegExp): void {
    for (const path of Array.from(this.#entries.keys()))
      if (pattern.test(path)) this.#entries.delete(path);
  }

  lose(setting: string, value: string, why: string, device: string | null = null): void {
    if (this.#lost.length < maxLost) this.#lost.push(lose(setting, value, why, device));
  }

  /** What was lost on the way, and all that is left. */
  end(): { readonly lost: readonly Lost[]; readonly kept: Readonly<Record<string, string>> } {
    const kept: Record<string, string> = {};
    for (const { path, value } of this.#entries.values()) {
      if (value === '') continue;
      this.lose(path, value, 'nothing here corresponds to it; it is kept among the extensions');
      if (Object.keys(kept).length < maxLost) kept[path.slice(0, 200)] = value.slice(0, 1000);
    }
    return { lost: this.#lost, kept };
  }
}
