import { InlineMessage } from '@bigcommerce/big-design';
import { text } from '../../text';
import { useApp, useReached } from '../app';

/** While the server cannot be reached: how old everything on the page is. */
export function Stale() {
  const { format } = useApp();
  const { reachable, at } = useReached();
  return (
    <div role="status">
      {reachable ? null : <InlineMessage marginBottom="medium" messages={[{ text: text.shell.stale.asOf(format.time(at)) }]} type="warning" />}
    </div>
  );
}
