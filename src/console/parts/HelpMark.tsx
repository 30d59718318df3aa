/** The mark beside a title that leads to where the manual explains what is below it (WEB-39). */
import { OutlinedQuestionCircleIcon } from '@patternfly/react-icons/dist/esm/icons/outlined-question-circle-icon';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import type { HelpPlace } from '../manual/help.ts';

export function HelpMark({
  title,
  place,
}: {
  readonly title: string;
  readonly place: HelpPlace;
}): ReactNode {
  const words = useWords();
  const [page, hash] = place.split('#');
  return (
    <Link
      to="/docs/$"
      params={{ _splat: page ?? place }}
      {...(hash === undefined ? {} : { hash })}
      className="help-mark"
      aria-label={words.text('helpOn', { title })}
    >
      <OutlinedQuestionCircleIcon />
    </Link>
  );
}
