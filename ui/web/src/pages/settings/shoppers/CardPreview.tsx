import { Button, Form, FormGroup, Input, Panel, Select, Text } from '@bigcommerce/big-design';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import styled from 'styled-components';
import type { CardField, CardOwner, CardValue } from '../../../api/types';
import { useApp } from '../../../components/app';
import { Quiet } from '../../../components/Feedback';
import { FailedState } from '../../../components/states/FailedState';
import { shoppersText } from '../../../texts/shoppers';

const t = shoppersText.preview;

const Card = styled.section`
  background-color: ${({ theme }) => theme.colors.white};
  border: ${({ theme }) => theme.border.box};
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  box-shadow: ${({ theme }) => theme.shadow.raised};
  margin-top: ${({ theme }) => theme.spacing.medium};
  max-width: 26rem;
  padding: ${({ theme }) => theme.spacing.large};

  h4 {
    font-size: ${({ theme }) => theme.typography.fontSize.large};
    font-weight: ${({ theme }) => theme.typography.fontWeight.semiBold};
    margin: 0 0 ${({ theme }) => theme.spacing.small};
  }

  dl {
    margin: 0;
  }

  dl > div {
    border-top: ${({ theme }) => theme.border.box};
    display: flex;
    gap: ${({ theme }) => theme.spacing.medium};
    justify-content: space-between;
    padding: ${({ theme }) => theme.spacing.xSmall} 0;
  }

  dt {
    color: ${({ theme }) => theme.colors.secondary60};
  }

  dd {
    font-weight: ${({ theme }) => theme.typography.fontWeight.semiBold};
    margin: 0;
    overflow-wrap: anywhere;
    text-align: right;
  }
`;

type Kind = keyof typeof t.kinds;
const kinds = (Object.keys(t.kinds) as Kind[]).map((value) => ({ value, content: t.kinds[value] }));

function ownerOf(kind: Kind, value: string): CardOwner {
  return kind === 'customer_id' ? { customer_id: Number(value) || 0 } : { [kind]: value };
}

/** The account card with the fields under edit: example values, or those of a shopper who is named. */
export function CardPreview({ fields }: { fields: CardField[] }) {
  const { client, format } = useApp();
  const [kind, setKind] = useState<Kind>('email');
  const [value, setValue] = useState('');
  const preview = useMutation({
    mutationFn: ({ shown, owner }: { shown: CardField[]; owner: CardOwner }) => client.previewCard(shown, owner),
  });
  const show = () => {
    if (value.trim() !== '') preview.mutate({ shown: fields, owner: ownerOf(kind, value.trim()) });
  };
  const sample: CardValue[] = fields.map((f) => ({ ...f, value: t.samples[f.format] }));
  const shown = preview.data ? preview.data.fields : sample;
  return (
    <Panel header={t.header}>
      <Form
        fullWidth
        onSubmit={(e) => {
          e.preventDefault();
          show();
        }}
      >
        <FormGroup>
          <Select
            label={t.owner}
            onOptionChange={(k) => {
              setKind(k ?? 'email');
              preview.reset();
            }}
            options={kinds}
            value={kind}
          />
          <Input
            label={t.value}
            maxLength={255}
            onChange={(e) => {
              setValue(e.target.value);
              preview.reset();
            }}
            type={kind === 'customer_id' ? 'number' : 'text'}
            value={value}
          />
        </FormGroup>
        <Button disabled={value.trim() === '' || fields.length === 0} isLoading={preview.isPending} mobileWidth="auto" type="submit" variant="secondary">
          {t.show}
        </Button>
      </Form>
      {preview.error ? <FailedState error={preview.error} /> : null}
      <div aria-live="polite">
        {shown.length === 0 ? (
          <Quiet>{t.empty}</Quiet>
        ) : (
          <Card aria-label={t.header}>
            <h4>{t.heading}</h4>
            <dl>
              {shown.map((f) => (
                <div key={f.key}>
                  <dt>{f.label}</dt>
                  <dd>{f.value}</dd>
                </div>
              ))}
            </dl>
          </Card>
        )}
        <Text color="secondary60" marginTop="small">
          {preview.data ? (preview.data.updated_at ? t.updated(format.ago(preview.data.updated_at)) : '') : t.sample}
        </Text>
      </div>
    </Panel>
  );
}
