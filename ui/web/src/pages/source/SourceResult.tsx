import { Box, H3, InlineMessage, Panel } from '@bigcommerce/big-design';
import { useEffect, useRef } from 'react';
import { ScrollX } from '../../components/Cells';
import { useApp } from '../../components/app';
import { Working } from '../../components/Feedback';
import { SampleTable } from '../../components/SampleTable';
import { FailedState } from '../../components/states/FailedState';
import type { Format, Inspection } from '../../api/types';
import { sourceText } from '../../texts/source';
import { type SourceDraft, isChosen } from './draft';
import { FileQuestion } from './FileQuestion';
import { FormatFields } from './FormatFields';
import type { SourceCheck } from './useInspection';

interface Props {
  source: SourceCheck;
  draft: SourceDraft;
  change: (part: Partial<SourceDraft>) => void;
  /** Brings the answer into view and the focus to it. */
  focus: boolean;
}

const rowsShown = 5;

/** What is in the file, or why it cannot be read. It is what everybody waits for, so it comes into view by itself. */
export function SourceResult({ source, draft, change, focus }: Props) {
  const { inspection, isPending, error } = source;
  const heading = useRef<HTMLDivElement>(null);
  const answer = isPending ? undefined : (inspection ?? error ?? undefined);
  const seen = useRef(focus ? undefined : answer);
  useEffect(() => {
    if (answer === undefined || answer === seen.current) return;
    seen.current = answer;
    if (!focus) return;
    heading.current?.scrollIntoView({ block: 'start', behavior: 'smooth' });
    heading.current?.focus({ preventScroll: true });
  }, [answer, focus]);
  const t = sourceText;
  if (answer === undefined) {
    return isPending ? (
      <Panel>
        <Working label={t.checking} />
      </Panel>
    ) : null;
  }
  return (
    <div ref={heading} style={{ scrollMarginTop: '1rem' }} tabIndex={-1}>
      {inspection ? (
        <Sample change={change} draft={draft} inspection={inspection} look={source.look} />
      ) : (
        <Panel header={t.failed}>
          <FailedState error={error} retry={() => source.look(draft)} />
          {draft.kind === 'url' && !isChosen(draft.format) ? null : <FormatFields onChange={(format) => change({ format })} value={draft.format} />}
        </Panel>
      )}
    </div>
  );
}

function Sample({ inspection, draft, change, look }: { inspection: Inspection; look: (draft: SourceDraft) => void } & Pick<Props, 'draft' | 'change'>) {
  const { format } = useApp();
  const t = sourceText;
  const header = inspection.header ?? [];
  const errors = inspection.row_errors ?? [];
  const { type, encoding, delimiter, sheet, path, member } = inspection.format;
  const how = [
    named(t.types, type),
    sheet ? t.sheetNamed(sheet) : '',
    type === 'xlsx' ? '' : named(t.encodings, encoding),
    type !== 'csv' ? '' : named(t.delimiters, delimiter),
    path ? t.pathNamed(path) : '',
    member ? t.memberNamed(member) : '',
  ]
    .filter(Boolean)
    .join(', ');
  const columns = format.number(header.length);
  const count = inspection.row_count;
  const empty = count === 0;
  const choose = (chosen: Format) => {
    change({ format: chosen });
    look({ ...draft, format: chosen });
  };
  return (
    <Panel
      action={{ text: t.check, variant: 'secondary', onClick: () => look(draft) }}
      description={t.written(how, format.bytes(inspection.size))}
      header={count === null ? t.resultUncounted(columns, header.length) : t.result(format.number(count), count, columns, header.length)}
    >
      <FileQuestion inspection={inspection} onChoose={(part) => choose({ ...draft.format, ...part })} />
      {empty ? <InlineMessage header={t.noRows.header} marginBottom="medium" messages={[{ text: t.noRows.message }]} type="warning" /> : null}
      {errors.length > 0 ? (
        <InlineMessage header={t.rowErrors} marginBottom="medium" messages={errors.slice(0, 5).map((e) => ({ text: t.rowError(format.number(e.line), e.message) }))} type="warning" />
      ) : null}
      <H3>{t.sample}</H3>
      <Box marginBottom="medium">
        <ScrollX aria-label={t.sample} role="region" tabIndex={0}>
          <SampleTable header={header} rows={(inspection.rows ?? []).slice(0, rowsShown).map((row) => row ?? [])} />
        </ScrollX>
      </Box>
      <FormatFields found={inspection} onChange={choose} value={draft.format} />
    </Panel>
  );
}

function named(names: Record<string, string>, value: string | undefined): string {
  return value ? (names[value] ?? value) : '';
}
