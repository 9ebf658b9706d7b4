import { Panel, StatusMessage } from '@bigcommerce/big-design';
import { type Action, ActionButtons } from '../ActionButtons';

interface Props {
  heading: string;
  message: string;
  action?: Action;
}

/** A list without an item: what would stand here, and how to get the first. */
export function EmptyState({ heading, message, action }: Props) {
  return (
    <Panel>
      <StatusMessage actions={action ? <ActionButtons actions={[action]} justify="center" /> : undefined} heading={heading} message={message} variant="info" />
    </Panel>
  );
}
