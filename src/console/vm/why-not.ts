/** Why an action is not possible now, and what would help, as the API says it; undefined where it is possible. */
import type { AllowedAction } from '#api';

export function tellWhyNot(judged: AllowedAction | undefined): string | undefined {
  if (judged === undefined || judged.allowed) return undefined;
  return [judged.reason, judged.hint].filter((part) => part !== undefined).join(' – ');
}
