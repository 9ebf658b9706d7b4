import styled from 'styled-components';

const Track = styled.div`
  background-color: ${({ theme }) => theme.colors.secondary20};
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  height: ${({ theme }) => theme.spacing.xSmall};
  overflow: hidden;
`;

const Done = styled.div`
  background-color: ${({ theme }) => theme.colors.primary};
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  height: 100%;
  transition: width 250ms linear;

  &[data-unknown] {
    animation: bar-wait 1.6s ease-in-out infinite alternate;
    width: 30%;
  }

  @keyframes bar-wait {
    from {
      margin-left: 0;
    }

    to {
      margin-left: 70%;
    }
  }

  @media (prefers-reduced-motion: reduce) {
    animation: none;
    transition: none;
  }
`;

/** How far something has come, by name: BigDesign's bar has none. Without a share it only says that it goes on. */
export function Bar({ label, done }: { label: string; done: number | undefined }) {
  const percent = done === undefined ? undefined : Math.floor(Math.min(1, Math.max(0, done)) * 100);
  return (
    <Track aria-label={label} aria-valuemax={100} aria-valuemin={0} aria-valuenow={percent} role="progressbar">
      <Done data-unknown={percent === undefined || undefined} style={percent === undefined ? undefined : { width: `${percent}%` }} />
    </Track>
  );
}
