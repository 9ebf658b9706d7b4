import styled from 'styled-components';

/** What only few need, folded away. */
export const Details = styled.details`
  summary {
    color: ${({ theme }) => theme.colors.primary};
    cursor: pointer;
    margin-bottom: ${({ theme }) => theme.spacing.small};
    width: fit-content;
  }
`;
