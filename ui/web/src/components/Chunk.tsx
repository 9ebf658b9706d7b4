import { Flex, StatusMessage } from '@bigcommerce/big-design';
import { Component, type ReactNode } from 'react';
import { retryChunks } from '../lib/chunk';
import { text } from '../text';
import { ActionButtons } from './ActionButtons';

/**
 * Around what is loaded when it is needed. The way to it may have failed, which another try mends; after
 * an update of Sluice its file is gone, which opening the panel anew mends. Whatever else breaks is for
 * the frame to tell.
 */
export class Chunk extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  private readonly retry = () => {
    retryChunks();
    this.setState({ error: undefined });
  };

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    if (!isLoadFailure(error)) throw error;
    return (
      <Flex justifyContent="center" padding="xxLarge" role="alert">
        <StatusMessage actions={<ActionButtons actions={[{ text: text.tryAgain, onClick: this.retry }]} justify="center" />} {...text.shell.notLoaded} variant="info" />
      </Flex>
    );
  }
}

/** How browsers say that import() found no module. */
function isLoadFailure(error: Error): boolean {
  return error instanceof TypeError && /dynamically imported module|module script|unable to preload/i.test(error.message);
}
