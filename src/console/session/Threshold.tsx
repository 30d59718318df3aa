/** The plain page before one is signed in. */
import { Bullseye, Card, CardBody, CardTitle, Title } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { TlsNotice } from '../parts/TlsNotice.tsx';

export function Threshold({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <main className="threshold">
      <Bullseye>
        <Card className="threshold-card" isLarge>
          <CardTitle>
            <p className="brand">Gantry</p>
            <Title headingLevel="h1">{title}</Title>
          </CardTitle>
          <CardBody>{children}</CardBody>
        </Card>
      </Bullseye>
      <TlsNotice />
    </main>
  );
}
