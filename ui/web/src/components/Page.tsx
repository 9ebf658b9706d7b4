import { Badge, type BadgeProps, Box, Button, type ButtonProps, Flex, FlexItem, H1, Text } from '@bigcommerce/big-design';
import { ArrowBackIcon } from '@bigcommerce/big-design-icons';
import { type ReactNode, useEffect } from 'react';
import styled from 'styled-components';
import { text } from '../text';
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

const Actions = styled(Flex)`
  & > .bd-button + .bd-button {
    margin-inline-start: 0;
    margin-block-start: 0;
  }
`;

const Bar = styled(Box)`
  inset: auto 0 0;
  position: sticky;
`;

export interface HeaderAction extends Omit<ButtonProps, 'children' | 'title'> {
  text: string;
  /** Why it is disabled. */
  reason?: string;
}

interface PageProps {
  title: string;
  description?: ReactNode;
  badges?: BadgeProps[];
  backLink?: { text: string; to: string };
  actions?: HeaderAction[];
  actionBar?: HeaderAction[];
  children: ReactNode;
}

function ActionButton({ action }: { action: HeaderAction }) {
  const { text: label, reason, ...props } = action;
  return (
    <Button {...props} mobileWidth="auto" title={props.disabled ? reason : undefined}>
      {label}
    </Button>
  );
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
          {actions.length > 0 ? (
            <Actions flexDirection="row" flexGap="0.5rem" flexWrap="wrap" alignItems="flex-start">
              {actions.map((a) => (
                <ActionButton action={a} key={a.text} />
              ))}
            </Actions>
          ) : null}
        </Flex>
        <Banners />
        {children}
      </Content>
      {actionBar.length > 0 ? (
        <Bar backgroundColor="white" borderTop="box" role="group" zIndex="fixed">
          <Content paddingHorizontal={{ mobile: 'medium', tablet: 'xxLarge' }} paddingVertical="small">
            <Actions flexDirection="row" flexGap="0.5rem" flexWrap="wrap" justifyContent="flex-end">
              {actionBar.map((a) => (
                <ActionButton action={a} key={a.text} />
              ))}
            </Actions>
          </Content>
        </Bar>
      ) : null}
    </>
  );
}
