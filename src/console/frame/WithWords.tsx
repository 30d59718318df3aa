/** Gives what is inside the words of the language chosen. */
import { useMemo, type ReactNode } from 'react';
import { usePreference, WordsContext } from '../console.ts';
import { createWords, findLanguage } from '../i18n/words.ts';

export function WithWords({ children }: { readonly children: ReactNode }): ReactNode {
  const { language } = usePreference();
  const words = useMemo(() => {
    const dialect = navigator.languages.find((code) => findLanguage(code).code === language);
    const known = dialect?.toLowerCase().startsWith(language) === true;
    return createWords(findLanguage(language), known ? dialect : language);
  }, [language]);
  return <WordsContext value={words}>{children}</WordsContext>;
}
