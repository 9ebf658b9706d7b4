import { InlineMessage, Panel, Text } from '@bigcommerce/big-design';
import { useMemo, useState } from 'react';
import type { Inspection, TargetField } from '../../api/types';
import { columnsOf, matched, type MappingLine, toLines } from '../../lib/mapping';
import type { Words } from '../../lib/words';
import { matchingText } from '../../texts/matching';
import { plural } from '../../texts/plural';
import { useApp } from '../app';
import { Confirm } from '../Confirm';
import { FailedState } from '../states/FailedState';
import { PreviewedEditor } from './PreviewedEditor';
import { UnusedColumns } from './UnusedColumns';
import type { Matching } from './useMatching';

interface Props {
  lines: MappingLine[];
  onChange: (lines: MappingLine[]) => void;
  /** Columns that are meant to fill nothing. */
  ignored: string[];
  onIgnore: (ignored: string[]) => void;
  targets: TargetField[];
  inspection: Inspection | undefined;
  matching: Matching;
  readOnly: boolean;
  words: Words;
  focus?: string;
}

/** The whole matching of a sync: fields and columns side by side, on a record of the file and counted over all of it. */
export function MatchingPanel({ lines, onChange, ignored, onIgnore, targets, inspection, matching, readOnly, words, focus }: Props) {
  const { format } = useApp();
  const t = matchingText;
  const [replacing, setReplacing] = useState(false);
  const { check, isCounting } = matching;
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
        <PreviewedEditor
          columns={columns}
          focus={focus}
          lines={lines}
          matching={matching}
          onChange={onChange}
          readOnly={readOnly}
          shown={inspection !== undefined}
          targets={targets}
          words={words}
        />
      </Panel>
      {check && !readOnly ? <UnusedColumns ignored={ignored} lines={lines} onIgnore={onIgnore} onMatch={(column, target) => onChange(matched(lines, columns ?? [], column, target))} targets={targets} unused={check.unused} /> : null}
      <Confirm confirm={t.suggestConfirm.confirm} header={t.suggestConfirm.header} message={t.suggestConfirm.message} onClose={() => setReplacing(false)} onConfirm={suggest} open={replacing} />
    </>
  );
}
