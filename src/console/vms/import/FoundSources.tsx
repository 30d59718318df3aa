/** Configurations and archives that the host has in its folders for vms: one is chosen, or a path typed instead. */
import { FormGroup, FormSelect, FormSelectOption } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useConsole } from '../../console.ts';
import { Hint } from '../../parts/Hint.tsx';
import { useImportText } from './import-words.ts';

/** No path of a file. */
const typed = '';

/** Nothing where the host has none, or its agent is too old to look. */
export function FoundSources({
  host,
  path,
  onPath,
}: {
  readonly host: string;
  readonly path: string;
  readonly onPath: (path: string) => void;
}): ReactNode {
  const { client } = useConsole();
  const text = useImportText();
  const { data } = useQuery({
    queryKey: ['host.import-source.list', host],
    enabled: host !== '',
    queryFn: ({ signal }) => client.call('host.import-source.list', { params: { host } }, signal),
  });
  const sources = data?.sources ?? [];
  if (sources.length === 0) return null;
  const isFound = sources.some((source) => source.path === path);
  return (
    <FormGroup label={text('found')} fieldId="import-found">
      <FormSelect
        id="import-found"
        value={isFound ? path : typed}
        onChange={(_event, to) => onPath(to)}
      >
        <FormSelectOption value={typed} label={text('foundOther')} />
        {sources.map((source) => (
          <FormSelectOption
            key={source.path}
            value={source.path}
            label={source.kind === 'archive' ? text('foundArchive', source) : source.path}
          />
        ))}
      </FormSelect>
      {data?.complete === false && <Hint id="import-found-hint">{text('foundMore')}</Hint>}
    </FormGroup>
  );
}
