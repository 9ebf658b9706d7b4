import { Panel } from '@bigcommerce/big-design';
import styled, { keyframes } from 'styled-components';
import { text } from '../../text';
import { Hidden } from '../Hidden';

const breathe = keyframes`
  50% { opacity: 0.5; }
`;

const Bars = styled.div`
  display: flex;
  flex-direction: column;
  gap: ${({ theme }) => theme.spacing.medium};
  padding: ${({ theme }) => theme.spacing.small} 0;
`;

const Bar = styled.div<{ $width: number }>`
  animation: ${breathe} 1.6s ease-in-out infinite;
  background-color: ${({ theme }) => theme.colors.secondary20};
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  height: ${({ theme }) => theme.spacing.large};
  max-width: 100%;
  width: ${({ $width }) => $width}%;
`;

const Place = styled.div`
  margin: 0 auto;
  max-width: ${({ theme }) => theme.helpers.remCalc(1184)};
  padding: ${({ theme }) => `${theme.spacing.xxLarge} ${theme.spacing.medium}`};
  width: 100%;
`;

const widths = [92, 100, 84, 96, 88];

/** The place of what is being loaded: as many lines as it will have, so that nothing jumps when it comes. */
export function Skeleton({ lines = 3, label = text.loading }: { lines?: number; label?: string }) {
  return (
    <Bars data-skeleton role="status">
      <Hidden>{label}</Hidden>
      {Array.from({ length: lines }, (_, i) => (
        <Bar $width={widths[i % widths.length] ?? 100} aria-hidden key={i} />
      ))}
    </Bars>
  );
}

/** The place of a whole page. */
export function PageSkeleton() {
  return (
    <Place>
      <Panel>
        <Skeleton lines={6} />
      </Panel>
    </Place>
  );
}
