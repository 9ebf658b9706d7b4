import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it, vi } from 'vitest';
import { expectAccessible } from '../test/axe';
import { renderInPanel } from '../test/render';
import { ActionMenu } from './ActionMenu';

it('opens by the keyboard, moves by arrows, and gives the focus back', async () => {
  const copy = vi.fn();
  renderInPanel(
    <ActionMenu
      groups={[[{ text: 'Run', onClick: vi.fn(), disabled: true, reason: 'It is off.' }, { text: 'Copy', onClick: copy }], [{ text: 'Delete', onClick: vi.fn(), destructive: true }]]}
      label="Actions for ERP"
      text="Actions"
    />,
  );
  const button = screen.getByRole('button', { name: 'Actions for ERP' });
  button.focus();
  await userEvent.keyboard('{Enter}');
  expect(await screen.findByRole('dialog', { name: 'Actions for ERP' })).toBeTruthy();
  await expectAccessible();
  expect(screen.getByText('It is off.')).toBeTruthy();
  expect(document.activeElement?.textContent).toBe('Copy');
  await userEvent.keyboard('{ArrowDown}');
  expect(document.activeElement?.textContent).toBe('Delete');
  await userEvent.keyboard('{ArrowDown}{Escape}');
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(document.activeElement).toBe(button);
  await userEvent.keyboard('{Enter}{Enter}');
  expect(copy).toHaveBeenCalled();
});
