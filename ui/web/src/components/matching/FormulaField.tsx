import { FormGroup, Textarea } from '@bigcommerce/big-design';
import { useQuery } from '@tanstack/react-query';
import { useId, useRef, useState } from 'react';
import styled from 'styled-components';
import { flowQueries } from '../../api/queries/flows';
import type { Column } from '../../lib/forms';
import { helpAt } from '../../lib/helpAt';
import { insertAt } from '../../lib/mapping';
import { matchingText } from '../../texts/matching';
import { useApp } from '../app';
import { Mono } from '../Cells';
import { Loaded } from '../Feedback';
import { SearchSelect } from '../SearchSelect';

interface Props {
  field: string;
  value: string;
  columns: Column[];
  error: string | undefined;
  onChange: (value: string) => void;
}

/** A formula, with the server's own help: on what the cursor is in, and on demand on all that it may say. */
export function FormulaField({ field, value, columns, error, onChange }: Props) {
  const { client } = useApp();
  const t = matchingText;
  const area = useRef<HTMLTextAreaElement>(null);
  const expressions = useQuery(flowQueries.expressions(client));
  const hintsId = useId();
  const [caret, setCaret] = useState(0);
  const hints = helpAt(value, caret, expressions.data?.functions ?? []);
  const insert = (column: string) => {
    const at = area.current;
    const next = insertAt(value, column, at?.selectionStart ?? value.length, at?.selectionEnd ?? value.length);
    onChange(next.value);
    requestAnimationFrame(() => {
      at?.focus();
      at?.setSelectionRange(next.caret, next.caret);
    });
  };
  return (
    <Root>
      <FormGroup>
        <Textarea
          aria-describedby={hints.length > 0 ? hintsId : undefined}
          aria-label={t.formulaLabel(field)}
          autoCapitalize="off"
          autoCorrect="off"
          error={error}
          maxLength={2000}
          onChange={(e) => onChange(e.target.value)}
          onSelect={(e) => setCaret(e.currentTarget.selectionEnd)}
          ref={area}
          resize
          rows={2}
          spellCheck={false}
          value={value}
        />
      </FormGroup>
      {hints.length > 0 ? (
        <dl id={hintsId}>
          {hints.map(({ form, help }) => (
            <div key={form}>
              <dt>
                <Mono>{form}</Mono>
              </dt>
              <dd>{help}</dd>
            </div>
          ))}
        </dl>
      ) : null}
      <details>
        <summary>{t.formulaHelp}</summary>
        <SearchSelect
          groups={[{ label: t.columns, options: columns.map((c) => ({ value: c.expression, label: c.name })) }]}
          label={t.insertColumn}
          onChange={insert}
          placeholder={t.insertColumn}
          value=""
        />
        <Loaded query={expressions}>
          {({ examples, functions }) => (
            <dl>
              {[...examples, ...functions].map(({ form, help }) => (
                <div key={form}>
                  <dt>
                    <Mono>{form}</Mono>
                  </dt>
                  <dd>{help}</dd>
                </div>
              ))}
            </dl>
          )}
        </Loaded>
      </details>
    </Root>
  );
}

const Root = styled.div`
  textarea {
    font-family: ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'Liberation Mono', monospace;
    font-size: ${({ theme }) => theme.typography.fontSize.small};
  }

  summary {
    color: ${({ theme }) => theme.colors.primary};
    cursor: pointer;
    font-size: ${({ theme }) => theme.typography.fontSize.small};
    padding: ${({ theme }) => theme.spacing.xxSmall} 0;
    width: fit-content;
  }

  dl {
    color: ${({ theme }) => theme.colors.secondary60};
    font-size: ${({ theme }) => theme.typography.fontSize.small};
    line-height: ${({ theme }) => theme.lineHeight.small};
    max-height: 20rem;
    overflow-y: auto;
  }

  dd {
    margin: 0 0 ${({ theme }) => theme.spacing.xSmall};
  }
`;
