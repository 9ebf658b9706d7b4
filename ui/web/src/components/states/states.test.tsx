import { Button, Input } from '@bigcommerce/big-design';
import { act, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../../api/errors';
import { expectAccessible } from '../../test/axe';
import { renderInPanel, session } from '../../test/render';
import { text } from '../../text';
import { ActionButtons } from '../ActionButtons';
import { useAccess } from '../app';
import { Banners } from '../Banners';
import { EmptyState } from './EmptyState';
import { FailedState } from './FailedState';
import { Permitted } from './ReadOnly';
import { SavedBySomebodyElse } from './SavedBySomebodyElse';
import { PageSkeleton } from './Skeleton';
import { useUnsaved } from './Unsaved';

const viewer = { ...session, permissions: { write: false, admin: false, owner: false } };

function RunButton() {
  const access = useAccess('run');
  return <ActionButtons actions={[{ text: 'Start', disabled: !access.allowed, reason: access.reason }]} />;
}

describe('the shared states', () => {
  afterEach(() => expectAccessible()); // before what is rendered is taken away

  it('says that something is loading', () => {
    renderInPanel(<PageSkeleton />);
    expect(screen.getByRole('status').textContent).toBe('Loading');
  });

  it('offers what makes the first of an empty list, and says why it cannot be done', () => {
    renderInPanel(<EmptyState action={{ text: 'Create', disabled: true, reason: 'Ask an admin.' }} heading="No syncs" message="They stand here." />);
    const button = screen.getByRole('button', { name: 'Create' });
    expect(document.getElementById(button.getAttribute('aria-describedby') ?? '')?.textContent).toBe('Ask an admin.');
  });

  it('tells a failure with its cause, its fields, and the id of the request when it is ours', async () => {
    const retry = vi.fn();
    const error = new ApiError({ status: 500, code: 'internal', message: 'Sluice broke.', fields: [{ field: 'name', message: 'is taken' }], requestId: 'r-17' });
    renderInPanel(<FailedState error={error} retry={retry} />);
    expect(screen.getByRole('alert').textContent).toContain('Sluice broke.');
    expect(screen.getByText('name: is taken')).toBeTruthy();
    expect(screen.getByText(/r-17/)).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: text.tryAgain }));
    expect(retry).toHaveBeenCalled();
  });

  it('hides from a viewer what a viewer may not do, and says whom to ask', () => {
    renderInPanel(<><Banners /><Permitted><button>Delete</button></Permitted></>, { session: viewer });
    expect(screen.queryByRole('button', { name: 'Delete' })).toBeNull();
    expect(screen.getByText(text.shell.viewer.header)).toBeTruthy();
  });

  it('names a missing permission in words, and opens the list of apps', async () => {
    const open = vi.spyOn(window, 'open').mockReturnValue(null);
    renderInPanel(<Banners />, { session: { ...session, missing_scopes: ['store_v2_products', 'store_new_thing'] } });
    expect(screen.getByText(/^Products and price lists: syncs of products/)).toBeTruthy();
    expect(screen.getByText(/store_new_thing/)).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: text.shell.permission.action }));
    expect(open).toHaveBeenCalledWith('https://store-abc123.mybigcommerce.com/manage/marketplace/apps/my-apps', '_blank', 'noopener,noreferrer');
  });

  it('says that the store needs Sluice again, and why its runs wait', () => {
    renderInPanel(<><Banners /><RunButton /></>, { session: { ...session, store: { ...session.store, state: 'needs_reinstall', state_reason: 'The token was refused.' } } });
    expect(screen.getByText(text.shell.reinstall.header)).toBeTruthy();
    expect(screen.getByText('The token was refused.')).toBeTruthy();
    expect(screen.getByText(text.shell.reinstall.reason)).toBeTruthy();
  });

  it('tells how old the page is while the server cannot be reached, and why buttons wait', async () => {
    const { client } = renderInPanel(<><Banners /><RunButton /></>);
    expect(screen.queryByText(/^As of/)).toBeNull();
    act(() => client.contact.lost());
    expect(await screen.findByText(/^As of \d{1,2}:\d\d\s[AP]M\. Sluice cannot be reached at the moment: reconnecting…$/)).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Start' })).toHaveProperty('disabled', true);
    expect(screen.getByText(text.shell.stale.reason)).toBeTruthy();
    act(() => client.contact.heard());
    expect(screen.queryByText(/^As of/)).toBeNull();
    expect(screen.getByRole('button', { name: 'Start' })).toHaveProperty('disabled', false);
  });

  it('shows both when somebody else saved first', async () => {
    const load = vi.fn();
    renderInPanel(<SavedBySomebodyElse differences={[{ label: 'Name', yours: 'ERP', theirs: 'Shop' }]} onLoad={load} />);
    expect(screen.getByText('Yours: ERP')).toBeTruthy();
    expect(screen.getByText('Theirs: Shop')).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: text.shell.conflict.action }));
    expect(load).toHaveBeenCalled();
  });
});

describe('useUnsaved', () => {
  function Form({ within }: { within?: string }) {
    const navigate = useNavigate();
    const [name, setName] = useState('');
    const saved = useUnsaved(name !== '', within);
    return (
      <>
        <Input label="Name" onChange={(e) => setName(e.target.value)} value={name} />
        <Button onClick={() => void navigate('/form/rules')}>Rules</Button>
        <Button onClick={() => void navigate('/elsewhere')}>Leave</Button>
        <Button onClick={() => { saved(); void navigate('/elsewhere'); }}>Save</Button>
      </>
    );
  }
  const show = (within?: string) => renderInPanel(<Form within={within} />, { path: '/form', route: '/form/*' });
  const press = (name: string) => userEvent.click(screen.getByRole('button', { name }));
  const typed = () => userEvent.type(screen.getByRole('textbox', { name: 'Name' }), 'x');

  it('asks before work is lost, and keeps it', async () => {
    const { router } = show();
    await typed();
    await press('Leave');
    expect(await screen.findByText(text.shell.unsaved.message)).toBeTruthy();
    await press(text.shell.unsaved.stay);
    await waitFor(() => expect(screen.queryByText(text.shell.unsaved.message)).toBeNull());
    expect(router.state.location.pathname).toBe('/form');
    expect(screen.getByRole<HTMLInputElement>('textbox').value).toBe('x');
    await press('Leave');
    await press(text.shell.unsaved.leave);
    expect(await screen.findByText('another page')).toBeTruthy();
  });

  it('asks nothing when nothing was typed, nor when it was saved', async () => {
    show();
    await press('Leave');
    expect(await screen.findByText('another page')).toBeTruthy();
  });

  it('lets a page go elsewhere after it has saved', async () => {
    show();
    await typed();
    await press('Save');
    expect(await screen.findByText('another page')).toBeTruthy();
  });

  it('keeps a draft over the tabs that share it', async () => {
    const { router } = show('/form');
    await typed();
    await press('Rules');
    await waitFor(() => expect(router.state.location.pathname).toBe('/form/rules'));
    await press('Leave');
    expect(await screen.findByText(text.shell.unsaved.message)).toBeTruthy();
  });

  it('makes the browser ask before the panel is closed', async () => {
    show();
    const leave = () => {
      const e = new Event('beforeunload', { cancelable: true });
      window.dispatchEvent(e);
      return e.defaultPrevented;
    };
    expect(leave()).toBe(false);
    await typed();
    expect(leave()).toBe(true);
  });
});
