import { Table, TableFigure, type TableItem, type TableProps } from '@bigcommerce/big-design';
import styled from 'styled-components';

// A table reaches to the edges of its panel, so that its first column stands under the panel's header;
// what does not fit scrolls inside the panel.
const Bleed = styled.div<{ $flush: boolean }>`
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

/**
 * BigDesign's table inside a panel. It passes each item to its cells as React props, so an item's own
 * `key` never arrives: give such a field another name.
 */
export function DataTable<T extends TableItem>({ flush = false, ...props }: TableProps<T> & { /** First in a panel without a header. */ flush?: boolean }) {
  return (
    <Bleed $flush={flush}>
      <TableFigure>
        <Table {...props} />
      </TableFigure>
    </Bleed>
  );
}
