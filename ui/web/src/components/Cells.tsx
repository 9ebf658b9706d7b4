import styled from 'styled-components';

/** A monospaced piece of data: a key, an expression, a value. */
export const Mono = styled.code`
  font-family: ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'Liberation Mono', monospace;
  font-size: ${({ theme }) => theme.typography.fontSize.small};
  overflow-wrap: anywhere;
  white-space: pre-wrap;
`;

/** A monospaced name in one line: a field, a SKU. Long ones end in dots. */
export const Name = styled(Mono)`
  display: inline-block;
  max-width: 7rem;
  overflow: hidden;
  text-overflow: ellipsis;
  vertical-align: bottom;
  white-space: nowrap;

  ${({ theme }) => theme.breakpoints.tablet} {
    max-width: 16rem;
  }
`;

/** A cell whose text wraps also on narrow panels, where BigDesign's tables do not wrap. */
export const Wrap = styled.div<{ $min?: number }>`
  min-width: ${({ $min = 10 }) => `${$min}rem`};
  overflow-wrap: anywhere;
  white-space: normal;
`;

/** Shown on narrow panels only: what a hidden column would say. */
export const NarrowOnly = styled.span`
  ${({ theme }) => theme.breakpoints.tablet} {
    display: none;
  }
`;

/** As NarrowOnly, for a note (data-note) that is not part of the cell's own text. */
export const NarrowNote = styled(Mono)`
  display: block;

  &::after {
    content: attr(data-note);
  }

  ${({ theme }) => theme.breakpoints.tablet} {
    display: none;
  }
`;

/** Keeps a wide table inside its panel. */
export const ScrollX = styled.div`
  max-width: 100%;
  overflow-x: auto;
`;

/** Names and values, in columns as wide as the panel allows. */
export const Facts = styled.dl<{ $min?: number }>`
  display: grid;
  gap: ${({ theme }) => `${theme.spacing.medium} ${theme.spacing.xLarge}`};
  grid-template-columns: repeat(auto-fill, minmax(min(${({ $min = 10 }) => `${$min}rem`}, 100%), 1fr));
  margin: 0;

  dt {
    color: ${({ theme }) => theme.colors.secondary60};
    font-size: ${({ theme }) => theme.typography.fontSize.small};
    line-height: ${({ theme }) => theme.lineHeight.small};
  }

  dd {
    color: ${({ theme }) => theme.colors.secondary70};
    font-size: ${({ theme }) => theme.typography.fontSize.medium};
    line-height: ${({ theme }) => theme.lineHeight.medium};
    margin: 0;
    overflow-wrap: anywhere;
  }
`;

export function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
