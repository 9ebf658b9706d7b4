import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import type { Flow } from '../../api/types';
import { expectAccessible } from '../../test/axe';
import { flow } from '../../test/overview';
import { renderInPanel, run } from '../../test/render';
import { connectionsText as t } from '../../texts/connections';
import { ConnectionsPage } from './ConnectionsPage';

const show = (flows: Flow[]) => renderInPanel(<ConnectionsPage />, { answers: { 'GET /flows': { json: { flows, next: '' } } }, path: '/connections', route: '/connections' });

const secret = { ...flow.source, has_secret: true };
const upload = { ...flow.source, kind: 'upload', url: '', filename: 'levels.csv' };
const none = { ...flow.source, kind: '', url: '' };

describe('ConnectionsPage', () => {
  it('lists an address once with all that read it, and each upload', async () => {
    show([
      { ...flow, id: 'a', name: 'Catalogue', source: secret, last_run: { ...run, state: 'failed', error: 'Not found (404).' } },
      { ...flow, id: 'b', name: 'Prices', source: secret, last_run: { ...run, id: 'old', created_at: '2026-11-01T00:00:00Z' } },
      { ...flow, id: 'c', name: 'Stock', source: upload },
      { ...flow, id: 'd', name: 'Empty', source: none },
    ]);
    const rows = (await screen.findAllByRole('row')).slice(1).map((r) => r.textContent);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toContain('erp.example, products.csv');
    expect(rows[0]).toContain('Web address, with a password');
    expect(rows[0]).toContain('CataloguePrices');
    expect(rows[0]).toContain('Not found (404).');
    expect(rows[1]).toContain('levels.csv');
    expect(rows[1]).toContain(t.never);
    expect(rows.join()).not.toContain('Empty');
    await expectAccessible();
  });

  it('leads to the first one', async () => {
    const { router } = show([{ ...flow, source: none }]);
    await userEvent.click(await screen.findByRole('button', { name: t.empty.action }));
    expect(router.state.location.pathname).toBe('/syncs/new');
  });
});
