/** A network or a storage pool in libvirt's words, to be defined or changed: what it can be there is more than a form would have. */
import {
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  TextArea,
} from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { Host, HypervisorPlace } from '#api';
import { useConsole } from '../../console.ts';
import { FormDialog } from '../../parts/FormDialog.tsx';
import { usePlaceVerbs } from './use-place-verb.ts';
import { usePlaceText } from './words.ts';

const usual: Readonly<Record<HypervisorPlace, string>> = {
  networks: `<network>
  <name>lab</name>
  <forward mode='nat'/>
  <ip address='192.168.150.1' netmask='255.255.255.0'>
    <dhcp><range start='192.168.150.2' end='192.168.150.254'/></dhcp>
  </ip>
</network>`,
  pools: `<pool type='dir'>
  <name>lab</name>
  <target><path>/var/lib/libvirt/lab</path></target>
</pool>`,
};

export function DescribePlace({
  host,
  kind,
  change,
  onClose,
}: {
  readonly host: Host;
  readonly kind: HypervisorPlace;
  /** Undefined: a new one. */
  readonly change: { readonly name: string; readonly xml: string } | undefined;
  readonly onClose: () => void;
}): ReactNode {
  const { notices } = useConsole();
  const text = usePlaceText();
  const { act } = usePlaceVerbs(host, kind);
  const [xml, setXml] = useState((change?.xml ?? usual[kind]).trim());
  const title =
    change === undefined ? text(`define.${kind}`) : text(`edit.${kind}`, { name: change.name });
  const send = async (): Promise<void> => {
    await act('define', xml);
    notices.tell(title);
  };
  return (
    <FormDialog
      title={title}
      verb={text('define')}
      look="primary"
      size="medium"
      canSend={xml.trim() !== '' && xml.trim() !== change?.xml.trim()}
      send={send}
      onClose={onClose}
    >
      <FormGroup label={text('xml')} fieldId="place-xml">
        <TextArea
          id="place-xml"
          className="source-text"
          value={xml}
          rows={14}
          spellCheck={false}
          resizeOrientation="vertical"
          onChange={(_, value) => setXml(value)}
        />
        <FormHelperText>
          <HelperText>
            <HelperTextItem>{text('xmlHelp')}</HelperTextItem>
          </HelperText>
        </FormHelperText>
      </FormGroup>
    </FormDialog>
  );
}
