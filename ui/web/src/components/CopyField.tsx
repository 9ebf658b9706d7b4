import { Button, Flex, FlexItem, Form, FormGroup, Input } from '@bigcommerce/big-design';
import { useRef, useState } from 'react';
import { copyText } from '../lib/browser';
import { text } from '../text';

/** A text to be copied as it is: an address to register elsewhere. */
export function CopyField({ label, value, help }: { label: string; value: string; help?: string }) {
  const input = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState<boolean>();
  const t = text.copying;
  return (
    <Form fullWidth onSubmit={(e) => e.preventDefault()}>
      <Flex alignItems="flex-end" paddingBottom="xxSmall" flexDirection="row" flexGap="0.5rem" flexWrap="wrap">
        <FlexItem flexBasis="16rem" flexGrow={1}>
          <FormGroup>
            <Input description={help} label={label} onFocus={(e) => e.currentTarget.select()} readOnly ref={input} value={value} />
          </FormGroup>
        </FlexItem>
        <FlexItem>
          <Button aria-label={`${t.copy}: ${label}`} mobileWidth="auto" onClick={() => void copyText(value, input.current).then(setCopied)} type="button" variant="secondary">
            {t.copy}
          </Button>
        </FlexItem>
      </Flex>
      <div aria-live="polite">{copied === undefined ? null : <small>{copied ? t.copied : t.copyFailed}</small>}</div>
    </Form>
  );
}
