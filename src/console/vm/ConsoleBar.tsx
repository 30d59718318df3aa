/** Above a console: whether it is connected, and what it offers; own tab and full screen are for all. */
import { Flex, FlexItem, Label } from '@patternfly/react-core';
import type { ReactNode, RefObject } from 'react';
import type { Vm } from '#api';
import { useConsole, useWords } from '../console.ts';
import { ConsoleTools, type ConsoleTool } from './ConsoleTools.tsx';
import type { ConnectionState } from './use-connection.ts';
import { useVmText } from './words/vm-words.ts';

const none: readonly ConsoleTool[] = [];
const colors = { connecting: 'blue', connected: 'green', disconnected: 'red' } as const;

export function ConsoleBar({
  vm,
  kind,
  state,
  place,
  onFocus,
  tools = none,
  people,
  children,
}: {
  readonly vm: Vm;
  readonly kind: 'screen' | 'serial';
  readonly state: ConnectionState;
  /** What becomes as large as the screen. */
  readonly place: RefObject<HTMLElement | null>;
  readonly onFocus: () => void;
  /** Before those that are for all. */
  readonly tools?: readonly ConsoleTool[];
  /** Who is there. */
  readonly people: ReactNode;
  /** Menus. */
  readonly children?: ReactNode;
}): ReactNode {
  const { notices } = useConsole();
  const words = useWords();
  const text = useVmText();
  const address = `/${kind}/${vm.id}`;
  const showFull = async (): Promise<void> => {
    try {
      await place.current?.requestFullscreen();
      onFocus();
    } catch (error) {
      notices.fail(words.text('fullScreen'), error);
    }
  };
  return (
    <Flex
      className="console-bar"
      alignItems={{ default: 'alignItemsCenter' }}
      spaceItems={{ default: 'spaceItemsSm' }}
    >
      <FlexItem role="status">
        <Label color={colors[state]}>
          {state === 'disconnected' ? text('reconnecting') : words.text(state)}
        </Label>
      </FlexItem>
      {children}
      <ConsoleTools
        tools={[
          ...tools,
          ...(location.pathname === address ? [] : [{ title: text('ownTab'), href: address }]),
          { title: words.text('fullScreen'), act: () => void showFull() },
        ]}
      />
      {people}
    </Flex>
  );
}
