import { InlineMessage, Panel, Text } from '@bigcommerce/big-design';
import { ErrorIcon } from '@bigcommerce/big-design-icons';
import { useNavigate } from 'react-router';
import styled from 'styled-components';
import type { Attention } from '../../api/types';
import { useApp } from '../../components/app';
import { TextLink } from '../../components/TextLink';
import { attentionText } from '../../texts/attention';
import { homeText } from '../../texts/home';
import { RemedyButton } from '../attention/RemedyButton';

const t = homeText.needs;

const List = styled.ul`
  list-style: none;
  margin: 0;
  padding: 0;
`;

const Item = styled.li`
  align-items: center;
  border-top: ${({ theme }) => theme.border.box};
  display: grid;
  gap: ${({ theme }) => `${theme.spacing.xSmall} ${theme.spacing.small}`};
  grid-template-columns: auto minmax(0, 1fr);
  padding: ${({ theme }) => theme.spacing.small} 0;

  & > :nth-child(3) {
    grid-column: 2;
    justify-self: start;
  }

  ${({ theme }) => theme.breakpoints.tablet} {
    grid-template-columns: auto minmax(0, 1fr) auto;

    & > :nth-child(3) {
      grid-column: 3;
    }
  }
`;

/** What needs somebody now, before everything else. */
export function Needs({ problems, open }: { problems: Attention[]; open: number }) {
  const { format } = useApp();
  const navigate = useNavigate();
  if (open === 0) return <InlineMessage marginBottom="medium" messages={[{ text: t.none }]} type="success" />;
  return (
    <Panel action={{ text: t.all, variant: 'secondary', onClick: () => void navigate('/attention') }} header={t.header(format.number(open), open)}>
      <List>
        {problems.map((p) => (
          <Need key={p.id} problem={p} />
        ))}
      </List>
    </Panel>
  );
}

function Need({ problem: p }: { problem: Attention }) {
  const { format } = useApp();
  return (
    <Item>
      <ErrorIcon aria-hidden color={p.cause === 'asking' ? 'warning50' : 'danger'} />
      <div>
        <Text marginBottom="none">
          {p.flow_id ? (
            <>
              <TextLink to={`/syncs/${p.flow_id}`}>{p.flow_name}</TextLink>:{' '}
            </>
          ) : null}
          {p.message}
        </Text>
        <Text as="small" color="secondary60" marginBottom="none">
          {attentionText.began(format.ago(p.since))}
        </Text>
      </div>
      <RemedyButton problem={p} />
    </Item>
  );
}
