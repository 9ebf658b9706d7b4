import { useMemo, useState } from 'react';
import type { TargetField } from '../../api/types';
import type { Column } from '../../lib/forms';
import type { MappingLine } from '../../lib/mapping';
import type { Words } from '../../lib/words';
import { matchingText as t } from '../../texts/matching';
import { useApp } from '../app';
import { Hidden } from '../Hidden';
import { MappingEditor } from './MappingEditor';
import { RowChooser } from './RowChooser';
import type { Matching } from './useMatching';

interface Props {
  lines: MappingLine[];
  onChange: (lines: MappingLine[]) => void;
  targets: TargetField[];
  /** Undefined while the source has not been read. */
  columns: Column[] | undefined;
  matching: Matching;
  readOnly: boolean;
  words: Words;
  /** The field that somebody came for. */
  focus?: string;
  /** Shows these fields only. */
  only?: ReadonlySet<string>;
  /** There are records to choose from. */
  shown: boolean;
}

/** Which record of the file is shown, and what the matching makes of it. */
export function PreviewedEditor({ matching, shown, ...editor }: Props) {
  const { format } = useApp();
  const { rows, check, compileErrors, isUpdating } = matching;
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
          updating={isUpdating}
        />
      ) : null}
      <Hidden aria-live="polite" role="status">
        {isUpdating || rows.length === 0 ? '' : t.updated(format.number(rows.length), format.number(bad.length))}
      </Hidden>
      <MappingEditor check={check} compileErrors={compileErrors} row={choices[at]} {...editor} />
    </>
  );
}
