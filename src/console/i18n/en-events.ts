/** English: what happened is told as the API tells it (src/api/event/catalogue.ts). */

export interface EventWords {
  /** By the event's name; of what is left out the API's own message stands. */
  readonly sentences: Readonly<Record<string, string>>;
  /** What stands for an attribute that has no value. */
  readonly noValue: string;
  /** Words of the catalogue that are values of attributes: by attribute, then by the English words, with `{places}`. */
  readonly values: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** By whose hand, where no person did it. */
  readonly actors: Readonly<Record<string, string>>;
}

export const englishEvents: EventWords = {
  sentences: {},
  noValue: '(no value)',
  values: {},
  actors: {},
};
