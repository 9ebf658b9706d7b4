import { Box, Button, Flex, FlexItem, H4, Message, Panel, Text } from '@bigcommerce/big-design';
import { CheckCircleIcon, RadioButtonUncheckedIcon } from '@bigcommerce/big-design-icons';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import styled from 'styled-components';
import { isFinal, runQueries } from '../../api/queries/runs';
import type { Overview, Run } from '../../api/types';
import { useAccess, useApp } from '../../components/app';
import { Hidden } from '../../components/Hidden';
import { TextLink } from '../../components/TextLink';
import { homeText } from '../../texts/home';

const t = homeText.guide;

const Grid = styled.ul`
  display: grid;
  gap: ${({ theme }) => theme.spacing.medium};
  grid-template-columns: repeat(auto-fill, minmax(min(16rem, 100%), 1fr));
  list-style: none;
  margin: 0;
  padding: 0;
`;

const Choice = styled(TextLink)`
  border: ${({ theme }) => theme.border.box};
  box-sizing: border-box;
  color: ${({ theme }) => theme.colors.secondary70};
  display: block;
  height: 100%;
  padding: ${({ theme }) => theme.spacing.medium};

  &:hover {
    border-color: ${({ theme }) => theme.colors.primary};
    color: ${({ theme }) => theme.colors.secondary70};
    text-decoration: none;
  }
`;

const Stages = styled.ol`
  display: grid;
  gap: ${({ theme }) => theme.spacing.medium};
  grid-template-columns: repeat(auto-fit, minmax(min(14rem, 100%), 1fr));
  list-style: none;
  margin: 0;
  padding: 0;
`;

const Stage = styled.li<{ $current: boolean }>`
  border: ${({ theme, $current }) => ($current ? `1px solid ${theme.colors.primary40}` : theme.border.box)};
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  display: flex;
  flex-direction: column;
  padding: ${({ theme }) => theme.spacing.medium};
`;

type Facts = Overview['guide'];

/** What a new store does until a run of its own has landed: one choice, then three stages, each told from facts. */
export function Guide({ guide, kinds }: { guide: Facts; kinds: Overview['kinds'] }) {
  const access = useAccess('write');
  const chosen = guide.flow_id !== '';
  return (
    <Panel description={t.description} header={t.header}>
      {access.granted ? null : <Text color="secondary60">{t.notAllowed}</Text>}
      {chosen ? <Progress guide={guide} may={access.granted} /> : access.granted ? <Question kinds={kinds} /> : null}
    </Panel>
  );
}

function Question({ kinds }: { kinds: Overview['kinds'] }) {
  return (
    <>
      <H4 as="h3">{t.question}</H4>
      <Grid>
        {kinds.map((k) => (
          <li key={k.kind}>
            <Choice to={`/syncs/new?kind=${encodeURIComponent(k.kind)}`}>
              <Text as="span" bold>
                {k.label}
              </Text>
              <Text color="secondary60" marginBottom="none" marginTop="xxSmall">
                {t.about[k.kind] ?? t.aboutAny(k.label.toLowerCase())}
              </Text>
            </Choice>
          </li>
        ))}
      </Grid>
      {kinds.some((k) => k.kind === 'products') ? (
        <Box marginTop="medium">
          <TextLink to="/syncs/new?kind=products">{t.sample}</TextLink>
        </Box>
      ) : null}
    </>
  );
}

/** True for a real run that is over and was not clean: something of it is to be set right first. */
function notClean(run: Run | undefined): boolean {
  return run !== undefined && !run.dry_run && isFinal(run) && (run.failed > 0 || run.state === 'failed');
}

function Progress({ guide, may }: { guide: Facts; may: boolean }) {
  const { client } = useApp();
  const navigate = useNavigate();
  const { data: run } = useQuery(runQueries.run(client, guide.run_id));
  const goOn = `/syncs/new?sync=${encodeURIComponent(guide.flow_id)}`;
  const stuck = !guide.under_way && notClean(run);
  const last = stuck
    ? { help: t.notClean, action: t.notCleanAction, to: `/activity/${guide.run_id}` }
    : guide.previewed
      ? { help: t.land.checked, action: t.land.start, to: run?.dry_run ? `/activity/${run.id}` : goOn }
      : { help: t.land.help, action: t.land.check, to: goOn };
  const stages = [
    { ...t.connect, to: goOn, done: guide.connected },
    { ...t.match, to: goOn, done: guide.matched },
    { title: t.land.title, ...last, done: false },
  ];
  const current = stages.findIndex((s) => !s.done);
  return (
    <>
      {guide.under_way ? (
        <Message
          actions={guide.run_id ? [{ text: t.underWayAction, onClick: () => void navigate(`/activity/${guide.run_id}`) }] : []}
          marginBottom="medium"
          messages={[{ text: t.underWay }]}
          type="info"
        />
      ) : null}
      <Stages aria-label={t.stages}>
        {stages.map((s, i) => (
          <Stage $current={i === current} aria-current={i === current ? 'step' : undefined} key={s.title}>
            <Flex alignItems="center" flexDirection="row" flexGap="0.5rem" marginBottom="xxSmall">
              <FlexItem flexShrink={0}>
                {s.done ? <CheckCircleIcon aria-hidden color="success" /> : <RadioButtonUncheckedIcon aria-hidden color={i === current ? 'primary' : 'secondary50'} />}
              </FlexItem>
              <H4 as="h3" marginBottom="none">
                {i + 1}. {s.title}
                <Hidden>, {s.done ? t.done : i === current ? t.current : t.open}</Hidden>
              </H4>
            </Flex>
            <Text color="secondary60" marginBottom={i === current ? 'small' : 'none'}>
              {s.help}
            </Text>
            {i === current && may && !guide.under_way ? (
              <Box marginTop="auto">
                <Button mobileWidth="auto" onClick={() => void navigate(s.to)}>
                  {s.action}
                </Button>
              </Box>
            ) : null}
          </Stage>
        ))}
      </Stages>
      {may && !guide.under_way ? (
        <Box marginTop="medium">
          <TextLink to="/syncs/new">{t.another}</TextLink>
        </Box>
      ) : null}
    </>
  );
}
