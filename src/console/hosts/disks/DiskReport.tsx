/** All that can be said of a disk: read at once what is quick, and the rest when it is asked for. */
import { Button, ModalBody, ModalFooter, ModalHeader, Spinner } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { diskAnswers, formatWords, type Host, type HostDiskReport, type Operation } from '#api';
import { useConsole, useWords } from '../../console.ts';
import type { Words } from '../../i18n/words.ts';
import { FactList, type Facts } from '../../parts/FactList.tsx';
import { FailureAlert } from '../../parts/FailureAlert.tsx';
import { fileName } from './disk-tree.ts';
import { useDiskText, type DiskText } from './disk-words.ts';
import { useDiskWork } from './use-disk-work.ts';
import { Dialog } from '../../parts/Dialog.tsx';
import { Alert } from '../../parts/Alert.tsx';

const severities = { corruption: 'danger', leak: 'warning', oddity: 'info' } as const;

export function DiskReport({
  host,
  path,
  onClose,
}: {
  readonly host: Host;
  readonly path: string;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useDiskText();
  const { data, error } = useQuery({
    queryKey: ['host.disk', host.id, path],
    staleTime: 0,
    queryFn: ({ signal }) =>
      client.call('host.disk', { params: { host: host.id }, query: { file: path } }, signal),
  });
  return (
    <Dialog isOpen variant="medium" onClose={onClose} aria-labelledby="disk-report">
      <ModalHeader labelId="disk-report" title={`${text('inspect')}: ${fileName(path)}`} />
      <ModalBody>
        {error !== null && <FailureAlert error={error} />}
        {data === undefined ? (
          error === null && <Spinner aria-label={words.text('loading')} />
        ) : (
          <>
            <ReportFacts report={data} />
            {data.findings.length === 0 && data.problem === null ? (
              <Alert variant="success" isInline component="p" title={text('sound')} />
            ) : (
              data.findings.map((finding) => (
                <Alert
                  key={`${finding.path} ${finding.text}`}
                  variant={severities[finding.kind]}
                  isInline
                  component="p"
                  title={`${fileName(finding.path)}: ${finding.text}`}
                />
              ))
            )}
            {data.problem === null && <Readings host={host} file={path} />}
          </>
        )}
      </ModalBody>
      <ModalFooter>
        <Button variant="link" onClick={onClose}>
          {words.text('close')}
        </Button>
      </ModalFooter>
    </Dialog>
  );
}

function ReportFacts({ report }: { readonly report: HostDiskReport }): ReactNode {
  const words = useWords();
  const text = useDiskText();
  const inside = report.snapshots ?? [];
  const listed = (items: readonly string[]): ReactNode =>
    items.length === 0 ? words.text('none') : items.map((item) => <div key={item}>{item}</div>);
  const facts: Facts = [
    [text('file'), report.path],
    [
      text('format'),
      report.format === null
        ? (report.problem ?? words.text('notAvailable'))
        : formatWords(report.format, report.variant),
    ],
    [text('size'), words.bytes(report.sizeBytes)],
    [text('taken'), words.bytes(report.fileBytes)],
    [text('chain'), words.bytes(report.chainBytes)],
    [text('identity'), report.identity ?? words.text('none')],
    ...(report.system ? [[text('holds'), text('installedSystem')] as const] : []),
    ...(inside.length > 0
      ? [[text('inside'), listed(inside.map(({ id, name }) => `${name} (${id})`))] as const]
      : []),
    [text('parents'), listed(report.chain)],
    [text('children'), listed(report.children)],
    [text('usedBy'), listed(report.vms)],
  ];
  return <FactList facts={facts} />;
}

const readings = ['measure', 'check', 'checksum'] as const;
type Reading = (typeof readings)[number];

function tellReading(
  verb: Reading,
  result: Operation['result'],
  words: Words,
  text: DiskText,
): string {
  switch (verb) {
    case 'measure': {
      const { gainBytes, reason } = diskAnswers.measure.parse(result);
      return gainBytes === null
        ? text('noGain', { reason: words.told(reason ?? '') })
        : text('gain', { bytes: words.bytes(gainBytes) });
    }
    case 'check': {
      const { corruptions, leaks, oddities } = diskAnswers.check.parse(result);
      return text('found', { corruptions, leaks, oddities });
    }
    case 'checksum': {
      const { algorithm, checksum } = diskAnswers.checksum.parse(result);
      return `${algorithm} ${checksum}`;
    }
  }
}

/** What takes reading all of it. */
function Readings({ host, file }: { readonly host: Host; readonly file: string }): ReactNode {
  const words = useWords();
  const text = useDiskText();
  const { conclude } = useDiskWork(host);
  const [answer, setAnswer] = useState<string>();
  const [failure, setFailure] = useState<unknown>(undefined);
  const [busy, setBusy] = useState(false);
  const read = async (verb: Reading): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    setAnswer(undefined);
    try {
      const { fault, result } = await conclude({ verb, file });
      if (fault === null) setAnswer(`${text(verb)}: ${tellReading(verb, result, words, text)}`);
      else setFailure(fault);
    } catch (error) {
      setFailure(error);
    }
    setBusy(false);
  };
  return (
    <>
      {readings.map((which) => (
        <Button key={which} variant="link" isDisabled={busy} onClick={() => void read(which)}>
          {text(which)}
        </Button>
      ))}
      <div role="status" className="breakable">
        {busy ? <Spinner size="md" aria-label={words.text('loading')} /> : answer}
      </div>
      {failure !== undefined && <FailureAlert error={failure} />}
    </>
  );
}
