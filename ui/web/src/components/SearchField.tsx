import { Input } from '@bigcommerce/big-design';
import { SearchIcon } from '@bigcommerce/big-design-icons';
import { useEffect, useEffectEvent, useState } from 'react';

const pause = 300; // ms that typing has to rest before the list is asked for

interface Props {
  label: string;
  description?: string;
  value: string;
  onSearch: (value: string) => void;
}

/** A search that begins when typing rests, or at once with Enter. */
export function SearchField({ label, description, value, onSearch }: Props) {
  const [typed, setTyped] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    // Changed from elsewhere: an address was opened, or filters were cleared.
    setKnown(value);
    if (typed.trim() !== value) setTyped(value);
  }
  const ask = useEffectEvent(() => {
    if (typed.trim() !== value) onSearch(typed.trim());
  });
  useEffect(() => {
    const timer = setTimeout(ask, pause);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <Input
      description={description}
      iconLeft={<SearchIcon aria-hidden />}
      label={label}
      maxLength={100}
      onChange={(e) => setTyped(e.target.value)}
      onKeyDown={(e) => {
        if (e.key === 'Enter' && typed.trim() !== value) onSearch(typed.trim());
      }}
      type="search"
      value={typed}
    />
  );
}
