import { Table, TableFigure, type TableItem, type TableProps } from '@bigcommerce/big-design';
import { createContext, type ReactNode, useContext, useMemo } from 'react';
import styled, { css } from 'styled-components';

interface Column {
  /** What it is called; none for the first, which names the row. */
  label: string;
  hidden: boolean;
}

// Where there is no room for columns each row stands as a block, each cell in a line with its name above.
const stacked = css<{ $columns: Column[] }>`
  @media (max-width: 719.98px) {
    thead {
      clip-path: inset(50%);
      height: 1px;
      overflow: hidden;
      position: absolute;
      white-space: nowrap;
      width: 1px;
    }

    table,
    tbody,
    tbody tr {
      display: block;
    }

    tbody tr {
      border-bottom: ${({ theme }) => theme.border.box};
      padding: ${({ theme }) => theme.spacing.small} 0;
    }

    tbody tr:last-child {
      border-bottom: 0;
    }

    && tbody td {
      border: 0;
      display: block;
      height: auto;
      padding: ${({ theme }) => `${theme.spacing.xxSmall} ${theme.spacing.medium}`};
      text-align: left;
      width: auto;
    }

    ${({ $columns, theme }) =>
      $columns.map(({ label, hidden }, i) =>
        hidden
          ? `&& tbody td:nth-of-type(${i + 1}) { display: none; }`
          : label
            ? `tbody td:nth-of-type(${i + 1})::before { color: ${theme.colors.secondary60}; content: ${JSON.stringify(label)} / ''; display: block; font-size: ${theme.typography.fontSize.small}; line-height: ${theme.lineHeight.small}; }`
            : '',
      )}
  }
`;

// A table reaches to the edges of its panel, so that its first column stands under the panel's header.
const Bleed = styled.div<{ $flush: boolean; $columns: Column[] }>`
  ${stacked}

  margin: 0 calc(-1 * ${({ theme }) => theme.spacing.medium});

  figure {
    position: relative; /* hidden texts of cells scroll with it */
    white-space: normal;
  }

  th:first-of-type,
  td:first-of-type {
    padding-left: ${({ theme }) => theme.spacing.medium};
  }

  th:last-of-type,
  td:last-of-type {
    padding-right: ${({ theme }) => theme.spacing.medium};
  }

  tbody tr:last-child td {
    border-bottom: 0;
  }

  ${({ theme, $flush }) => ($flush ? `&& { margin-top: -${theme.spacing.medium}; }` : '')}

  ${({ theme }) => theme.breakpoints.tablet} {
    margin: 0 calc(-1 * ${({ theme }) => theme.spacing.xLarge});

    th:first-of-type,
    td:first-of-type {
      padding-left: ${({ theme }) => theme.spacing.xLarge};
    }

    th:last-of-type,
    td:last-of-type {
      padding-right: ${({ theme }) => theme.spacing.xLarge};
    }
  }
`;

type Render = (item: object) => ReactNode;

const CellsContext = createContext<ReadonlyMap<string, Render>>(new Map());

/** BigDesign takes what a column renders for a component: a new one each time would be a new cell, and lose the focus. */
function Cell({ hash, item }: { hash: string; item: object }) {
  return useContext(CellsContext).get(hash)?.(item);
}

/**
 * BigDesign's table inside a panel. It passes each item to its cells as React props, so an item's own
 * `key` never arrives: give such a field another name.
 */
export function DataTable<T extends TableItem>({ flush = false, ...props }: TableProps<T> & { /** First in a panel without a header. */ flush?: boolean }) {
  const columns = props.columns.map(({ header, hideHeader, display }, i): Column => {
    const narrow = typeof display === 'object' ? display.mobile : display;
    return { label: i > 0 && typeof header === 'string' && !hideHeader ? header : '', hidden: narrow === 'none' };
  });
  const hashes = JSON.stringify(props.columns.map((c) => c.hash));
  const cells = useMemo(() => new Map((JSON.parse(hashes) as string[]).map((hash) => [hash, (item: object) => <Cell hash={hash} item={item} />])), [hashes]);
  return (
    <CellsContext value={new Map(props.columns.map((c) => [c.hash, c.render as Render]))}>
      <Bleed $columns={columns} $flush={flush}>
        <TableFigure>
          <Table {...props} columns={props.columns.map((c) => ({ ...c, render: cells.get(c.hash) as typeof c.render }))} />
        </TableFigure>
      </Bleed>
    </CellsContext>
  );
}
