import { Box, Checkbox, Fieldset, Flex, Form, FormGroup, InlineMessage, Input, Panel, Radio, Select, Text } from '@bigcommerce/big-design';
import type { Inspection, SourceKind } from '../../api/types';
import { useApp } from '../../components/app';
import { ScrollX } from '../../components/Cells';
import { Working } from '../../components/Feedback';
import { FailedState } from '../../components/states/FailedState';
import { SampleTable } from '../../components/SampleTable';
import type { Words } from '../../lib/words';
import { flowText } from '../../texts/flow';
import { type Draft, secretLeft } from './draft';
import { UploadField } from './UploadField';

interface Props {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  disabled: boolean;
  inspection: Inspection | undefined;
  isChecking: boolean;
  error: unknown;
  stale: boolean;
  /** The address that was saved last: a stored secret belongs to its host. */
  savedURL: string;
  showErrors: boolean;
  words: Words;
}

export function SourceStep({ draft, change, disabled, inspection, isChecking, error, stale, savedURL, showErrors, words }: Props) {
  const t = flowText.source;
  const choose = (kind: SourceKind) => () => change({ kind });
  return (
    <>
      <Panel description={t.description} header={t.header(words)}>
        <Form fullWidth onSubmit={(e) => e.preventDefault()}>
          <Fieldset legend={t.kind}>
            <FormGroup>
              <Radio checked={draft.kind === 'url'} description={t.urlHelp} disabled={disabled} label={t.url} name="kind" onChange={choose('url')} value="url" />
              <Radio checked={draft.kind === 'upload'} description={t.uploadHelp} disabled={disabled} label={t.upload} name="kind" onChange={choose('upload')} value="upload" />
            </FormGroup>
          </Fieldset>
          {draft.kind === 'url' ? <AddressFields change={change} disabled={disabled} draft={draft} savedURL={savedURL} showErrors={showErrors} /> : null}
          {draft.kind === 'upload' ? <UploadField change={change} disabled={disabled} draft={draft} showErrors={showErrors} /> : null}
          {draft.kind !== '' ? <FormatFields change={change} disabled={disabled} draft={draft} /> : null}
        </Form>
      </Panel>
      <div aria-live="polite">
        {isChecking ? (
          <Panel>
            <Working label={t.checking} />
          </Panel>
        ) : error && !inspection ? (
          <FailedState error={error} />
        ) : inspection ? (
          <Sample inspection={inspection} />
        ) : stale || showErrors ? (
          <InlineMessage marginBottom="medium" messages={[{ text: t.mustCheck }]} type="info" />
        ) : null}
      </div>
    </>
  );
}

type PartProps = Pick<Props, 'draft' | 'change' | 'disabled'>;

function AddressFields({ draft, change, disabled, savedURL, showErrors }: PartProps & { savedURL: string; showErrors: boolean }) {
  const t = flowText.source;
  const left = secretLeft(draft, savedURL);
  const stored = left ? t.secretLeft : t.secretStored;
  return (
    <>
      <FormGroup>
        <Input
          autoComplete="off"
          description={draft.url.includes('•••') ? t.maskedHelp : undefined}
          disabled={disabled}
          error={showErrors && draft.url.trim() === '' ? t.urlRequired : undefined}
          inputMode="url"
          label={t.urlLabel}
          maxLength={2000}
          onChange={(e) => change({ url: e.target.value })}
          placeholder={t.urlPlaceholder}
          required
          spellCheck={false}
          value={draft.url}
        />
      </FormGroup>
      <FormGroup>
        <Input
          autoComplete="off"
          description={draft.hasSecret ? `${stored} ${t.secretHelp}` : t.secretHelp}
          disabled={disabled || draft.clearSecret}
          label={t.secret}
          onChange={(e) => change({ authorization: e.target.value })}
          placeholder={draft.hasSecret && !left ? '••••••••' : undefined}
          spellCheck={false}
          type="password"
          value={draft.authorization}
        />
      </FormGroup>
      {draft.hasSecret ? (
        <FormGroup>
          <Checkbox
            checked={draft.clearSecret}
            disabled={disabled}
            label={t.secretClear}
            onChange={(e) => change({ clearSecret: e.target.checked, authorization: '' })}
          />
        </FormGroup>
      ) : null}
    </>
  );
}

const columns = { mobile: 'column', tablet: 'row' } as const;

function FormatFields({ draft, change, disabled }: PartProps) {
  const t = flowText.source;
  const { format } = draft;
  const set = (part: Partial<typeof format>) => change({ format: { ...format, ...part } });
  const options = <T extends string>(names: Record<T, string>) => [
    { value: '' as const, content: t.detect },
    ...(Object.keys(names) as T[]).map((value) => ({ value, content: names[value] })),
  ];
  return (
    <Fieldset description={t.formatHelp} legend={t.formatHeader}>
      <Flex flexDirection={columns} flexGap="1rem">
        <Box>
          <Select disabled={disabled} label={t.type} onOptionChange={(type) => set({ type })} options={options(t.types)} value={format.type ?? ''} />
        </Box>
        <Box>
          <Select disabled={disabled} label={t.encoding} onOptionChange={(encoding) => set({ encoding })} options={options(t.encodings)} value={format.encoding ?? ''} />
        </Box>
        <Box>
          <Select
            disabled={disabled || format.type === 'ndjson'}
            label={t.delimiter}
            onOptionChange={(delimiter) => set({ delimiter })}
            options={options(t.delimiters)}
            value={format.type === 'ndjson' ? '' : (format.delimiter ?? '')}
          />
        </Box>
      </Flex>
    </Fieldset>
  );
}

function Sample({ inspection }: { inspection: Inspection }) {
  const { format } = useApp();
  const t = flowText.source;
  const header = inspection.header ?? [];
  const errors = inspection.row_errors ?? [];
  const { type, encoding, delimiter } = inspection.format;
  const names = [named(t.types, type), named(t.encodings, encoding), type === 'ndjson' ? '' : named(t.delimiters, delimiter)].filter(Boolean).join(', ');
  return (
    <Panel header={t.sampleHeader}>
      <Text color="secondary60">{t.sample(names, format.number(header.length), format.bytes(inspection.size))}</Text>
      {errors.length > 0 ? (
        <InlineMessage
          header={t.rowErrors}
          marginBottom="medium"
          messages={errors.slice(0, 5).map((e) => ({ text: t.rowError(format.number(e.line), e.message) }))}
          type="warning"
        />
      ) : null}
      <ScrollX tabIndex={0} role="region" aria-label={t.sampleHeader}>
        <SampleTable header={header} rows={(inspection.rows ?? []).slice(0, 8).map((row) => row ?? [])} />
      </ScrollX>
    </Panel>
  );
}

function named(names: Record<string, string>, value: string | undefined): string {
  return value ? (names[value] ?? value) : '';
}
