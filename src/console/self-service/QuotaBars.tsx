/** What is used of a quota: a bar for each limit. */
import { Gallery, Progress } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { Quota } from '#api';
import { useWords } from '../console.ts';
import { measureList, measureNames, sayAmount } from './measures.ts';
import { useSelfServiceText } from './words.ts';

export function QuotaBars({ quota }: { readonly quota: Quota }): ReactNode {
  const words = useWords();
  const text = useSelfServiceText();
  return (
    <Gallery hasGutter minWidths={{ default: '14rem' }}>
      {measureList.map((measure) => {
        const limit = quota.limits[measure];
        if (limit === null) return null;
        const used = quota.used[measure];
        const isFull = used >= limit;
        const said = text('used', {
          used: sayAmount(words, measure, used),
          limit: sayAmount(words, measure, limit),
        });
        return (
          <Progress
            key={measure}
            id={`${quota.id}-${measure}`}
            title={text(measureNames[measure])}
            value={limit === 0 ? 100 : Math.min(100, (100 * used) / limit)}
            valueText={said}
            label={isFull ? `${said}, ${text('full')}` : said}
            measureLocation="top"
            size="sm"
            {...(isFull ? { variant: 'warning' as const } : {})}
          />
        );
      })}
    </Gallery>
  );
}
