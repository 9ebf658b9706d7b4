import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { describe, expect, it, vi } from 'vitest';
import type { CheckLine, MappingCheck, PreviewRow, TargetField } from '../../api/types';
import { type MappingLine, newLine } from '../../lib/mapping';
import { renderInPanel } from '../../test/render';
import { MappingEditor } from './MappingEditor';

const field = (name: string, label: string, part: Partial<TargetField> = {}): TargetField => ({ name, label, type: 'string', required: false, key: false, group: 'common', synonyms: [], unit: '', clears: false, strict: false, ...part });
const targets = [
  field('sku', 'SKU', { required: true, key: true, strict: true, group: 'required' }),
  field('name', 'Name', { required: true, group: 'required' }),
  field('price', 'Default price', { required: true, group: 'required', type: 'number', unit: 'USD' }),
  field('type', 'Type', { required: true, group: 'required', enum: ['physical', 'digital'] }),
  field('cost_price', 'Cost', { type: 'number', unit: 'USD', synonyms: ['einkaufspreis'] }),
  field('is_visible', 'Visible', { type: 'boolean' }),
  field('weight', 'Weight', { group: 'shipping', type: 'number', unit: 'kg', clears: true }),
  field('custom_field:', 'Custom field', { family: { label: 'Name of the custom field', most: 2, max_length: 8 } }),
  field('is_price_hidden', 'Price hidden label', { group: 'more' }),
];
const columns = [{ name: 'PartNum', expression: 'PartNum' }, { name: 'Unit Price', expression: 'row["Unit Price"]' }, { name: 'Weight (kg)', expression: 'row["Weight (kg)"]' }];
const expressions = { words: ['row'], functions: [{ name: 'trim', form: 'trim(Name)', help: 'without white space around it' }], examples: [{ form: '"physical"', help: 'the same text for every row' }] };
const row: PreviewRow = { line: 2, row: 2, key: 'A-1', source: {}, document: { sku: 'A-1', name: 'Blue mug', price: 52 }, errors: [{ field: 'weight', message: '"12,50" is not a number' }], warnings: [] };
const counts = (target: string, part: Partial<CheckLine>): CheckLine => ({ target, filled: 2046, empty: 0, failed: 0, warned: 0, nothing: [], examples: [], ...part });
const check = (...lines: CheckLine[]): MappingCheck => ({ rows: 2046, complete: true, ready: true, lines, unused: [], missing: [], errors: [], failed_rows: 0, questions: [] });

interface Setup {
  lines?: MappingLine[];
  compileErrors?: Map<string, string>;
  readOnly?: boolean;
  checked?: MappingCheck;
}

function setup({ lines = [newLine('sku', 'PartNum'), newLine('name', 'trim(Title)'), newLine('price', 'number(row["Unit Price"], ".")')], compileErrors = new Map(), readOnly = false, checked }: Setup = {}) {
  const seen = vi.fn();
  function Host() {
    const [value, setValue] = useState(lines);
    const change = (next: MappingLine[]) => {
      seen(next.map((l) => [l.target, l.expression]));
      setValue(next);
    };
    return (
      <MappingEditor check={checked} columns={columns} compileErrors={compileErrors} lines={value} onChange={change} readOnly={readOnly} row={row} targets={targets} words={{ singular: 'product', plural: 'products' }} />
    );
  }
  renderInPanel(<Host />, { answers: { 'GET /expressions': { json: expressions } } });
  return { seen, user: userEvent.setup() };
}

const line = (name: string) => within(document.getElementById(`field-${name}`) ?? document.createElement('div'));
const box = (name: RegExp | string) => screen.getByRole<HTMLInputElement>('combobox', { name });

describe('MappingEditor', () => {
  it('shows each field with what it comes from, in groups, and required ones that have nothing yet', () => {
    const { seen } = setup();
    expect(screen.getAllByRole('region').map((r) => r.getAttribute('aria-label'))).toEqual(['Required']);
    expect(box('What SKU comes from').value).toBe('PartNum');
    expect(box('What Default price comes from').value).toBe('Unit Price');
    expect(line('type').getByText('Needed. Choose a column or a value.')).toBeTruthy();
    expect(seen).not.toHaveBeenCalled(); // looking at it changes nothing
  });

  it('shows what the record has with each line, also while another cannot be read', () => {
    setup({ lines: [newLine('sku', 'PartNum'), newLine('name', 'trim('), newLine('price', 'row["Unit Price"]'), newLine('weight', 'row["Weight (kg)"]')], compileErrors: new Map([['name', 'unexpected end']]) });
    expect(line('sku').getByText('A-1')).toBeTruthy();
    expect(line('price').getByText('52 USD')).toBeTruthy();
    expect(line('weight').getByText('"12,50" is not a number')).toBeTruthy();
    expect(line('name').getByText('unexpected end')).toBeTruthy();
    expect(line('sku').queryByText('unexpected end')).toBeNull();
  });

  it('fills a field from a column that is found by any part of its name', async () => {
    const { seen, user } = setup();
    await user.click(box('What Type comes from'));
    await user.keyboard('kg');
    expect(screen.getAllByRole('option').map((o) => o.textContent)).toEqual(['Weight (kg)']);
    await user.keyboard('{Enter}');
    expect(seen).toHaveBeenLastCalledWith([['sku', 'PartNum'], ['name', 'trim(Title)'], ['price', 'number(row["Unit Price"], ".")'], ['type', 'row["Weight (kg)"]']]);
  });

  it('keeps the number form and the default when only the column changes', async () => {
    const { seen, user } = setup({ lines: [newLine('price', 'first(number(row["Unit Price"], ","), 9.5)')] });
    await user.click(box('What Default price comes from'));
    await user.click(screen.getByRole('option', { name: 'PartNum' }));
    expect(seen).toHaveBeenLastCalledWith([['price', 'first(number(PartNum, ","), 9.5)']]);
  });

  it('takes a constant by its label', async () => {
    const { seen, user } = setup({ lines: [] });
    await user.click(box('What Type comes from'));
    await user.click(screen.getByRole('option', { name: 'Always the same value' }));
    await user.click(box('Value of Type for every record'));
    await user.click(await screen.findByRole('option', { name: 'Digital' }));
    expect(seen).toHaveBeenLastCalledWith([['type', '"digital"']]);
  });

  it('writes a number as a number and yes as yes', async () => {
    const { seen, user } = setup({ lines: [newLine('weight', '0'), newLine('is_visible', 'true')] });
    fireEvent.change(screen.getByLabelText('Value of Weight for every record'), { target: { value: '0.5' } });
    expect(seen).toHaveBeenLastCalledWith([['weight', '0.5'], ['is_visible', 'true']]);
    await user.click(box('Value of Visible for every record'));
    await user.click(await screen.findByRole('option', { name: 'No' }));
    expect(seen).toHaveBeenLastCalledWith([['weight', '0.5'], ['is_visible', 'false']]);
  });

  it('says how many records of the whole file have a value, and sets a default for the others', async () => {
    const { seen, user } = setup({
      lines: [newLine('sku', 'PartNum'), newLine('weight', 'row["Weight (kg)"]')],
      checked: check(counts('sku', {}), counts('weight', { filled: 1899, empty: 0, failed: 147, examples: [{ row: 17, line: 40, key: 'A-17', value: '', message: 'is required' }] })),
    });
    expect(line('sku').getByText('2,046 of 2,046')).toBeTruthy();
    expect(line('weight').getByText('147 empty, but needed')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Set a default (Weight)' }));
    await user.keyboard('0.5');
    expect(seen).toHaveBeenLastCalledWith([['sku', 'PartNum'], ['weight', 'first(row["Weight (kg)"], 0.5)']]);
  });

  it('offers no default for what tells records apart', () => {
    setup({ lines: [newLine('sku', 'PartNum')], checked: check(counts('sku', { filled: 2045, failed: 1, examples: [{ row: 17, line: 17, key: '', value: '', message: 'is required' }] })) });
    expect(line('sku').getByText('1 empty, but needed')).toBeTruthy();
    expect(line('sku').queryByRole('button', { name: 'Set a default (SKU)' })).toBeNull();
  });

  it('offers to read numbers as the file writes them', async () => {
    const { seen, user } = setup({
      lines: [newLine('weight', 'row["Weight (kg)"]')],
      checked: check(counts('weight', { filled: 0, failed: 2046, examples: [{ row: 2, line: 2, key: 'A-1', value: '1.234,50', message: '"1.234,50" is not a number' }] })),
    });
    expect(line('weight').getByText('Row 2: "1.234,50" is not a number')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Read numbers as 1.234,50 (Weight)' }));
    expect(seen).toHaveBeenLastCalledWith([['weight', 'number(row["Weight (kg)"], ",")']]);
  });

  it('leaves a formula as it is, and helps with it on demand', async () => {
    const { seen, user } = setup();
    const formula = screen.getByLabelText<HTMLTextAreaElement>('Formula of Name');
    expect(formula.value).toBe('trim(Title)');
    await user.click(line('name').getByText('How to write a formula'));
    expect((await screen.findByText('trim(Name)')).closest('div')?.textContent).toBe('trim(Name)without white space around it');
    formula.setSelectionRange(5, 5);
    fireEvent.select(formula);
    expect(formula.getAttribute('aria-describedby')).toBeTruthy();
    expect(document.getElementById(formula.getAttribute('aria-describedby') ?? '')?.textContent).toBe('trim(Name)without white space around it');
    formula.setSelectionRange(5, 10);
    await user.click(box('Put in a column'));
    formula.setSelectionRange(5, 10);
    await user.click(screen.getByRole('option', { name: 'Unit Price' }));
    expect(seen).toHaveBeenLastCalledWith([['sku', 'PartNum'], ['name', 'trim(row["Unit Price"])'], ['price', 'number(row["Unit Price"], ".")']]);
    await waitFor(() => expect(document.activeElement).toBe(formula));
  });

  it('turns a simple line into a formula without changing it', async () => {
    const { seen, user } = setup();
    await user.click(box('What SKU comes from'));
    await user.click(screen.getByRole('option', { name: 'Formula (advanced)' }));
    expect(screen.getByLabelText<HTMLTextAreaElement>('Formula of SKU').value).toBe('PartNum');
    expect(seen).not.toHaveBeenCalled();
  });

  it('adds a field that the merchant names, once', async () => {
    const { seen, user } = setup({ lines: [newLine('sku', 'PartNum'), newLine('custom_field:Fabric', 'PartNum')] });
    expect(box('What Custom field Fabric comes from').value).toBe('PartNum');
    await user.click(screen.getByRole('button', { name: 'Add field' }));
    await user.type(box('Field to add'), 'custom{Enter}');
    const name = screen.getByLabelText('Name of the custom field');
    await user.type(name, 'fabric');
    expect(screen.getByText('There is a field of this name already.')).toBeTruthy();
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Add' }).disabled).toBe(true);
    await user.clear(name);
    await user.type(name, ' Fit {Enter}');
    expect(seen).toHaveBeenLastCalledWith([['sku', 'PartNum'], ['custom_field:Fabric', 'PartNum'], ['custom_field:Fit', '']]);
    expect(box('What Custom field Fit comes from').value).toBe('');
  });

  it('adds a field that is found by its label, another name for it, or the name in the API', async () => {
    const { seen, user } = setup({ lines: [newLine('sku', 'PartNum')] });
    await user.click(screen.getByRole('button', { name: 'Add field' }));
    await user.keyboard('price');
    expect(screen.getAllByRole('option').map((o) => o.textContent)).toEqual(['Default price', 'Cost', 'Price hidden label']);
    await user.clear(box('Field to add'));
    await user.keyboard('einkauf');
    expect(screen.getAllByRole('option').map((o) => o.textContent)).toEqual(['Cost']);
    await user.clear(box('Field to add'));
    await user.keyboard('is_vis{Enter}');
    expect(seen).toHaveBeenLastCalledWith([['sku', 'PartNum'], ['is_visible', '']]);
    await waitFor(() => expect(document.activeElement).toBe(box('What Visible comes from')));
  });

  it('marks a guess until it was looked at', async () => {
    const { user } = setup({ lines: [newLine('type', '"physical"', true), newLine('weight', '0', true)] });
    await user.click(screen.getByRole('button', { name: 'This is right (Weight)' }));
    expect(line('weight').queryByText('Guess')).toBeNull();
    expect(line('type').getByText('Guess')).toBeTruthy();
    await user.click(box('Value of Type for every record'));
    await user.click(await screen.findByRole('option', { name: 'Digital' }));
    expect(line('type').queryByText('Guess')).toBeNull();
  });

  it('says that a column is gone, a field is filled twice, and a field is no more', () => {
    setup({ lines: [newLine('sku', 'Gone'), newLine('name', 'PartNum'), newLine('name', 'PartNum'), newLine('old', 'PartNum')] });
    expect(line('sku').getByText('Your file has no column “Gone” any more. Choose another one.')).toBeTruthy();
    expect(screen.getAllByText(/Another line fills this field already/)).toHaveLength(2);
    expect(line('old').getByText('There is no such field any more. Remove this line.')).toBeTruthy();
  });

  it('removes a line', async () => {
    const { seen, user } = setup();
    await user.click(screen.getByRole('button', { name: 'Do not fill Name' }));
    expect(seen).toHaveBeenLastCalledWith([['sku', 'PartNum'], ['price', 'number(row["Unit Price"], ".")']]);
  });

  it('shows a viewer what stands there, without controls', () => {
    setup({ lines: [newLine('sku', 'PartNum'), newLine('type', '"physical"'), newLine('weight', 'first(row["Weight (kg)"], 0.5)')], readOnly: true });
    expect(line('type').getByText('Always Physical')).toBeTruthy();
    expect(line('weight').getByText('Weight (kg) else 0.5 kg')).toBeTruthy();
    for (const role of ['combobox', 'textbox', 'button']) expect(screen.queryAllByRole(role)).toEqual([]);
  });
});

describe('a question about values', () => {
  const asked: MappingCheck = {
    ...check(counts('price', {})),
    questions: [
      {
        field: 'price', label: 'Price', kind: 'decimal', column: 'Unit Price', text: 'Which sign stands before the decimals of these numbers?',
        choices: [{ value: 'point', label: 'A point: 1,299.50' }, { value: 'comma', label: 'A comma: 1.299,50' }],
        examples: [{ row: 2, line: 2, value: '1.250', readings: ['1.25', '1250'] }],
      },
    ],
  };

  it('shows both readings, takes the answer by keyboard and gives it back', async () => {
    const { user } = setup({ lines: [newLine('price', 'row["Unit Price"]')], checked: asked });
    const group = screen.getByRole('group', { name: /Which sign stands before the decimals/ });
    expect(group.textContent).toContain('1.250 is 1.25');
    expect(group.textContent).toContain('1.250 is 1250');
    within(group).getByRole('radio', { name: /A comma/ }).focus();
    await user.keyboard(' ');
    expect(line('price').getByText('You said: decimal comma')).toBeTruthy();
    expect(screen.queryByRole('group', { name: /Which sign/ })).toBeNull();
    await user.click(line('price').getByRole('button', { name: /Change/ }));
    expect(screen.getByRole('group', { name: /Which sign/ })).toBeTruthy();
  });
});

it('says which records a line fills and what new ones get without it, and takes it back', async () => {
  const { user } = setup({ lines: [{ ...newLine('weight', 'row["Weight (kg)"]'), otherwise: '0' }, { ...newLine('type', '"physical"'), fill: 'created' }] });
  expect(line('weight').getByText('New ones without it get 0 kg')).toBeTruthy();
  await user.click(line('weight').getByRole('button', { name: /Leave them out/ }));
  expect(line('weight').queryByText(/New ones without it/)).toBeNull();
  expect(line('type').getByText('For new ones only')).toBeTruthy();
  await user.click(line('type').getByRole('button', { name: /Fill all/ }));
  expect(line('type').queryByText('For new ones only')).toBeNull();
});

it('has a choice of what records, empty cells and wrong values get, of fields that let one choose', () => {
  setup({ lines: [newLine('sku', 'PartNum'), newLine('name', 'PartNum'), newLine('weight', 'row["Weight (kg)"]')] });
  const click = (name: string | RegExp) => fireEvent.click(screen.getByRole('button', { name }));
  expect(screen.queryByRole('button', { name: 'Special cases of SKU' })).toBeNull();
  click('Special cases of Name');
  expect(box('Fills')).toBeTruthy();
  expect(screen.queryByRole('combobox', { name: 'An empty cell' })).toBeNull();
  click('Special cases of Name');
  expect(screen.queryByRole('combobox', { name: 'Fills' })).toBeNull();

  click('Special cases of Weight');
  for (const [name, option, said, undo] of [
    ['Fills', 'New ones only', 'For new ones only', /Fill all/],
    ['An empty cell', 'Empties the field in the store', 'Empty cells empty it in the store', /Leave it/],
    ['A value that cannot be used', 'Leaves out the whole row', 'Rows whose value cannot be used are left out', /Keep the rows/],
  ] as const) {
    fireEvent.click(box(name));
    fireEvent.click(screen.getByRole('option', { name: option }));
    expect(line('weight').getByText(said)).toBeTruthy();
    click(undo);
    expect(line('weight').queryByText(said)).toBeNull();
  }
});
