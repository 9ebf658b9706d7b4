import { Box, Flex, H4, Text } from '@bigcommerce/big-design';
import { CheckCircleIcon, ErrorIcon } from '@bigcommerce/big-design-icons';
import styled from 'styled-components';
import type { ProviderCheck } from '../../../api/types';
import { Working } from '../../../components/Feedback';
import { FailedState } from '../../../components/states/FailedState';
import { Hidden } from '../../../components/Hidden';
import { shoppersText } from '../../../texts/shoppers';

const t = shoppersText.provider;

const List = styled.ul`
  list-style: none;
  margin: 0;
  padding: 0;

  li {
    align-items: start;
    display: flex;
    gap: ${({ theme }) => theme.spacing.xSmall};
    padding: ${({ theme }) => theme.spacing.xxSmall} 0;
  }

  svg {
    flex: none;
  }
`;

interface Props {
  test: { data: ProviderCheck[] | undefined; error: unknown; isPending: boolean };
}

/** What the test of a provider found, check by check, with what to do. */
export function TestResult({ test }: Props) {
  return (
    <Box aria-live="polite" marginVertical="medium">
      {test.isPending ? <Working label={t.testing} /> : null}
      {test.error ? <FailedState error={test.error} /> : null}
      {test.data && !test.isPending ? (
        <>
          <H4>{t.results}</H4>
          <List>
            {test.data.map((check) => (
              <li key={check.name}>
                {check.ok ? <CheckCircleIcon aria-hidden color="success" /> : <ErrorIcon aria-hidden color="danger" />}
                <Flex flexDirection="column">
                  <Text bold marginBottom="none">
                    <Hidden>{check.ok ? t.passed : t.failed}: </Hidden>
                    {t.checks[check.name] ?? check.name}
                  </Text>
                  {check.message ? (
                    <Text color={check.ok ? 'secondary60' : 'danger50'} marginBottom="none">
                      {check.message}
                    </Text>
                  ) : null}
                </Flex>
              </li>
            ))}
          </List>
          {test.data.every((check) => check.ok) ? <Text marginTop="small">{t.allPassed}</Text> : null}
        </>
      ) : null}
    </Box>
  );
}
