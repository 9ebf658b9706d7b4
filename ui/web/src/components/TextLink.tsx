import type { MouseEvent, ReactNode } from 'react';
import { useNavigate } from 'react-router';
import styled from 'styled-components';

const Anchor = styled.a`
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  color: ${({ theme }) => theme.colors.primary};
  cursor: pointer;
  text-decoration: none;

  /* In a sentence colour alone does not tell a link. */
  p &,
  dd &,
  li > span & {
    text-decoration: underline;
  }

  &:hover {
    color: ${({ theme }) => theme.colors.primary50};
    text-decoration: underline;
  }
`;

interface Props {
  to: string;
  children: ReactNode;
  className?: string;
  'aria-current'?: 'page';
  'aria-label'?: string;
}

/**
 * A link inside the panel. Its address is a fragment of the page's own; the router follows it, so that
 * nothing is loaded anew. A second tab would have no session: only BigCommerce opens the panel.
 */
export function TextLink({ to, ...props }: Props) {
  const navigate = useNavigate();
  const follow = (e: MouseEvent) => {
    e.preventDefault();
    void navigate(to);
  };
  return <Anchor {...props} href={`#${to}`} onAuxClick={(e) => e.preventDefault()} onClick={follow} />;
}
