/**
 * Passwords that are guessed first, whatever their length (NIST SP 800-63B, 3.1.1.2): repetitions,
 * rows of the keyboard and the alphabet, the user's or the product's name with little beside it.
 */
import { Fault } from '#lib';

const rows = [
  'abcdefghijklmnopqrstuvwxyz',
  '0123456789012345678901234567890',
  'qwertyuiopasdfghjklzxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
  '1q2w3e4r5t6y7u8i9o0p',
];
const rowsBothWays = rows.flatMap((row) => [row, Array.from(row).reverse().join('')]);
const commonWords = ['password', 'passwort', 'administrator', 'admin', 'letmein', 'welcome'];
/** So many characters must be left when everything that is easily guessed is taken away. */
const minRest = 6;

/** Errors: `invalid` with the reason. */
export function requireStrongPassword(password: string, userName: string): void {
  const problem = weakness(password.toLowerCase(), userName.toLowerCase());
  if (problem === undefined) return;
  throw new Fault('invalid', `the password ${problem}`, {
    hint: 'take four or five words that do not belong together',
  });
}

function weakness(password: string, userName: string): string | undefined {
  if (new Set(password).size < 5) return 'has too few different characters';
  if (isRepetition(password)) return 'is a repetition';
  if (rowsBothWays.some((row) => row.includes(password)))
    return 'is a row of the keyboard or the alphabet';
  let rest = password;
  for (const word of [userName, 'gantry', ...commonWords])
    if (word.length > 2) rest = rest.replaceAll(word, '');
  rest = rest.replaceAll(/[^\p{L}]/gu, '');
  if (rest.length < minRest && rest.length < lettersOf(password).length)
    return 'is little more than a name or a common word';
  return undefined;
}

function lettersOf(text: string): string {
  return text.replaceAll(/[^\p{L}]/gu, '');
}

function isRepetition(text: string): boolean {
  // A text that repeats a part of itself is found inside of its double before the end.
  return (text + text).indexOf(text, 1) < text.length;
}
