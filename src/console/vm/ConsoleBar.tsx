/** Above a console: whether it is connected, a way to connect again, and what else the console offers. */
import { Button, Flex, FlexItem, Label } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';

export type ConsoleState = 'connecting' | 'connected' | 'disconnected';

const colors = { connecting: 'blue', connected: 'green', disconnected: 'red' } as const;

export function ConsoleBar({
  state,
  onReconnect,
  onFullScreen,
  children,
}: {
  readonly state: ConsoleState;
  readonly onReconnect: () => void;
  readonly onFullScreen: () => void;
  readonly children?: ReactNode;
}): ReactNode {
  const words = useWords();
  return (
    <Flex className="console-bar" alignItems={{ default: 'alignItemsCenter' }}>
      <FlexItem role="status">
        <Label color={colors[state]}>{words.text(state)}</Label>
      </FlexItem>
      {state === 'disconnected' && (
        <Button variant="primary" onClick={onReconnect}>
          {words.text('reconnect')}
        </Button>
      )}
      {children}
      <Button variant="secondary" onClick={onFullScreen}>
        {words.text('fullScreen')}
      </Button>
    </Flex>
  );
}
