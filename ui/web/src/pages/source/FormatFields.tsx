import { Checkbox, Fieldset, FormGroup, Grid, Select } from '@bigcommerce/big-design';
import { useState } from 'react';
import type { FileChoice, Format, Inspection } from '../../api/types';
import { sourceText } from '../../texts/source';
import { CommitInput } from './CommitInput';
import { Details } from './Details';

interface Props {
  /** What the user chose; the rest is found out. */
  value: Format;
  onChange: (format: Format) => void;
  /** What was found; undefined if the file could not be read. */
  found?: Inspection;
}

/** How the file is written, for the rare case that it was not found out, and which part of it is read. */
export function FormatFields({ value, onChange, found }: Props) {
  const t = sourceText;
  const set = (part: Partial<Format>) => onChange({ ...value, ...part });
  const type = [value.type, found?.format.type].find(Boolean);
  const is = (...types: string[]) => type === undefined || types.includes(type);
  return (
    <Details>
      <summary>{t.formatHeader}</summary>
      <Fieldset description={t.formatHelp} legend={t.formatLegend}>
        <FormGroup>
          <Grid gridColumns={{ mobile: 'minmax(0, 1fr)', tablet: 'repeat(3, minmax(0, 1fr))' }} gridGap="1rem">
            <Select label={t.type} onOptionChange={(to) => set({ type: to })} options={typeOptions} value={value.type ?? ''} />
            {type === 'xlsx' ? null : <Select label={t.encoding} onOptionChange={(encoding) => set({ encoding })} options={encodingOptions} value={value.encoding ?? ''} />}
            {is('csv') ? (
              <Select label={t.delimiter} onOptionChange={(delimiter) => set({ delimiter })} options={withValue(delimiterOptions, value.delimiter)} value={value.delimiter ?? ''} />
            ) : null}
            {found?.sheets || value.sheet ? <ChoiceSelect choices={found?.sheets ?? []} label={t.sheet} onChange={(sheet) => set({ sheet })} value={value.sheet} /> : null}
            {found?.members || value.member ? <ChoiceSelect choices={found?.members ?? []} label={t.member} onChange={(member) => set({ member })} value={value.member} /> : null}
            {type === 'xml' || type === 'json' ? (
              <RecordPath choices={found?.paths ?? []} key={value.path} onChange={(path) => set({ path })} type={type} value={value.path ?? ''} />
            ) : null}
            {is('csv', 'xlsx') ? <HeaderRow found={found?.format.header_row} onChange={(header_row) => set({ header_row })} value={value.header_row ?? 0} /> : null}
          </Grid>
        </FormGroup>
      </Fieldset>
    </Details>
  );
}

/** A part of the file, of those that are in it. */
function ChoiceSelect({ choices, label, value, onChange }: { choices: FileChoice[]; label: string; value: string | undefined; onChange: (name: string) => void }) {
  const options = [{ value: '', content: sourceText.detect }, ...choices.map((c) => ({ value: c.name, content: choiceLabel(c) }))];
  return <Select label={label} onOptionChange={(name) => onChange(name ?? '')} options={withValue(options, value)} value={value ?? ''} />;
}

const other = '\n'; // no path

/** Where the records of a document are: one of the places that were found, or another that is typed. */
function RecordPath({ choices, type, value, onChange }: { choices: FileChoice[]; type: 'xml' | 'json'; value: string; onChange: (path: string) => void }) {
  const t = sourceText;
  const known = choices.some((c) => c.name === value) || value === '';
  const [typed, setTyped] = useState(!known || choices.length === 0);
  const options = [{ value: '', content: t.detect }, ...choices.map((c) => ({ value: c.name, content: choiceLabel(c) })), { value: other, content: t.path.other }];
  return (
    <>
      {choices.length === 0 ? null : (
        <Select
          label={t.path.label}
          onOptionChange={(name) => {
            setTyped(name === other);
            if (name !== other) onChange(name ?? '');
          }}
          options={options}
          value={typed ? other : value}
        />
      )}
      {typed ? <CommitInput description={t.path.help[type]} label={t.path.typed} maxLength={500} onCommit={(path) => onChange(path.trim())} spellCheck={false} value={value} /> : null}
    </>
  );
}

/** The row with the names of the columns, as a spreadsheet counts. */
function HeaderRow({ value, found, onChange }: { value: number; found: number | undefined; onChange: (row: number) => void }) {
  const t = sourceText.headerRow;
  const none = value < 0 || (value === 0 && (found ?? 0) < 0);
  const [wrong, setWrong] = useState(false);
  return (
    <div>
      <CommitInput
        description={none ? t.none : t.help(found && found > 0 ? found : 1)}
        disabled={none}
        error={wrong ? t.wrong : undefined}
        inputMode="numeric"
        label={t.label}
        onCommit={(text) => {
          const row = text.trim() === '' ? 0 : Number(text);
          const ok = Number.isInteger(row) && row >= 0 && row <= 1000;
          setWrong(!ok);
          if (ok) onChange(row);
        }}
        value={value > 0 ? String(value) : ''}
      />
      <Checkbox checked={none} label={t.without} onChange={(e) => onChange(e.target.checked ? -1 : found && found < 0 ? 1 : 0)} />
    </div>
  );
}

function choiceLabel(c: FileChoice): string {
  return c.hidden ? sourceText.hidden(c.name) : c.name;
}

const optionsOf = <T extends string>(names: Record<T, string>) => [
  { value: '' as const, content: sourceText.detect },
  ...(Object.keys(names) as T[]).map((value) => ({ value, content: names[value] })),
];

/** The options with what is chosen already, which may be none of them. */
function withValue(options: { value: string; content: string }[], value: string | undefined) {
  return !value || options.some((o) => o.value === value) ? options : [...options, { value, content: value }];
}

const typeOptions = optionsOf(sourceText.types);
const encodingOptions = optionsOf(sourceText.encodings);
const delimiterOptions = optionsOf(sourceText.delimiters);
