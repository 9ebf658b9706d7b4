import { QueryObserver } from '@tanstack/react-query';
import { describe, expect, it, vi } from 'vitest';
import { run, session } from '../../test/render';
import { attentionKeys } from './attention';
import { newQueryClient } from './client';
import { applyEvent, applyRun } from './events';
import { flowKeys } from './flows';
import { overviewKeys } from './overview';
import { quotaKeys } from './quota';
import { runKeys } from './runs';
import { sessionKeys } from './session';
import type { Flow, Run } from '../types';

const event = (name: string, data: unknown) => ({ event: name, data: typeof data === 'string' ? data : JSON.stringify(data), id: '' });
const other: Run = { ...run, id: 'run-0', flow_id: 'flow-2', created_at: '2026-11-21T10:00:00Z' };
const pages = (...items: Run[]) => ({ pages: [{ items, next: '' }], pageParams: [''] });

describe('applyEvent', () => {
  it('writes quota', () => {
    const qc = newQueryClient();
    applyEvent(qc, event('quota', { known: true, left: 3 }));
    expect(qc.getQueryData(quotaKeys.quota)).toMatchObject({ left: 3 });
  });

  it('asks for the session again when the store changed', () => {
    const qc = newQueryClient();
    const invalidate = vi.spyOn(qc, 'invalidateQueries');
    applyEvent(qc, event('store', {}));
    expect(invalidate).toHaveBeenCalledWith({ queryKey: sessionKeys.session });
  });

  it('writes a run into every list that shows it, and no other', () => {
    const qc = newQueryClient();
    qc.setQueryData([...runKeys.runs, 'last'], [other]);
    qc.setQueryData([...runKeys.runs, 'pages', ''], pages(other));
    qc.setQueryData([...runKeys.runs, 'pages', 'flow-1'], pages());
    qc.setQueryData([...runKeys.runs, 'pages', 'flow-2'], pages(other));
    qc.setQueryData(flowKeys.flows, [{ id: 'flow-1', last_run: null }, { id: 'flow-2', last_run: other }]);
    applyEvent(qc, event('run', run));
    expect(qc.getQueryData(runKeys.run('run-1'))).toEqual(run);
    expect(qc.getQueryData([...runKeys.runs, 'last'])).toEqual([run, other]);
    expect(qc.getQueryData([...runKeys.runs, 'pages', ''])).toEqual(pages(run, other));
    expect(qc.getQueryData([...runKeys.runs, 'pages', 'flow-1'])).toEqual(pages(run));
    expect(qc.getQueryData([...runKeys.runs, 'pages', 'flow-2'])).toEqual(pages(other));
    expect(qc.getQueryData<Flow[]>(flowKeys.flows)?.map((f) => f.last_run?.id)).toEqual(['run-1', 'run-0']);
  });

  it('asks for a flow again when its schedule started a run, once', () => {
    const qc = newQueryClient();
    qc.setQueryData(flowKeys.flow('flow-1'), { id: 'flow-1', last_run: null });
    const stale = () => qc.getQueryState(flowKeys.flow('flow-1'))?.isInvalidated;
    applyEvent(qc, event('run', { ...run, id: 'by-hand' }));
    expect(stale()).toBe(false);
    applyEvent(qc, event('run', { ...run, trigger: 'schedule' }));
    expect(stale()).toBe(true);
  });

  it('asks for the list of flows and the overview again when a run begins and when it is over, not on its way', () => {
    const qc = newQueryClient();
    const stale = () => [flowKeys.flows, overviewKeys.overview].map((queryKey) => qc.getQueryState(queryKey)?.isInvalidated);
    const fresh = () => {
      qc.setQueryData(flowKeys.flows, []);
      qc.setQueryData(overviewKeys.overview, {});
    };
    fresh();
    applyEvent(qc, event('run', run));
    expect(stale()).toEqual([true, true]);
    fresh();
    applyEvent(qc, event('run', { ...run, created: 2000 }));
    expect(stale()).toEqual([false, false]);
    applyEvent(qc, event('run', { ...run, state: 'done' }));
    expect(stale()).toEqual([true, true]);
  });

  it('asks for the changes of a run again once it has written the first', () => {
    const qc = newQueryClient();
    const list = [...runKeys.runDetails(run.id), 'changes', {}];
    const written = (created: number) => applyEvent(qc, event('run', { ...run, created, updated: 0 }));
    written(0);
    qc.setQueryData(list, {});
    written(0);
    expect(qc.getQueryState(list)?.isInvalidated).toBe(false);
    written(40);
    expect(qc.getQueryState(list)?.isInvalidated).toBe(true);
  });

  it('counts what needs somebody at once, and asks for the list again', () => {
    const qc = newQueryClient();
    qc.setQueryData(sessionKeys.session, { ...session, attention: 0 });
    qc.setQueryData(attentionKeys.attention, {});
    applyEvent(qc, event('attention', { open: 3 }));
    expect(qc.getQueryData(sessionKeys.session)).toMatchObject({ attention: 3 });
    expect(qc.getQueryState(attentionKeys.attention)?.isInvalidated).toBe(true);
  });

  it('leaves a list of flows as old as it was', async () => {
    const qc = newQueryClient();
    qc.setQueryData(flowKeys.flows, [{ id: 'flow-2', last_run: null }], { updatedAt: 1000 });
    await qc.invalidateQueries({ queryKey: flowKeys.flows }); // a flow was made
    applyEvent(qc, event('run', run));
    expect(qc.getQueryState(flowKeys.flows)).toMatchObject({ isInvalidated: true, dataUpdatedAt: 1000 });
  });

  it('replaces a run in place', () => {
    const qc = newQueryClient();
    qc.setQueryData([...runKeys.runs, 'pages', ''], pages(run, other));
    const moved = { ...run, created: 2000 };
    applyEvent(qc, event('run', moved));
    expect(qc.getQueryData([...runKeys.runs, 'pages', ''])).toEqual(pages(moved, other));
  });

  it('ignores a late message about a run that is over', () => {
    const qc = newQueryClient();
    const over: Run = { ...run, state: 'done', updated_at: '2026-11-22T10:05:00.5Z' };
    applyRun(qc, over);
    applyRun(qc, { ...run, updated_at: '2026-11-22T10:04:59Z' });
    expect(qc.getQueryData(runKeys.run('run-1'))).toEqual(over);
  });

  it('does not keep an answer that was on its way when the run ended', async () => {
    const qc = newQueryClient();
    applyRun(qc, { ...run, state: 'running' });
    let late: (answer: string) => void = () => undefined;
    const answers = [new Promise<string>((resolve) => (late = resolve)), Promise.resolve('new')];
    const observer = new QueryObserver(qc, { queryKey: [...runKeys.runDetails(run.id), 'changes'], queryFn: () => answers.shift() });
    const stop = observer.subscribe(() => undefined);
    applyRun(qc, { ...run, state: 'done', updated_at: '2026-11-22T10:05:00.5Z' });
    late('old');
    await vi.waitFor(() => expect(observer.getCurrentResult()).toMatchObject({ fetchStatus: 'idle', status: 'success' }));
    expect(observer.getCurrentResult().data).toBe('new');
    expect(answers).toEqual([]);
    stop();
  });

  it('fetches errors again when their number changes, not on every step', () => {
    const qc = newQueryClient();
    applyRun(qc, run);
    const invalidate = vi.spyOn(qc, 'invalidateQueries');
    applyRun(qc, { ...run, created: 1500 });
    expect(invalidate).not.toHaveBeenCalled();
    applyRun(qc, { ...run, created: 1501, failed: 1 });
    expect(invalidate).toHaveBeenCalledWith({ queryKey: runKeys.runDetails('run-1') });
  });

  it.each([['run', '{broken'], ['run', 'null'], ['run', '{"id":1}'], ['ping', '{}'], ['message', 'x']])('ignores %s %s', (name, data) => {
    const qc = newQueryClient();
    applyEvent(qc, event(name, data));
    expect(qc.getQueryCache().getAll()).toEqual([]);
  });
});
