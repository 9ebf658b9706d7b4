import styled from 'styled-components';

const widest = 60; // columns drawn: a feed may have thousands

const Plain = styled.table`
  border-collapse: collapse;
  font-size: ${({ theme }) => theme.typography.fontSize.small};
  line-height: ${({ theme }) => theme.lineHeight.small};
  min-width: 100%;

  th,
  td {
    border-bottom: ${({ theme }) => theme.border.box};
    max-width: 16rem;
    overflow: hidden;
    padding: ${({ theme }) => theme.spacing.xSmall} ${({ theme }) => theme.spacing.small};
    text-align: left;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  th {
    background-color: ${({ theme }) => theme.colors.secondary10};
    font-weight: ${({ theme }) => theme.typography.fontWeight.semiBold};
  }
`;

/** The first rows of a file as they are in it. */
export function SampleTable({ header, rows }: { header: string[]; rows: string[][] }) {
  const shown = header.slice(0, widest);
  return (
    <Plain>
      <thead>
        <tr>
          {shown.map((name, i) => (
            <th key={i} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, r) => (
          <tr key={r}>
            {shown.map((_, c) => (
              <td key={c} title={row[c]}>
                {row[c]}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </Plain>
  );
}
