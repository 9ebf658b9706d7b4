import { useState } from 'react';
import styled from 'styled-components';
import type { QuotaPoint } from '../api/types';
import { text } from '../text';
import { quotaText } from '../texts/quota';
import { useApp } from './app';

const Details = styled.details`
  summary {
    border-radius: ${({ theme }) => theme.borderRadius.normal};
    color: ${({ theme }) => theme.colors.primary};
    cursor: pointer;
    font-size: ${({ theme }) => theme.typography.fontSize.medium};
    line-height: ${({ theme }) => theme.lineHeight.medium};
    width: fit-content;
  }

  summary:focus-visible,
  div:focus-visible {
    outline: 4px solid ${({ theme }) => theme.colors.primary20};
  }
`;

const Scroll = styled.div`
  border: ${({ theme }) => theme.border.box};
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  margin-top: ${({ theme }) => theme.spacing.xSmall};
  max-height: 20rem;
  overflow: auto;
`;

const Plain = styled.table`
  border-collapse: collapse;
  font-size: ${({ theme }) => theme.typography.fontSize.small};
  font-variant-numeric: tabular-nums;
  line-height: ${({ theme }) => theme.lineHeight.small};
  min-width: 100%;

  th,
  td {
    border-bottom: ${({ theme }) => theme.border.box};
    padding: ${({ theme }) => `${theme.spacing.xSmall} ${theme.spacing.small}`};
    text-align: right;
    white-space: nowrap;
  }

  th:first-child {
    text-align: left;
  }

  thead th {
    background-color: ${({ theme }) => theme.colors.secondary10};
    position: sticky;
    top: 0;
  }

  tbody th {
    font-weight: ${({ theme }) => theme.typography.fontWeight.regular};
  }

  tbody tr:last-child > * {
    border-bottom: 0;
  }
`;

/** The chart's numbers, newest first, drawn when asked for. */
export function QuotaTable({ points }: { points: QuotaPoint[] }) {
  const { format } = useApp();
  const [open, setOpen] = useState(false);
  const t = quotaText.history.table;
  return (
    <Details onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>{t.show}</summary>
      {open ? (
        <Scroll aria-label={t.caption} role="region" tabIndex={0}>
          <Plain aria-label={t.caption}>
            <thead>
              <tr>
                {[t.time, t.used, t.others, t.left, t.quota, t.byQuota, t.byConcurrency, t.byLoad].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {points.toReversed().map((p) => (
                <tr key={p.at}>
                  <th scope="row">{format.dateTime(p.at)}</th>
                  <td>{format.number(p.used)}</td>
                  <td>{format.number(p.others)}</td>
                  <td>{p.left_min === null ? text.none : format.number(p.left_min)}</td>
                  <td>{p.quota > 0 ? t.quotaValue(format.number(p.quota), format.duration(p.window_ms / 1000)) : text.none}</td>
                  <td>{format.number(p.throttled_quota)}</td>
                  <td>{format.number(p.throttled_concurrency)}</td>
                  <td>{format.number(p.throttled_load)}</td>
                </tr>
              ))}
            </tbody>
          </Plain>
        </Scroll>
      ) : null}
    </Details>
  );
}
