/** What is known of a vm, in short. */
import { Card, CardBody, CardTitle, Gallery } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { Vm } from '#api';
import { useConsole, useWords } from '../console.ts';
import { FactList, type Facts } from '../parts/FactList.tsx';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import { Sparkline } from '../parts/Sparkline.tsx';
import { RunningTime } from '../vms/RunningTime.tsx';
import { Thumbnail } from '../vms/Thumbnail.tsx';
import { DiskActivity, NetworkActivity } from './Activity.tsx';
import { DiskSpaceAlert } from './DiskSpaceAlert.tsx';
import { useVmText } from './words/vm-words.ts';

function FactCard({ title, facts }: { readonly title: string; readonly facts: Facts }): ReactNode {
  return (
    <Card isCompact>
      <CardTitle component="h2">{title}</CardTitle>
      <CardBody>
        <FactList facts={facts} />
      </CardBody>
    </Card>
  );
}

export function Summary({ vm }: { readonly vm: Vm }): ReactNode {
  const words = useWords();
  const text = useVmText();
  const { live } = useConsole();
  const samples = live.samples.of(vm.id);
  const { status, definition } = vm;
  const { hardware } = definition;
  const offset = status.guest?.clockOffsetMs ?? null;
  const none = words.text('notAvailable');
  const lines = (list: readonly string[]): ReactNode =>
    list.length === 0 ? none : list.map((line) => <div key={line}>{line}</div>);
  return (
    <>
      {status.lastFault !== null && <FailureAlert error={new Error(status.lastFault.message)} />}
      <DiskSpaceAlert vm={vm} />
      <Gallery hasGutter minWidths={{ default: '100%', md: '22rem' }}>
        {vm.state !== 'off' && (
          <Card isCompact className="summary-screen">
            <CardTitle component="h2">{words.text('screen')}</CardTitle>
            <CardBody>
              <Thumbnail vm={vm} />
            </CardBody>
          </Card>
        )}
        <FactCard
          title={words.text('state')}
          facts={[
            [words.text('state'), words.state(vm.standing)],
            [words.text('runningTime'), <RunningTime key="time" vm={vm} />],
            [
              words.text('cpu'),
              <>
                {words.percent(status.cpuPercent)}
                <Sparkline most={100} values={samples.map(({ cpuPercent }) => cpuPercent)} />
              </>,
            ],
            [
              words.text('memory'),
              <>
                {words.bytes(status.memoryBytes)}
                <Sparkline
                  most={hardware.memory.sizeBytes}
                  values={samples.map(({ memoryBytes }) => memoryBytes)}
                />
              </>,
            ],
            [words.text('disk'), <DiskActivity key="disk" vm={vm} />],
            [words.text('diskSpace'), words.bytes(status.diskSpaceBytes)],
            [words.text('network'), <NetworkActivity key="network" vm={vm} />],
            [words.text('host'), vm.host],
            [
              words.text('driver'),
              `${vm.driver}${status.accelerator === null || status.accelerator === vm.driver ? '' : `, ${status.accelerator}`}`,
            ],
            [words.text('technique'), vm.technique],
            [words.text('folder'), vm.folder],
          ]}
        />
        <FactCard
          title={words.text('guest')}
          facts={[
            [words.text('guest'), status.guest?.osName ?? definition.guestOs],
            [words.text('name'), status.guest?.hostName ?? none],
            [
              text('guestHealth'),
              status.guestHealth === null ? none : text(`health.${status.guestHealth}`),
            ],
            [words.text('heartbeat'), text(`heartbeat.${status.heartbeat.state}`)],
            [
              words.text('guestAdditions'),
              [text(`additions.${status.additions.state}`), status.additions.version]
                .filter((part) => part !== null)
                .join(', '),
            ],
            [
              words.text('guestClock'),
              offset === null ? none : words.text('clockOffset', { offset }),
            ],
            [words.text('addresses'), lines(status.guest?.addresses ?? [])],
            [
              words.text('forwards'),
              lines(
                status.forwards.map(
                  ({ protocol, hostAddress, hostPort, guestPort }) =>
                    `${protocol} ${hostAddress}:${hostPort} → ${guestPort}`,
                ),
              ),
            ],
          ]}
        />
        <FactCard
          title={words.text('hardware')}
          facts={[
            [words.text('processors'), words.count(hardware.processor.count)],
            [words.text('memory'), words.bytes(hardware.memory.sizeBytes)],
            [words.text('disk'), lines(hardware.disks.map((disk) => disk.file))],
            [words.text('type'), `${hardware.machine}, ${hardware.firmware.type}`],
          ]}
        />
      </Gallery>
    </>
  );
}
