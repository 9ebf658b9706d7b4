import type { Attention } from '../api/types';

export const problem: Attention = {
  id: 'p1', cause: 'run_failed', kind: 'products', flow_id: 'flow-1', flow_name: 'ERP catalogue', run_id: 'run-1', message: 'The file was not found (404).', count: 4, since: '2026-11-20T02:00:00Z',
  last_seen_at: '2026-11-22T02:00:00Z', assigned_to: '', muted_until: null, remedy: { action: 'source', text: 'Check the address of the file.', field: '' },
};
