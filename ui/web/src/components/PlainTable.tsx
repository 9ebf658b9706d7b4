import { useState } from 'react';
import styled from 'styled-components';

const Details = styled.details`
  summary {
    border-radius: ${({ theme }) => theme.borderRadius.normal};
    color: ${({ theme }) => theme.colors.primary};
    cursor: pointer;
    font-size: ${({ theme }) => theme.typography.fontSize.medium};
    line-height: ${({ theme }) => theme.lineHeight.medium};
    width: fit-content;
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

interface Props {
  show: string;
  caption: string;
  columns: string[];
  /** The first cell of a row is its header. Called when the table is opened. */
  rows: () => { id: string; cells: string[] }[];
}

/** The numbers behind a chart as a table, drawn when asked for. */
export function PlainTable({ show, caption, columns, rows }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <Details onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>{show}</summary>
      {open ? (
        <Scroll aria-label={caption} role="region" tabIndex={0}>
          <Plain aria-label={caption}>
            <thead>
              <tr>
                {columns.map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows().map(({ id, cells: [head, ...cells] }) => (
                <tr key={id}>
                  <th scope="row">{head}</th>
                  {cells.map((cell, i) => (
                    <td key={columns[i + 1]}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </Plain>
        </Scroll>
      ) : null}
    </Details>
  );
}
