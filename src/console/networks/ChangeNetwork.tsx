/** All that can be changed of a network; only what is new is sent. */
import { Checkbox, Content } from '@patternfly/react-core';
import { useMemo, useState, type ReactNode } from 'react';
import type { z } from 'zod';
import { networkPatchSchema, networkSpecSchema, type Network, type NetworkPatch } from '#api';
import { useConsole, useWords } from '../console.ts';
import { describeFailure } from '../parts/failure.ts';
import { settingsIn } from '../vm/settings/patch-fields.ts';
import { PatchDialog } from '../vm/settings/PatchDialog.tsx';
import { useNetworkText } from './words.ts';

export function ChangeNetwork({
  network,
  onClose,
}: {
  readonly network: Network;
  readonly onClose: () => void;
}): ReactNode {
  const { client, queries, notices } = useConsole();
  const words = useWords();
  const text = useNetworkText();
  // What somebody else saves while the form is open is not overwritten.
  const [{ version }] = useState(network);
  const schema = useMemo(() => settingsOf(network.type), [network.type]);
  const [risk, setRisk] = useState<'unknown' | 'told' | 'accepted'>('unknown');
  const send = async (body: NetworkPatch): Promise<void> => {
    const changed = await client
      .call('network.update', {
        params: { network: network.id },
        ...(risk === 'accepted' ? { query: { accept: 'physical-dhcp' } } : {}),
        body,
        ifMatch: version,
      })
      .catch((error: unknown) => {
        if (describeFailure(error).reasons.some(({ code }) => code === 'physical-dhcp'))
          setRisk('told');
        throw error;
      });
    queries.setQueryData(['network.show', network.id], changed);
    notices.tell(words.text('actionTaken', { action: words.text('change'), name: changed.name }));
  };
  return (
    <PatchDialog
      title={`${words.text('change')}: ${network.name}`}
      verb={words.text('save')}
      schema={schema}
      value={network}
      send={send}
      onClose={onClose}
    >
      {risk !== 'unknown' && (
        <Checkbox
          id="accept-physical-dhcp"
          label={text('acceptPhysicalDhcp')}
          isChecked={risk === 'accepted'}
          onChange={(_event, checked) => setRisk(checked ? 'accepted' : 'told')}
        />
      )}
      {network.adapters > 0 && (
        <Content component="p">{text('stay', { count: words.count(network.adapters) })}</Content>
      )}
    </PatchDialog>
  );
}

/** Of those that can be changed the ones that a network of the type has. */
function settingsOf(type: Network['type']): z.ZodObject {
  const settings = settingsIn(networkPatchSchema, networkSpecSchema);
  if (type === 'bridged')
    return settings.omit({
      ipv6: true,
      domain: true,
      forwards: true,
    });
  return type === 'nat'
    ? settings.omit({ adapter: true, vlan: true })
    : settings.omit({ adapter: true, vlan: true, forwards: true });
}
