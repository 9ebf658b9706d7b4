import { act, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { Suspense } from 'react';
import { describe, expect, it, vi } from 'vitest';
import { applyEvent } from '../api/queries/events';
import { expectAccessible } from '../test/axe';
import { renderInPanel, session } from '../test/render';
import { chunk } from '../lib/chunk';
import { text } from '../text';
import { helpText } from '../texts/help';
import { Chunk } from './Chunk';
import { Shell } from './Shell';

const show = (path = '/', part: Partial<typeof session> = {}) => renderInPanel(<Shell />, { path, answers: { 'GET /session': { json: { ...session, ...part } } } });

describe('Shell', () => {
  it('names the app and the store', async () => {
    show();
    expect(screen.getByText('Sluice')).toBeTruthy();
    expect(await screen.findByText('Test store')).toBeTruthy();
  });

  it('counts what needs attention, as events tell', async () => {
    const { queryClient } = show('/', { attention: 3 });
    const bell = await screen.findByRole('link', { name: 'Needs attention: 3' });
    expect(bell.getAttribute('href')).toBe('#/attention');
    act(() => applyEvent(queryClient, { event: 'attention', data: '{"open":0}', id: '' }));
    expect(await screen.findByRole('link', { name: text.nav.noAttention })).toBeTruthy();
  });

  it.each(Object.entries(helpText.topics))('has help for the pages of "%s"', async (section, topic) => {
    show(`/${section}`, { support_url: 'https://help.example/' });
    await screen.findByText('Test store');
    const button = screen.getByRole('button', { name: 'Help' });
    await userEvent.click(button);
    const heading = await screen.findByRole('heading', { name: topic.title });
    await waitFor(() => expect(document.activeElement).toBe(heading));
    expect(screen.getByRole('complementary', { name: `Help: ${topic.title}` })).toBeTruthy();
    expect(screen.getByRole('link', { name: helpText.support }).getAttribute('href')).toBe('https://help.example/');
    await expectAccessible();
    await userEvent.keyboard('{Escape}');
    expect(screen.queryByRole('complementary')).toBeNull();
    expect(document.activeElement).toBe(button);
  });
});

describe('Chunk', () => {
  it('says what to do when a part of the program is gone, and tries again', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const load = vi.fn(() => Promise.resolve(() => <p>Here it is</p>)).mockRejectedValueOnce(new TypeError('Failed to fetch dynamically imported module: https://x/assets/y.js'));
    const Part = chunk(load);
    renderInPanel(
      <Chunk>
        <Suspense fallback={null}>
          <Part />
        </Suspense>
      </Chunk>,
    );
    expect(await screen.findByText(text.shell.notLoaded.message)).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: text.tryAgain }));
    expect(await screen.findByText('Here it is')).toBeTruthy();
    expect(load).toHaveBeenCalledTimes(2);
  });
});
