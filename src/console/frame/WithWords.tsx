/** Gives what is inside the words of the language chosen; before the first have come nothing is shown. */
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import { usePreference, WordsContext } from '../console.ts';
import type { Language } from '../i18n/en.ts';
import { createWords, findLanguage } from '../i18n/words.ts';

export function WithWords({ children }: { readonly children: ReactNode }): ReactNode {
  const { language: code } = usePreference();
  const [language, setLanguage] = useState<Language | undefined>(undefined);
  useEffect(() => {
    let isChosen = true;
    void findLanguage(code)
      .read()
      .then((read) => {
        if (isChosen) setLanguage(read);
      });
    return () => {
      isChosen = false;
    };
  }, [code]);
  const words = useMemo(
    () => language && createWords(language, findDialect(language.code)),
    [language],
  );
  return words && <WordsContext value={words}>{children}</WordsContext>;
}

/** As the browser speaks the language, for its numbers and times. */
function findDialect(language: string): string {
  const known = navigator.languages.find((code) => code.toLowerCase().startsWith(language));
  return known ?? language;
}
