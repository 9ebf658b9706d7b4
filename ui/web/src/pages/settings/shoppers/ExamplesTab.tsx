import { Button, Panel, Text } from '@bigcommerce/big-design';
import { useRef, useState } from 'react';
import styled from 'styled-components';
import type { Storefront } from '../../../api/types';
import { copyText } from '../../../lib/browser';
import { text } from '../../../text';
import { shoppersText } from '../../../texts/shoppers';
import { type ExampleName, examples } from './examples';

const t = shoppersText.examples;
const names: ExampleName[] = ['stencil', 'catalyst', 'curl', 'go'];

const Code = styled.textarea`
  background-color: ${({ theme }) => theme.colors.secondary10};
  border: ${({ theme }) => theme.border.box};
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  color: ${({ theme }) => theme.colors.secondary70};
  display: block;
  font-family: ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'Liberation Mono', monospace;
  font-size: ${({ theme }) => theme.typography.fontSize.small};
  line-height: 1.5;
  margin-bottom: ${({ theme }) => theme.spacing.small};
  overflow-x: auto;
  padding: ${({ theme }) => theme.spacing.small};
  resize: vertical;
  white-space: pre;
  width: 100%;

  &:focus-visible {
    outline: 4px solid ${({ theme }) => theme.colors.primary20};
  }
`;

/** What a developer copies into a theme, a headless storefront, a shell or a service. */
export function ExamplesTab({ storefront }: { storefront: Storefront }) {
  const all = examples(storefront);
  return (
    <>
      {names.map((name) => (
        <Example code={all[name]} key={name} name={name} />
      ))}
    </>
  );
}

function Example({ name, code }: { name: ExampleName; code: string }) {
  const area = useRef<HTMLTextAreaElement>(null);
  const [copied, setCopied] = useState<boolean>();
  return (
    <Panel description={t.help[name]} header={t.titles[name]}>
      <Code aria-label={t.titles[name]} readOnly ref={area} rows={code.split('\n').length} spellCheck={false} value={code} wrap="off" />
      <Button aria-label={t.copyOf(t.titles[name])} mobileWidth="auto" onClick={() => void copyText(code, area.current).then(setCopied)} variant="secondary">
        {text.copying.copy}
      </Button>
      <div aria-live="polite">
        {copied === undefined ? null : (
          <Text as="small" marginBottom="none">
            {copied ? text.copying.copied : text.copying.copyFailed}
          </Text>
        )}
      </div>
    </Panel>
  );
}
