import { InlineMessage, Panel, Text } from '@bigcommerce/big-design';
import { useMemo, useState } from 'react';
import type { Inspection, TargetField } from '../../api/types';
import { columnsOf, matched, type MappingLine, toLines } from '../../lib/mapping';
import type { Words } from '../../lib/words';
import { matchingText } from '../../texts/matching';
import { plural } from '../../texts/plural';
import { useApp } from '../app';
import { Confirm } from '../Confirm';
import { Hidden } from '../Hidden';
import { FailedState } from '../states/FailedState';
import { MappingEditor } from './MappingEditor';
import { RowChooser } from './RowChooser';
import { UnusedColumns } from './UnusedColumns';
import type { Matching } from './useMatching';

interface Props {
  lines: MappingLine[];
  onChange: (lines: MappingLine[]) => void;
  targets: TargetField[];
  inspection: Inspection | undefined;
  matching: Matching;
  readOnly: boolean;
  words: Words;
  focus?: string;
}

/** The whole matching of a sync: fields and columns side by side, on a record of the file and counted over all of it. */
export function MatchingPanel({ lines, onChange, targets, inspection, matching, readOnly, words, focus }: Props) {
  const { format } = useApp();
  const t = matchingText;
  const [replacing, setReplacing] = useState(false);
  const { rows, check, isUpdating, isCounting } = matching;
  const columns = useMemo(() => (inspection ? columnsOf(inspection) : undefined), [inspection]);
  const suggested = inspection?.suggested_mapping.fields ?? [];
  const count = inspection?.row_count ?? (check?.complete ? check.rows : undefined);
  const known = new Set(lines.map((l) => l.target));
  const stray = [...matching.compileErrors].filter(([field]) => !known.has(field) && !targets.some((f) => f.name === field && f.required));
  const suggest = () => {
    onChange(toLines(suggested));
    setReplacing(false);
  };
  return (
    <>
      <Panel
        action={readOnly || suggested.length === 0 ? undefined : { text: t.suggest, variant: 'secondary', onClick: () => (lines.length > 0 ? setReplacing(true) : suggest()) }}
        description={t.description(words)}
        header={t.header}
      >
        {inspection && columns ? (
          <Text color="secondary60">
            {t.file(plural(format.number(columns.length), columns.length, 'column', 'columns'), count === undefined ? t.rowsUnknown : plural(format.number(count), count, 'row', 'rows'))}{' '}
            {isCounting ? t.counts.counting : check && !check.complete ? t.counts.first(format.number(check.rows)) : null}
          </Text>
        ) : null}
        {stray.length > 0 ? <InlineMessage marginBottom="medium" messages={stray.map(([field, message]) => ({ text: field ? `${field}: ${message}` : message }))} type="error" /> : null}
        {matching.error ? <FailedState error={matching.error} retry={matching.retry} /> : null}
        <Preview rows={rows} shown={inspection !== undefined} updating={isUpdating}>
          {(row) => (
            <MappingEditor
              check={check}
              columns={columns}
              compileErrors={matching.compileErrors}
              focus={focus}
              lines={lines}
              onChange={onChange}
              readOnly={readOnly}
              row={row}
              targets={targets}
              words={words}
            />
          )}
        </Preview>
      </Panel>
      {check && !readOnly ? <UnusedColumns lines={lines} onMatch={(column, target) => onChange(matched(lines, columns ?? [], column, target))} targets={targets} unused={check.unused} /> : null}
      <Confirm confirm={t.suggestConfirm.confirm} header={t.suggestConfirm.header} message={t.suggestConfirm.message} onClose={() => setReplacing(false)} onConfirm={suggest} open={replacing} />
    </>
  );
}

/** Which record is shown, and what shows it. */
export function Preview({ rows, shown, updating, children }: { rows: Matching['rows']; shown: boolean; updating: boolean; children: (row: Matching['rows'][number] | undefined) => React.ReactNode }) {
  const { format } = useApp();
  const t = matchingText;
  const [chosen, setChosen] = useState(0);
  const [problemsOnly, setProblemsOnly] = useState(false);
  const bad = useMemo(() => rows.filter((r) => (r.errors?.length ?? 0) > 0), [rows]);
  const choices = problemsOnly ? bad : rows;
  const at = Math.min(chosen, Math.max(0, choices.length - 1));
  return (
    <>
      {shown ? (
        <RowChooser
          at={at}
          onChange={setChosen}
          onProblemsOnly={(only) => {
            setProblemsOnly(only);
            setChosen(0);
          }}
          problemsOnly={problemsOnly}
          rows={choices}
          updating={updating}
        />
      ) : null}
      <Hidden aria-live="polite" role="status">
        {updating || rows.length === 0 ? '' : t.updated(format.number(rows.length), format.number(bad.length))}
      </Hidden>
      {children(choices[at])}
    </>
  );
}
