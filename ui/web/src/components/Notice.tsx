import { Flex, StatusMessage } from '@bigcommerce/big-design';

/** A page without a session: where to open the panel, or that the session is over. */
export function Notice({ heading, message }: { heading: string; message: string }) {
  return (
    <Flex flexDirection="row" as="main" justifyContent="center" padding="xxLarge">
      <StatusMessage heading={heading} message={message} size="page" variant="unauthorized" />
    </Flex>
  );
}
