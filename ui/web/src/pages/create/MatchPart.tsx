import { Button, H3, Panel, Text } from '@bigcommerce/big-design';
import { useMemo, useState } from 'react';
import styled from 'styled-components';
import type { Inspection, SuggestedMapping, TargetField } from '../../api/types';
import { useApp } from '../../components/app';
import { Working } from '../../components/Feedback';
import { MatchingPanel } from '../../components/matching/MatchingPanel';
import { fieldLabel, sourceShown } from '../../components/matching/names';
import { ProfileNotice } from '../../components/matching/ProfileNotice';
import { PreviewedEditor } from '../../components/matching/PreviewedEditor';
import { UnusedColumns } from '../../components/matching/UnusedColumns';
import type { Matching } from '../../components/matching/useMatching';
import { FailedState } from '../../components/states/FailedState';
import { formOf } from '../../lib/forms';
import { columnsOf, matched, type MappingLine, targetOf } from '../../lib/mapping';
import type { Words } from '../../lib/words';
import { createText } from '../../texts/create';

interface Props {
  header: string;
  lines: MappingLine[];
  onChange: (lines: MappingLine[]) => void;
  onSuggest: (suggestion: SuggestedMapping) => void;
  ignored: string[];
  onIgnore: (ignored: string[]) => void;
  targets: TargetField[];
  inspection: Inspection;
  matching: Matching;
  words: Words;
}

/** The matching of a new sync: in short, with what needs a look; the whole of it on demand. */
export function MatchPart({ header, lines, onChange, onSuggest, ignored, onIgnore, targets, inspection, matching, words }: Props) {
  const { format } = useApp();
  const t = createText;
  const [whole, setWhole] = useState(false);
  const { check } = matching;
  const columns = useMemo(() => columnsOf(inspection), [inspection]);
  const look = useLook(inspection, lines, targets, matching);
  const good = lines.filter((l) => !look.has(l.target));
  const n = (count: number) => format.number(count);
  return (
    <>
      <Panel action={{ text: whole ? t.less : t.all, variant: 'secondary', onClick: () => setWhole(!whole) }} description={t.matchHelp} header={header}>
        <ProfileNotice key={inspection.snapshot_id} onSuggest={onSuggest} suggestion={inspection.suggested_mapping} />
        {matching.error ? <FailedState error={matching.error} retry={matching.retry} /> : null}
        {check ? (
          <Text>
            {lines.length === 0 ? t.matchedNone : t.matched(n(lines.length), lines.length)}{' '}
            {check.errors.length > 0 || check.missing.length > 0 ? null : check.failed_rows > 0 ? t.rowsBad(n(check.failed_rows), n(check.rows)) : check.rows > 0 ? t.rowsGood(n(check.rows)) : null}{' '}
            {look.size === 0 ? t.nothingToLook : null}
          </Text>
        ) : matching.error ? null : (
          <Working label={t.reasons.reading} />
        )}
        {good.length > 0 && !whole ? (
          <Pairs>
            {good.map((l) => {
              const target = targetOf(targets, l.target);
              return (
                <div key={l.id}>
                  <dt>{fieldLabel(target, l.target)}</dt>
                  <dd>{sourceShown(formOf(l.expression, target?.type ?? 'string', columns), l.expression, target, columns)}</dd>
                </div>
              );
            })}
          </Pairs>
        ) : null}
        {look.size > 0 && !whole ? (
          <>
            <H3>{t.look}</H3>
            <PreviewedEditor columns={columns} lines={lines} matching={matching} only={look} onChange={onChange} readOnly={false} shown targets={targets} words={words} />
          </>
        ) : null}
      </Panel>
      {check && !whole ? <UnusedColumns ignored={ignored} likelyOnly lines={lines} onIgnore={onIgnore} onMatch={(column, target) => onChange(matched(lines, columns, column, target))} targets={targets} unused={check.unused} /> : null}
      {whole ? <MatchingPanel ignored={ignored} inspection={inspection} lines={lines} matching={matching} onChange={onChange} onIgnore={onIgnore} readOnly={false} targets={targets} words={words} /> : null}
      {whole ? (
        <Button mobileWidth="auto" onClick={() => setWhole(false)} variant="subtle">
          {t.less}
        </Button>
      ) : null}
    </>
  );
}

/** Fields that need a look. One that was put right stays until another file comes: it must not go from under the hand. */
function useLook(inspection: Inspection, lines: MappingLine[], targets: TargetField[], { check, compileErrors, isCurrent }: Matching): ReadonlySet<string> {
  const [seen, setSeen] = useState<{ of: Inspection; names: ReadonlySet<string> }>({ of: inspection, names: new Set() });
  const before = seen.of === inspection ? seen.names : new Set<string>();
  const filled = new Set(lines.filter((l) => l.expression.trim() !== '').map((l) => l.target));
  const now = [
    ...lines.filter((l) => l.guessed).map((l) => l.target),
    ...targets.filter((f) => f.required && !filled.has(f.name)).map((f) => f.name),
    ...(isCurrent ? [...compileErrors.keys(), ...(check?.lines ?? []).filter((l) => l.failed > 0).map((l) => l.target), ...(check?.missing ?? []).map((m) => m.field)] : []),
  ].filter((name) => !before.has(name));
  if (now.length > 0 || seen.of !== inspection) setSeen({ of: inspection, names: new Set([...before, ...now]) });
  return before;
}

const Pairs = styled.dl`
  display: grid;
  gap: ${({ theme }) => `${theme.spacing.xSmall} ${theme.spacing.xLarge}`};
  grid-template-columns: repeat(auto-fill, minmax(min(12rem, 100%), 1fr));
  line-height: ${({ theme }) => theme.lineHeight.medium};
  margin: 0 0 ${({ theme }) => theme.spacing.medium};

  dt {
    color: ${({ theme }) => theme.colors.secondary60};
    font-size: ${({ theme }) => theme.typography.fontSize.small};
  }

  dd {
    margin: 0;
    overflow-wrap: anywhere;
  }
`;
