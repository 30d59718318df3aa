/** A page of the manual of this version (WEB-38); its words are English. */
import { Bullseye, PageSection, Spinner } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link, useLocation, useParams } from '@tanstack/react-router';
import { useEffect, type ReactNode } from 'react';
import { useWords } from '../console.ts';
import { NothingHere } from '../frame/NothingHere.tsx';
import { PageTitle } from '../parts/PageTitle.tsx';
import { Blocks } from './Blocks.tsx';
import './manual.css';
import { parseMarkdown, plainText } from './markdown.ts';
import { readPage } from './pages.ts';
import { startPage } from './places.ts';

export function ManualPage(): ReactNode {
  const { _splat } = useParams({ strict: false }) as { _splat?: string };
  const page = _splat === undefined || _splat === '' ? startPage : _splat;
  const { hash } = useLocation();
  const words = useWords();
  const { data } = useQuery({
    queryKey: ['manual', page],
    staleTime: Infinity,
    queryFn: async () => {
      const text = await readPage(page);
      return text === undefined ? [] : parseMarkdown(text);
    },
  });
  useEffect(() => {
    if (data !== undefined && hash !== '') document.getElementById(hash)?.scrollIntoView();
  }, [data, hash]);
  if (data === undefined)
    return (
      <Bullseye>
        <Spinner aria-label={words.text('loading')} />
      </Bullseye>
    );
  const [first, ...rest] = data;
  if (first?.kind !== 'heading') return <NothingHere />;
  return (
    <div lang="en">
      <PageTitle title={plainText(first.parts)} help={undefined}>
        {page !== startPage && (
          <Link to="/docs/$" params={{ _splat: startPage }} lang={words.language.code}>
            {words.text('documentation')}
          </Link>
        )}
      </PageTitle>
      <PageSection isFilled className="manual">
        <Blocks page={page} blocks={rest} />
      </PageSection>
    </div>
  );
}
