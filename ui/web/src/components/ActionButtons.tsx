import { Button, type ButtonProps, Flex, Small } from '@bigcommerce/big-design';
import { useId } from 'react';
import styled from 'styled-components';

const Buttons = styled(Flex)`
  & > .bd-button + .bd-button {
    margin-inline-start: 0;
    margin-block-start: 0;
  }
`;

export interface Action extends Omit<ButtonProps, 'children' | 'title'> {
  text: string;
  /** Why it is disabled. */
  reason?: string;
}

/** Buttons in a row, and below them why those that are disabled are: for everybody, not for a mouse alone. */
export function ActionButtons({ actions, justify = 'flex-start' }: { actions: Action[]; justify?: 'flex-start' | 'flex-end' | 'center' }) {
  const id = useId();
  const reasons = [...new Set(actions.flatMap((a) => (a.disabled && a.reason ? [a.reason] : [])))];
  const idOf = (reason: string) => `${id}-${reasons.indexOf(reason)}`;
  return (
    <Flex alignItems={justify} flexDirection="column" flexGap="0.25rem">
      <Buttons flexDirection="row" flexGap="0.5rem" flexWrap="wrap" justifyContent={justify}>
        {actions.map(({ text: label, reason, ...props }) => (
          <Button mobileWidth="auto" {...props} aria-describedby={props.disabled && reason ? idOf(reason) : undefined} key={label}>
            {label}
          </Button>
        ))}
      </Buttons>
      {reasons.map((reason) => (
        <Small color="secondary60" id={idOf(reason)} key={reason} marginBottom="none">
          {reason}
        </Small>
      ))}
    </Flex>
  );
}
