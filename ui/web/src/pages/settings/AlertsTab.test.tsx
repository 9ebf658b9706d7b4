import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import type { Alerts, AlertsChange } from '../../api/types';
import { expectAccessible } from '../../test/axe';
import { renderInPanel, session } from '../../test/render';
import { text } from '../../text';
import { alertsText as t } from '../../texts/alerts';
import { AlertsTab } from './AlertsTab';

const alerts: Alerts = {
  rules: [
    { name: 'run_failed', label: 'A run failed', help: 'It ended early.', enabled: true, params: {}, fields: [] },
    {
      name: 'late', label: 'A sync is late', help: 'Its run has not finished in time.', enabled: true, params: { minutes: 60 },
      fields: [{ name: 'minutes', label: 'Late by more than', unit: 'minutes', default: 60, min: 5, max: 10_080 }],
    },
  ],
  channels: [
    { id: 'c1', kind: 'mail', to: 'pat@merchant.example', enabled: true, has_secret: false, failure: '' },
    { id: 'c2', kind: 'slack', to: 'https://hooks.slack.com/…x7Qd', enabled: true, has_secret: false, failure: 'Slack answered 404.' },
  ],
  quiet: { enabled: false, from: '22:00', to: '07:00' }, digest: { enabled: false, at: '08:00' }, mail_available: true, time_zone: 'Europe/Zurich', version: 4,
};

function show(answers: NonNullable<Parameters<typeof renderInPanel>[1]>['answers'] = {}, of = session) {
  return renderInPanel(<AlertsTab />, { answers: { 'GET /alerts': { json: alerts }, 'PUT /alerts': { json: { ...alerts, version: 5 } }, ...answers }, session: of });
}

const saved = (calls: ReturnType<typeof show>['calls']) => calls.find((c) => c.method === 'PUT')?.body as AlertsChange | undefined;
const save = () => userEvent.click(screen.getByRole('button', { name: text.save }));

describe('AlertsTab', () => {
  it('shows rules with their numbers, where alerts go, and what did not arrive', async () => {
    show();
    expect((await screen.findByLabelText<HTMLInputElement>('Late by more than (minutes)')).value).toBe('60');
    expect(screen.getByDisplayValue('pat@merchant.example')).toBeTruthy();
    expect(screen.getByText(t.channels.failed('Slack answered 404.'))).toBeTruthy();
    expect(screen.getByText(t.times.zone('Europe/Zurich'))).toBeTruthy();
    expect(screen.getByRole('button', { name: text.save })).toHaveProperty('disabled', true);
    await expectAccessible();
  });

  it('saves what was changed, and the rest as it was', async () => {
    const { calls } = show();
    const minutes = await screen.findByLabelText('Late by more than (minutes)');
    await userEvent.clear(minutes);
    await userEvent.type(minutes, '30');
    await userEvent.click(screen.getByRole('checkbox', { name: 'A run failed' }));
    await userEvent.click(screen.getByRole('checkbox', { name: t.times.quiet }));
    await userEvent.click(screen.getByRole('button', { name: t.channels.removeOf('Slack https://hooks.slack.com/…x7Qd') }));
    await save();
    await waitFor(() => expect(saved(calls)).toBeTruthy());
    expect(saved(calls)).toEqual({
      rules: [{ name: 'run_failed', enabled: false, params: {} }, { name: 'late', enabled: true, params: { minutes: 30 } }],
      channels: [{ id: 'c1', kind: 'mail', to: 'pat@merchant.example', enabled: true }],
      quiet: { enabled: true, from: '22:00', to: '07:00' }, digest: { enabled: false, at: '08:00' }, version: 4,
    });
  });

  it('refuses a number that a rule cannot have, unless the rule is off', async () => {
    const { calls } = show();
    const minutes = await screen.findByLabelText('Late by more than (minutes)');
    await userEvent.clear(minutes);
    await userEvent.type(minutes, '2');
    await save();
    expect(await screen.findByText(t.rules.between('5', '10,080'))).toBeTruthy();
    expect(screen.getByText(t.incomplete)).toBeTruthy();
    expect(saved(calls)).toBeUndefined();
    await userEvent.click(screen.getByRole('checkbox', { name: 'A sync is late' }));
    await userEvent.click(screen.getByRole('button', { name: t.channels.add }));
    await save();
    expect(await screen.findByText(t.channels.required)).toBeTruthy();
    expect(saved(calls)).toBeUndefined();
    await userEvent.click(screen.getByRole('button', { name: t.channels.removeOf('E-mail') }));
    await save();
    await waitFor(() => expect(saved(calls)?.rules[1]).toEqual({ name: 'late', enabled: false, params: { minutes: 60 } }));
  });

  it('adds a webhook, and shows its secret once', async () => {
    const made = { id: 'c3', kind: 'webhook', to: 'https://erp.example/…', enabled: true, has_secret: true, failure: '', secret: 'whsec_abc' };
    const { calls, queryClient } = show({ 'PUT /alerts': { json: { ...alerts, version: 5, channels: [...alerts.channels, made] } } });
    await userEvent.click(await screen.findByRole('button', { name: t.channels.add }));
    await userEvent.click(screen.getByRole('combobox', { name: t.channels.kindOf(3) }));
    await userEvent.click(await screen.findByRole('option', { name: t.channels.kinds.webhook }));
    await userEvent.click(screen.getByLabelText(t.channels.addresses.webhook));
    await userEvent.paste('https://erp.example/hook');
    await save();
    const dialog = within(await screen.findByRole('dialog'));
    expect(dialog.getByDisplayValue('whsec_abc')).toBeTruthy();
    expect(saved(calls)?.channels[2]).toEqual({ kind: 'webhook', to: 'https://erp.example/hook', enabled: true });
    await userEvent.click(dialog.getByRole('button', { name: t.secret.done }));
    await waitFor(() => expect(screen.queryByDisplayValue('whsec_abc')).toBeNull());
    expect(JSON.stringify(queryClient.getQueryData(['alerts']))).not.toContain('whsec_abc');
  });

  it('sends a test and says what became of it', async () => {
    const { calls } = show({ 'POST /alerts/test': { json: { delivered: false, message: 'The mail server refused the address.' } } });
    await userEvent.click(await screen.findByRole('button', { name: t.channels.testOf('E-mail pat@merchant.example') }));
    expect(await screen.findByText('The mail server refused the address.')).toBeTruthy();
    expect(calls.find((c) => c.path === '/alerts/test')?.body).toEqual({ channel_id: 'c1' });
  });

  it('tests what is saved, so it asks to save first', async () => {
    show();
    await userEvent.click(await screen.findByRole('checkbox', { name: 'A run failed' }));
    expect(screen.queryByRole('button', { name: /^Send a test/ })).toBeNull();
    expect(screen.getAllByText(t.channels.testLater)).toHaveLength(2);
  });

  it('shows what somebody else saved, when asked to', async () => {
    let version = 4;
    show({
      'GET /alerts': () => ({ json: { ...alerts, version, digest: { enabled: version > 4, at: '06:15' } } }),
      'PUT /alerts': () => {
        version = 5;
        return { status: 409, json: { code: 'conflict', detail: 'Somebody else changed the alerts.' } };
      },
    });
    await userEvent.click(await screen.findByRole('checkbox', { name: 'A run failed' }));
    await save();
    await userEvent.click(await screen.findByRole('button', { name: text.shell.conflict.action }));
    expect(await screen.findByDisplayValue('06:15')).toBeTruthy();
    expect(screen.getByRole<HTMLInputElement>('checkbox', { name: 'A run failed' }).checked).toBe(true);
  });

  it('says that no mail can be sent, and is for admins alone', async () => {
    const first = show({ 'GET /alerts': { json: { ...alerts, mail_available: false } } });
    expect(await screen.findByText(t.channels.noMail)).toBeTruthy();
    first.unmount();
    const { calls } = show({}, { ...session, permissions: { write: true, admin: false, owner: false } });
    expect(screen.getByText(t.adminOnly)).toBeTruthy();
    expect(calls.some((c) => c.path === '/alerts')).toBe(false);
  });
});
