import { Button, Flex, InlineMessage, Panel, Text } from '@bigcommerce/big-design';
import { ChevronLeftIcon, ChevronRightIcon } from '@bigcommerce/big-design-icons';
import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import type { Inspection, PreviewRow, TargetField } from '../../api/types';
import { useApp } from '../../components/app';
import { Name, Wrap } from '../../components/Cells';
import { Confirm } from '../../components/Confirm';
import { Loaded, Working } from '../../components/Feedback';
import { EmptyState } from '../../components/states/EmptyState';
import { FailedState } from '../../components/states/FailedState';
import { Hidden } from '../../components/Hidden';
import { MappingEditor } from '../../components/MappingEditor';
import { columnsOf, toFields, toLines } from '../../lib/mapping';
import { useDebounced } from '../../lib/useDebounced';
import type { Words } from '../../lib/words';
import { text } from '../../text';
import { flowText } from '../../texts/flow';
import { runText } from '../../texts/run';
import { DataTable } from '../../components/DataTable';
import { type Draft, hasSource } from './draft';

const previewRows = 20;
const settle = 400; // ms without a key before the preview is asked for

interface Props {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  disabled: boolean;
  fields: UseQueryResult<TargetField[]>;
  inspection: Inspection | undefined;
  inspect: { mutate: (d: Draft) => void; isPending: boolean; error: unknown };
  missing: TargetField[];
  flowId: string;
  words: Words;
  onSource: () => void;
}

export function MappingStep({ draft, change, disabled, fields, inspection, inspect, missing, flowId, words, onSource }: Props) {
  const t = flowText.mapping;
  const needs = inspection === undefined && hasSource(draft);
  const { mutate, isPending, error } = inspect;
  const idle = needs && !isPending && !error;
  useEffect(() => {
    // A saved flow was opened here: read its source for the columns and sample rows. A viewer may not.
    if (idle && !disabled) mutate(draft);
  }, [idle, disabled, mutate, draft]);

  if (!hasSource(draft)) return <EmptyState action={{ text: t.needSource.action, onClick: onSource }} heading={t.needSource.heading} message={t.needSource.message} />;
  return (
    <>
      {error && !inspection ? <FailedState error={error} retry={() => mutate(draft)} /> : null}
      {isPending ? (
        <Panel>
          <Working label={t.loadingSource} />
        </Panel>
      ) : (
        <Loaded query={fields}>
          {(targets) => <Mapping change={change} disabled={disabled} draft={draft} inspection={inspection} missing={missing} flowId={flowId} targets={targets} words={words} />}
        </Loaded>
      )}
    </>
  );
}

interface MappingProps extends Pick<Props, 'draft' | 'change' | 'disabled' | 'inspection' | 'missing' | 'flowId' | 'words'> {
  targets: TargetField[];
}

function Mapping({ draft, change, disabled, inspection, missing, flowId, words, targets }: MappingProps) {
  const { client, format } = useApp();
  const t = flowText.mapping;
  const [chosen, setChosen] = useState(0);
  const [replacing, setReplacing] = useState(false);

  const mapping = useMemo(() => ({ fields: toFields(draft.lines) }), [draft.lines]);
  const wanted = useMemo(() => JSON.stringify(mapping), [mapping]);
  const settled = useDebounced(wanted, settle);
  const preview = useQuery({
    queryKey: ['preview', flowId, inspection?.snapshot_id, inspection?.format, settled],
    queryFn: ({ signal }) =>
      client.preview({ flow_id: flowId, snapshot_id: inspection?.snapshot_id ?? '', format: inspection?.format ?? {}, mapping: JSON.parse(settled) as typeof mapping, limit: previewRows }, signal),
    enabled: inspection !== undefined && mapping.fields.length > 0 && !disabled,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 60_000,
  });
  const rows = preview.data?.rows ?? [];
  const at = Math.min(chosen, Math.max(0, rows.length - 1));
  const row = rows[at];
  const compileErrors = useMemo(() => new Map((preview.data?.errors ?? []).map((e) => [e.field, e.message])), [preview.data]);
  const known = new Set(draft.lines.map((l) => l.target));
  const stray = (preview.data?.errors ?? []).filter((e) => !known.has(e.field));
  const suggested = inspection?.suggested_mapping.fields ?? [];
  const suggest = () => {
    change({ lines: toLines(suggested) });
    setReplacing(false);
  };
  return (
    <>
      <Panel
        action={
          suggested.length > 0
            ? { text: t.suggest, variant: 'secondary', disabled, onClick: () => (draft.lines.length > 0 ? setReplacing(true) : suggest()) }
            : undefined
        }
        description={t.description(words)}
        header={t.header}
      >
        {missing.length > 0 ? (
          <InlineMessage header={t.missingHeader} marginBottom="medium" messages={[{ text: t.missing(words, missing.map((f) => f.label || f.name).join(', ')) }]} type="warning" />
        ) : null}
        {stray.length > 0 ? <InlineMessage marginBottom="medium" messages={stray.map((e) => ({ text: e.field ? `${e.field}: ${e.message}` : e.message }))} type="error" /> : null}
        {preview.error ? <FailedState error={preview.error} retry={() => void preview.refetch()} /> : null}
        {disabled ? null : <RowChooser at={at} broken={compileErrors.size > 0} onChange={setChosen} rows={rows} updating={preview.isFetching} />}
        <Hidden aria-live="polite" role="status">
          {preview.isFetching || rows.length === 0
            ? ''
            : t.previewReady(format.number(rows.length), format.number(rows.filter((r) => (r.errors?.length ?? 0) > 0).length))}
        </Hidden>
        <MappingEditor
          columns={columnsOf(inspection)}
          compileErrors={compileErrors}
          disabled={disabled}
          lines={draft.lines}
          onChange={(lines) => change({ lines })}
          row={row}
          targets={targets}
          words={words}
        />
      </Panel>
      <Problems onChoose={setChosen} rows={rows} />
      <Confirm
        confirm={t.suggestConfirm.confirm}
        header={t.suggestConfirm.header}
        message={t.suggestConfirm.message}
        onClose={() => setReplacing(false)}
        onConfirm={suggest}
        open={replacing}
      />
    </>
  );
}

/** Which sample row the preview column shows. */
function RowChooser({ rows, at, broken, onChange, updating }: { rows: PreviewRow[]; at: number; broken: boolean; onChange: (at: number) => void; updating: boolean }) {
  const { format } = useApp();
  const t = flowText.mapping;
  const row = rows[at];
  if (!row) return <Text color="secondary60">{updating ? t.previewing : broken ? t.fix : t.noRows}</Text>;
  return (
    <Flex flexDirection="row" alignItems="center" flexGap="0.25rem" flexWrap="wrap" justifyContent="flex-end" marginBottom="xSmall">
      <Text as="span" color="secondary60" marginBottom="none" marginRight="xSmall">
        {t.preview}: {t.row(format.number(at + 1), format.number(rows.length))} ({t.rowLine(format.number(row.line), row.key)})
      </Text>
      <Flex flexDirection="row" flexGap="0.25rem">
        <Button
          aria-label={t.previous}
          disabled={at === 0}
          iconOnly={<ChevronLeftIcon aria-hidden />}
          mobileWidth="auto"
          onClick={() => onChange(at - 1)}
          type="button"
          variant="subtle"
        />
        <Button
          aria-label={t.next}
          disabled={at >= rows.length - 1}
          iconOnly={<ChevronRightIcon aria-hidden />}
          mobileWidth="auto"
          onClick={() => onChange(at + 1)}
          type="button"
          variant="subtle"
        />
      </Flex>
    </Flex>
  );
}

interface Problem {
  id: string;
  index: number;
  row: number;
  sku: string;
  field: string;
  message: string;
}

function Problems({ rows, onChoose }: { rows: PreviewRow[]; onChoose: (at: number) => void }) {
  const { format } = useApp();
  const t = runText.rows;
  const problems: Problem[] = rows.flatMap((r, index) =>
    (r.errors ?? []).map((e, i) => ({ id: `${index}-${i}`, index, row: r.row, sku: r.key, field: e.field, message: e.message })),
  );
  if (problems.length === 0) return null;
  return (
    <Panel header={flowText.mapping.problemsHeader}>
      <DataTable
        aria-label={flowText.mapping.problemsHeader}
        columns={[
          {
            header: t.row,
            hash: 'line',
            render: (p: Problem) => (
              <Button mobileWidth="auto" onClick={() => onChoose(p.index)} type="button" variant="subtle">
                {format.number(p.row)}
              </Button>
            ),
          },
          { header: t.record, hash: 'key', render: (p: Problem) => <Name>{p.sku || text.none}</Name> },
          { header: t.field, hash: 'field', render: (p: Problem) => <Name>{p.field}</Name> },
          { header: t.message, hash: 'message', render: (p: Problem) => <Wrap $min={14}>{p.message}</Wrap> },
        ]}
        items={problems}
      />
    </Panel>
  );
}
