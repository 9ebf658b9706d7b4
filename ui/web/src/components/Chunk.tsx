import { Flex, StatusMessage } from '@bigcommerce/big-design';
import { Component, type ReactNode } from 'react';
import { text } from '../text';

/**
 * Around what is loaded when it is needed: after an update of Sluice its file is gone, which opening
 * the panel anew mends. Whatever else breaks is for the frame to tell.
 */
export class Chunk extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    if (!isLoadFailure(error)) throw error;
    return (
      <Flex justifyContent="center" padding="xxLarge">
        <StatusMessage {...text.shell.notLoaded} variant="info" />
      </Flex>
    );
  }
}

/** How browsers say that import() found no module. */
function isLoadFailure(error: Error): boolean {
  return error instanceof TypeError && /dynamically imported module|module script|unable to preload/i.test(error.message);
}
