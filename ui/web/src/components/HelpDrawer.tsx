import { H3, Link, Text } from '@bigcommerce/big-design';
import { CloseIcon } from '@bigcommerce/big-design-icons';
import { useEffect, useRef } from 'react';
import styled from 'styled-components';
import { helpText as t } from '../texts/help';

const Drawer = styled.aside`
  background-color: ${({ theme }) => theme.colors.white};
  border-left: ${({ theme }) => theme.border.box};
  bottom: 0;
  box-shadow: ${({ theme }) => theme.shadow.floating};
  max-width: 100vw;
  overflow-y: auto;
  padding: ${({ theme }) => theme.spacing.large};
  position: fixed;
  right: 0;
  top: 0;
  width: 24rem;
  z-index: ${({ theme }) => theme.zIndex.modalBackdrop};
`;

const Title = styled.h2`
  color: ${({ theme }) => theme.colors.secondary70};
  font-size: ${({ theme }) => theme.typography.fontSize.xLarge};
  font-weight: ${({ theme }) => theme.typography.fontWeight.semiBold};
  margin: 0 0 ${({ theme }) => theme.spacing.medium};

  &:focus {
    outline: none;
  }
`;

const Head = styled.div`
  align-items: flex-start;
  display: flex;
  gap: ${({ theme }) => theme.spacing.medium};
  justify-content: space-between;
`;

const Close = styled.button`
  background: none;
  border: 0;
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  color: ${({ theme }) => theme.colors.secondary60};
  cursor: pointer;
  padding: ${({ theme }) => theme.spacing.xxSmall};
`;

interface Props {
  /** The first part of the page's address. */
  section: string;
  supportURL: string;
  onClose: () => void;
}

/** Help about a page, beside it: the page stays usable. */
export function HelpDrawer({ section, supportURL, onClose }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const topic = t.topics[section] ?? t.fallback;
  return (
    <Drawer
      aria-label={t.label(topic.title)}
      onKeyDown={(e) => {
        if (e.key === 'Escape') onClose();
      }}
    >
      <Head>
        <Title ref={heading} tabIndex={-1}>
          {topic.title}
        </Title>
        <Close onClick={onClose} type="button">
          <CloseIcon title={t.close} />
        </Close>
      </Head>
      <Text>{topic.intro}</Text>
      {topic.questions.map((q) => (
        <section key={q.question}>
          <H3>{q.question}</H3>
          <Text>{q.answer}</Text>
        </section>
      ))}
      <H3>{t.more}</H3>
      {supportURL ? (
        <Link href={supportURL} rel="noreferrer" target="_blank">
          {t.support}
        </Link>
      ) : (
        <Text>{t.noSupport}</Text>
      )}
    </Drawer>
  );
}
