import { Badge, type BadgeProps, Box, Flex, FlexItem, H1, Text } from '@bigcommerce/big-design';
import { ArrowBackIcon } from '@bigcommerce/big-design-icons';
import { type ReactNode, useEffect } from 'react';
import styled from 'styled-components';
import { text } from '../text';
import { type Action, ActionButtons } from './ActionButtons';
import { Banners } from './Banners';
import { TextLink } from './TextLink';

// Page, header and action bar as BigDesign's pattern library arranges them. They are our own because
// its Header remounts its buttons on every render, which would take the keyboard focus away while a
// run's numbers change.

const Content = styled(Box)`
  box-sizing: border-box;
  margin: 0 auto;
  max-width: ${({ theme }) => theme.helpers.remCalc(1184)};
  width: 100%;
`;

const BackLink = styled(TextLink)`
  align-items: center;
  color: ${({ theme }) => theme.colors.secondary60};
  display: inline-flex;
  gap: ${({ theme }) => theme.spacing.xxSmall};
  margin-bottom: ${({ theme }) => theme.spacing.xSmall};
`;

const Bar = styled(Box)`
  inset: auto 0 0;
  position: sticky;
`;

interface PageProps {
  title: string;
  description?: ReactNode;
  badges?: BadgeProps[];
  backLink?: { text: string; to: string };
  actions?: Action[];
  actionBar?: Action[];
  children: ReactNode;
}

export function Page({ title, description, badges = [], backLink, actions = [], actionBar = [], children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · ${text.appName}`;
  }, [title]);
  return (
    <>
      <Content paddingHorizontal={{ mobile: 'medium', tablet: 'xxLarge' }} paddingVertical={{ mobile: 'medium', tablet: 'xLarge' }}>
        {backLink ? (
          <BackLink to={backLink.to}>
            <ArrowBackIcon aria-hidden /> {backLink.text}
          </BackLink>
        ) : null}
        <Flex flexDirection={{ mobile: 'column', tablet: 'row' }} flexGap="1rem" marginBottom="xLarge">
          <FlexItem flexGrow={1}>
            <Flex flexDirection="row" alignItems="center" flexGap="0.75rem" flexWrap="wrap">
              <H1 marginBottom="none">{title}</H1>
              {badges.map((badge) => (
                <Badge key={badge.label} {...badge} />
              ))}
            </Flex>
            {description ? (
              <Text color="secondary60" marginBottom="none" marginTop="xxSmall">
                {description}
              </Text>
            ) : null}
          </FlexItem>
          {actions.length > 0 ? <ActionButtons actions={actions} /> : null}
        </Flex>
        <Banners />
        {children}
      </Content>
      {actionBar.length > 0 ? (
        <Bar backgroundColor="white" borderTop="box" role="group" zIndex="fixed">
          <Content paddingHorizontal={{ mobile: 'medium', tablet: 'xxLarge' }} paddingVertical="small">
            <ActionButtons actions={actionBar} justify="flex-end" />
          </Content>
        </Bar>
      ) : null}
    </>
  );
}
