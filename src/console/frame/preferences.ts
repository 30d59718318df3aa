/** What a person prefers on this browser: appearance and language. Nothing secret, so it may be stored. */
import { findLanguage, type languages } from '../i18n/words.ts';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

export interface Preference {
  readonly theme: Theme;
  /** Code of one of the languages. */
  readonly language: (typeof languages)[number]['code'];
}

const key = 'gantry.preference';
const darkClass = 'pf-v6-theme-dark';

export class Preferences {
  readonly #listeners = new Set<() => void>();
  readonly #system = matchMedia('(prefers-color-scheme: dark)');
  #state: Preference;

  constructor() {
    this.#state = readPreference();
    this.#system.addEventListener('change', () => this.#apply());
    this.#apply();
  }

  get state(): Preference {
    return this.#state;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  change(part: Partial<Preference>): void {
    this.#state = { ...this.#state, ...part };
    try {
      localStorage.setItem(key, JSON.stringify(this.#state));
    } catch {
      // a browser that stores nothing forgets it
    }
    this.#apply();
    for (const listener of this.#listeners) listener();
  }

  #apply(): void {
    const { theme, language } = this.#state;
    const dark = theme === 'dark' || (theme === 'system' && this.#system.matches);
    document.documentElement.classList.toggle(darkClass, dark);
    document.documentElement.lang = language;
  }
}

function readPreference(): Preference {
  let stored: unknown;
  try {
    stored = JSON.parse(localStorage.getItem(key) ?? 'null');
  } catch {
    stored = undefined;
  }
  const { theme, language } = (stored ?? {}) as { theme?: unknown; language?: unknown };
  return {
    theme: themes.find((known) => known === theme) ?? 'system',
    language: findLanguage(typeof language === 'string' ? language : navigator.language).code,
  };
}
