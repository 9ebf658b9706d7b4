import { Flex, FlexItem, InlineMessage, Text } from '@bigcommerce/big-design';
import styled from 'styled-components';
import type { Quota } from '../api/types';
import { quotaText } from '../texts/quota';
import { useApp } from './app';
import { Fact, Facts } from './Cells';

const size = 148;
const stroke = 14;
const radius = (size - stroke) / 2;
const circumference = 2 * Math.PI * radius;

const Ring = styled.svg`
  display: block;
  height: ${size}px;
  margin: 0 auto;
  width: ${size}px;
`;

const Track = styled.circle`
  fill: none;
  stroke: ${({ theme }) => theme.colors.secondary20};
  stroke-width: ${stroke};
`;

const Arc = styled.circle<{ $low: boolean }>`
  fill: none;
  stroke: ${({ theme, $low }) => ($low ? theme.colors.warning50 : theme.colors.primary)};
  stroke-linecap: round;
  stroke-width: ${stroke};
  transform: rotate(-90deg);
  transform-origin: 50% 50%;
  transition: stroke-dashoffset 0.4s linear;

  @media (prefers-reduced-motion: reduce) {
    transition: none;
  }
`;

const Big = styled.text`
  fill: ${({ theme }) => theme.colors.secondary70};
  font-size: 28px;
  font-weight: ${({ theme }) => theme.typography.fontWeight.semiBold};
`;

const Small = styled.text`
  fill: ${({ theme }) => theme.colors.secondary60};
  font-size: 14px;
`;

/** How much of the store's request allowance is left, and what waits for it. */
export function QuotaGauge({ quota }: { quota: Quota }) {
  const { format } = useApp();
  const t = quotaText;
  const share = quota.known && quota.quota > 0 ? Math.min(1, Math.max(0, quota.left / quota.quota)) : 0;
  const left = Math.max(0, quota.left);
  const used = Math.max(0, quota.quota - quota.left);
  const summary = t.ofTotal(format.number(left), format.number(quota.quota));
  const length = format.duration(quota.window_ms / 1000);
  const waiting = quota.waiting + quota.delayed;
  return (
    <div>
      {quota.paused ? <InlineMessage marginBottom="medium" messages={[{ text: t.paused }]} type="warning" /> : null}
      <Flex alignItems={{ mobile: 'stretch', tablet: 'flex-start' }} flexDirection={{ mobile: 'column', tablet: 'row' }} flexGap="1.5rem">
        <FlexItem flexShrink={0}>
          <Ring aria-label={quota.known ? summary : t.unknown} role="img" viewBox={`0 0 ${size} ${size}`}>
            <Track cx={size / 2} cy={size / 2} r={radius} />
            {quota.known && share > 0 ? (
              <Arc
                $low={share < 0.1}
                cx={size / 2}
                cy={size / 2}
                r={radius}
                strokeDasharray={circumference}
                strokeDashoffset={circumference * (1 - share)}
              />
            ) : null}
            <Big textAnchor="middle" x="50%" y="50%">
              {quota.known ? format.compact(left) : '?'}
            </Big>
            <Small textAnchor="middle" x="50%" y="64%">
              {quota.known ? t.left : ''}
            </Small>
          </Ring>
        </FlexItem>
        <FlexItem flexGrow={1} flexBasis="0">
          {quota.known ? (
            <Text bold marginBottom="small">
              {summary}
            </Text>
          ) : (
            <Text marginBottom="small">{t.unknown}</Text>
          )}
          <Facts $min={8}>
            {quota.known ? (
              <>
                <Fact name={t.used}>{format.number(used)}</Fact>
                <Fact name={t.renews}>{quota.reset_ms > 0 ? t.renewsIn(length, format.duration(quota.reset_ms / 1000)) : t.renewsEvery(length)}</Fact>
              </>
            ) : null}
            <Fact name={t.out}>{t.requests(format.number(quota.out), quota.out)}</Fact>
            <Fact name={t.work}>{waiting > 0 ? t.someWork(format.number(waiting), waiting) : t.noWork}</Fact>
          </Facts>
        </FlexItem>
      </Flex>
    </div>
  );
}
