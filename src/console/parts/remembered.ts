/**
 * Small choices that this browser remembers: columns, saved views, what is unfolded. Nothing secret.
 * What is stored is untrusted: whoever asks parses it, and what cannot be parsed is the fallback.
 */
import { useSyncExternalStore } from 'react';

const prefix = 'gantry.';
const maxLength = 100_000;
const listeners = new Set<() => void>();
const values = new Map<string, unknown>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function readText(key: string): string | null {
  try {
    return localStorage.getItem(prefix + key);
  } catch {
    return null;
  }
}

function read<T>(key: string, parse: (stored: unknown) => T): T {
  if (values.has(key)) return values.get(key) as T;
  const text = readText(key);
  let stored: unknown;
  try {
    stored = text === null || text.length > maxLength ? undefined : JSON.parse(text);
  } catch {
    stored = undefined;
  }
  const value = parse(stored);
  values.set(key, value);
  return value;
}

/** `parse` gets what is stored, or undefined, and must always give the same kind of value. */
export function useRemembered<T>(
  key: string,
  parse: (stored: unknown) => T,
): readonly [T, (value: T) => void] {
  const value = useSyncExternalStore(subscribe, () => read(key, parse));
  const change = (next: T): void => {
    values.set(key, next);
    try {
      localStorage.setItem(prefix + key, JSON.stringify(next));
    } catch {
      // A browser that stores nothing forgets it with the page.
    }
    for (const listener of listeners) listener();
  };
  return [value, change];
}

export function parseTexts(stored: unknown): readonly string[] | undefined {
  return Array.isArray(stored) && stored.every((one) => typeof one === 'string')
    ? (stored as readonly string[]).slice(0, 1000)
    : undefined;
}
