import { Input, type InputProps } from '@bigcommerce/big-design';
import { useRef, useState } from 'react';

interface Props extends Omit<InputProps, 'onChange' | 'value' | 'onBlur' | 'onKeyDown' | 'onPaste'> {
  value: string;
  /** The whole text: pasted, or typed and left. */
  onCommit: (value: string) => void;
}

/** A field whose text counts once it is whole: each letter of an address would ask another server. */
export function CommitInput({ value, onCommit, ...props }: Props) {
  const [typed, setTyped] = useState<string>();
  const pasted = useRef(false);
  const commit = (text: string) => {
    setTyped(undefined);
    if (text !== value) onCommit(text);
  };
  return (
    <Input
      {...props}
      onBlur={() => commit(typed ?? value)}
      onChange={(e) => {
        if (pasted.current) commit(e.target.value);
        else setTyped(e.target.value);
        pasted.current = false;
      }}
      onKeyDown={(e) => {
        if (e.key !== 'Enter' || e.nativeEvent.isComposing) return;
        e.preventDefault();
        commit(typed ?? value);
      }}
      onPaste={() => {
        pasted.current = true;
      }}
      value={typed ?? value}
    />
  );
}
