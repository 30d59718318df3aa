/** Through the pages of a list by its cursors. The way back is the browser's own. */
import { Button, Flex, FlexItem } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';

export function PageButtons(props: {
  readonly from: number;
  readonly to: number;
  readonly total: number;
  readonly isFirst: boolean;
  readonly hasNext: boolean;
  readonly onFirst: () => void;
  readonly onNext: () => void;
}): ReactNode {
  const words = useWords();
  const { from, to, total, isFirst, hasNext } = props;
  return (
    <Flex className="pages" alignItems={{ default: 'alignItemsCenter' }}>
      <FlexItem>
        {words.text('vmsRange', {
          from: words.count(from),
          to: words.count(to),
          total: words.count(total),
        })}
      </FlexItem>
      {!(isFirst && !hasNext) && (
        <>
          <Button variant="secondary" isDisabled={isFirst} onClick={props.onFirst}>
            {words.text('firstPage')}
          </Button>
          <Button variant="secondary" isDisabled={!hasNext} onClick={props.onNext}>
            {words.text('nextPage')}
          </Button>
        </>
      )}
    </Flex>
  );
}
