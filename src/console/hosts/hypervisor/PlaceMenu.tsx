/** What may be done with one network or storage pool of a hypervisor. */
import { Divider } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { Host, HypervisorNetwork, HypervisorPlace } from '#api';
import { useRights } from '../../access/use-rights.ts';
import { useConsole } from '../../console.ts';
import { hostTabHelp } from '../../manual/help.ts';
import { JudgedItem } from '../../parts/JudgedItem.tsx';
import { ThingMenu } from '../../parts/ThingMenu.tsx';
import { placeWords, usePlaceVerbs } from './use-place-verb.ts';
import { usePlaceText, type PlaceKey } from './words.ts';

export type PlaceAsk =
  | { readonly verb: 'define' }
  | { readonly verb: 'edit'; readonly name: string; readonly xml: string }
  | { readonly verb: 'stop' | 'undefine'; readonly place: HypervisorNetwork };

export function PlaceMenu({
  host,
  kind,
  place,
  onAsk,
}: {
  readonly host: Host;
  readonly kind: HypervisorPlace;
  readonly place: HypervisorNetwork;
  readonly onAsk: (asked: PlaceAsk) => void;
}): ReactNode {
  const text = usePlaceText();
  const { notices } = useConsole();
  const [open, setOpen] = useState(false);
  const rights = useRights({ host: host.id }, { enabled: open });
  const whyNot = rights.whyNot('host.extension');
  const { act, describe } = usePlaceVerbs(host, kind);
  const { name, uuid, active, autostart, persistent } = place;
  const named = { [placeWords[kind]]: uuid };
  const doneNow = (
    key: PlaceKey,
    verb: 'start' | 'refresh' | 'autostart',
    argument: string | object,
  ): ReactNode => (
    <JudgedItem
      whyNot={whyNot}
      onClick={() =>
        void act(verb, argument).then(
          () => notices.tell(text('done', { verb: text(key), name })),
          (error: unknown) => notices.fail(text(key), error),
        )
      }
    >
      {text(key)}
    </JudgedItem>
  );
  const ask = (verb: 'stop' | 'undefine'): ReactNode => (
    <JudgedItem whyNot={whyNot} onClick={() => onAsk({ verb, place })}>
      {text(verb)}
    </JudgedItem>
  );
  const edit = (
    <JudgedItem
      whyNot={whyNot}
      onClick={() =>
        void describe(place).then(
          (xml) => onAsk({ verb: 'edit', name, xml }),
          (error: unknown) => notices.fail(text('edit'), error),
        )
      }
    >
      {text('edit')}
    </JudgedItem>
  );
  return (
    <ThingMenu name={name} look="row" onOpen={setOpen} help={hostTabHelp.hypervisorPlaces}>
      {active ? ask('stop') : doneNow('start', 'start', uuid)}
      {kind === 'pools' && active && doneNow('refresh', 'refresh', uuid)}
      {persistent &&
        doneNow(autostart ? 'notWithHost' : 'withHost', 'autostart', {
          ...named,
          autostart: !autostart,
        })}
      {edit}
      {persistent && <Divider component="li" />}
      {persistent && ask('undefine')}
    </ThingMenu>
  );
}
