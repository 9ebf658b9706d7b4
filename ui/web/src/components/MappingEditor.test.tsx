import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { describe, expect, it, vi } from 'vitest';
import type { PreviewRow, TargetField } from '../api/types';
import { type MappingLine, newLine } from '../lib/mapping';
import { renderInPanel } from '../test/render';
import { MappingEditor } from './MappingEditor';

const field = (name: string, label: string, required = false): TargetField => ({ name, label, type: 'string', required, group: 'common', synonyms: [], unit: '' });
const targets = [field('sku', 'SKU', true), field('name', 'Name', true), field('price', 'Price', true)];
const columns = [{ name: 'PartNum', expression: 'PartNum' }, { name: 'Unit Price', expression: 'row["Unit Price"]' }];
const expressions = { words: ['row'], functions: [{ name: 'trim', form: 'trim(Name)', help: 'without white space around it' }], examples: [{ form: '"physical"', help: 'the same text for every row' }] };
const row: PreviewRow = { line: 2, row: 2, key: 'A-1', source: {}, document: { sku: 'A-1', name: 'Blue mug' }, errors: [{ field: 'price', message: '"12,50" is not a number' }] };

interface Setup {
  lines?: MappingLine[];
  compileErrors?: Map<string, string>;
  disabled?: boolean;
}

function setup({ lines = [newLine('sku', 'PartNum'), newLine('name', 'Title'), newLine('price', 'ListPrice')], compileErrors = new Map(), disabled = false }: Setup = {}) {
  const seen = vi.fn();
  function Host() {
    const [value, setValue] = useState(lines);
    const change = (next: MappingLine[]) => {
      seen(next.map((l) => [l.target, l.expression]));
      setValue(next);
    };
    return (
      <MappingEditor columns={columns} compileErrors={compileErrors} disabled={disabled} lines={value} onChange={change} row={row} targets={targets} words={{ singular: 'product', plural: 'products' }} />
    );
  }
  renderInPanel(<Host />, { answers: { 'GET /expressions': { json: expressions } } });
  return { seen, user: userEvent.setup() };
}

const line = (n: number) => within(screen.getAllByRole('listitem')[n] ?? document.body);

describe('MappingEditor', () => {
  it('shows what each line makes of the sample row, or what is wrong with it', () => {
    setup();
    expect(line(0).getByText('A-1')).toBeTruthy();
    expect(line(1).getByText('Blue mug')).toBeTruthy();
    expect(line(2).getByText('"12,50" is not a number')).toBeTruthy();
  });

  it('marks required fields, the SKU among them', () => {
    setup();
    expect(screen.getAllByRole<HTMLInputElement>('combobox').map((c) => c.value)).toEqual(['SKU (required)', 'Name (required)', 'Price (required)']);
  });

  it('edits an expression', () => {
    const { seen } = setup();
    fireEvent.change(screen.getByLabelText('Expression for Price'), { target: { value: 'number(ListPrice)' } });
    expect(seen).toHaveBeenLastCalledWith([['sku', 'PartNum'], ['name', 'Title'], ['price', 'number(ListPrice)']]);
  });

  it('shows a compile error at its expression', () => {
    setup({ compileErrors: new Map([['name', 'unknown name Title (1:1)']]) });
    expect(line(1).getByText('unknown name Title (1:1)')).toBeTruthy();
    expect(line(0).queryByText('unknown name Title (1:1)')).toBeNull();
  });

  it('says that a field is filled twice', () => {
    setup({ lines: [newLine('name', 'A'), newLine('name', 'B')] });
    expect(screen.getAllByText(/Another line fills this field already/)).toHaveLength(2);
  });

  it('adds and removes lines', async () => {
    const { seen, user } = setup();
    await user.click(screen.getByRole('button', { name: 'Remove Name' }));
    expect(seen).toHaveBeenLastCalledWith([['sku', 'PartNum'], ['price', 'ListPrice']]);
    await user.click(screen.getByRole('button', { name: 'Add field' }));
    expect(seen).toHaveBeenLastCalledWith([['sku', 'PartNum'], ['price', 'ListPrice'], ['', '']]);
  });

  it('offers a new line the fields that are free and writable', async () => {
    const { seen, user } = setup({ lines: [newLine('sku', 'PartNum'), newLine('', '')] });
    await user.click(screen.getByLabelText('Product field of line 2'));
    const options = await screen.findAllByRole('option');
    expect(options.map((o) => o.textContent)).toEqual(['Name (required)', 'Price (required)']);
    await user.click(screen.getByRole('option', { name: 'Price (required)' }));
    expect(seen).toHaveBeenLastCalledWith([['sku', 'PartNum'], ['price', '']]);
  });

  it('puts a column into the expression edited last, at the caret, and keeps the focus there', async () => {
    const { seen, user } = setup();
    const input = screen.getByLabelText<HTMLInputElement>('Expression for Price');
    await user.clear(input);
    await user.type(input, 'number()');
    input.setSelectionRange(7, 7);
    await user.click(screen.getByText('Columns and functions'));
    await user.click(screen.getByRole('button', { name: 'Insert column Unit Price' }));
    expect(seen).toHaveBeenLastCalledWith([['sku', 'PartNum'], ['name', 'Title'], ['price', 'number(row["Unit Price"])']]);
    await waitFor(() => expect(document.activeElement).toBe(input));
    expect(input.selectionStart).toBe('number(row["Unit Price"]'.length);
  });

  it('shows the help that the server gives', async () => {
    setup();
    expect((await screen.findByText('trim(Name)')).closest('div')?.textContent).toBe('trim(Name)without white space around it');
    expect(screen.getByText('the same text for every row')).toBeDefined();
  });

  it('can be read but not changed when disabled', () => {
    setup({ disabled: true });
    for (const control of [...screen.getAllByRole('textbox'), ...screen.getAllByRole('combobox'), ...screen.getAllByRole('button', { name: /Remove|Add/ })]) {
      expect(control).toHaveProperty('disabled', true);
    }
  });
});
