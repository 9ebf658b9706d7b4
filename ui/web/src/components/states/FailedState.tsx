import { InlineMessage } from '@bigcommerce/big-design';
import { text } from '../../text';
import { messagesOf } from '../app';

interface Props {
  error: unknown;
  header?: string;
  retry?: () => void;
}

/** An error where the thing it is about would stand: the cause, what to do, and the request's id when it is our fault. */
export function FailedState({ error, header = text.errors.header, retry }: Props) {
  return (
    <InlineMessage
      actions={retry ? [{ text: text.tryAgain, onClick: retry }] : undefined}
      header={header}
      marginBottom="medium"
      messages={messagesOf(error)}
      role="alert"
      type="error"
    />
  );
}
