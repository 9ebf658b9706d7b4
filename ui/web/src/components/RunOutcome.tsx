import { Box, Flex, FlexItem, H3, Panel, Text } from '@bigcommerce/big-design';
import { CheckCircleIcon, ErrorIcon, InfoIcon, WarningIcon } from '@bigcommerce/big-design-icons';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import styled from 'styled-components';
import type { Outcome, Tone } from '../lib/outcome';
import { Hidden } from './Hidden';

const announceEvery = 10_000; // ms: a screen reader must be able to finish the sentence

const icons: Record<Tone, ReactNode> = {
  success: <CheckCircleIcon aria-hidden color="success" size="xLarge" />,
  info: <InfoIcon aria-hidden color="primary" size="xLarge" />,
  warning: <WarningIcon aria-hidden color="warning50" size="xLarge" />,
  error: <ErrorIcon aria-hidden color="danger" size="xLarge" />,
};

const Said = styled(FlexItem)`
  min-width: 0;
  overflow-wrap: anywhere;
`;

interface Props {
  outcome: Outcome;
  over: boolean;
  /** What can be done about it. */
  children?: ReactNode;
}

/** The sentence that a run's page begins with. */
export function RunOutcome({ outcome, over, children }: Props) {
  const spoken = useAnnouncement(outcome.sentence, over);
  return (
    <Panel>
      <Flex flexDirection="row" flexGap="0.75rem">
        <FlexItem flexShrink={0}>{icons[outcome.tone]}</FlexItem>
        <Said flexGrow={1}>
          <H3 as="h2" marginBottom={outcome.more.length > 0 ? 'xxSmall' : 'none'}>
            {outcome.sentence}
          </H3>
          {outcome.more.map((line, i) => (
            <Text key={line} marginBottom={i === outcome.more.length - 1 ? 'none' : 'xxSmall'}>
              {line}
            </Text>
          ))}
          {children ? <Box marginTop="medium">{children}</Box> : null}
        </Said>
      </Flex>
      <Hidden aria-live="polite" role="status">
        {spoken}
      </Hidden>
    </Panel>
  );
}

/** Passes on a message at most every ten seconds, and the last one at once. */
function useAnnouncement(message: string, last: boolean): string {
  const [spoken, setSpoken] = useState(message);
  const latest = useRef(message);
  useEffect(() => {
    latest.current = message;
  }, [message]);
  useEffect(() => {
    if (last) return undefined;
    const timer = setInterval(() => setSpoken(latest.current), announceEvery);
    return () => clearInterval(timer);
  }, [last]);
  return last ? message : spoken;
}
