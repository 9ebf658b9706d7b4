import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { Upload } from '../../api/types';
import { useApp } from '../../components/app';

/** Uploads one file at a time; a new one takes the place of the one before. */
export function useUpload(onDone: (upload: Upload) => void) {
  const { client } = useApp();
  const [fraction, setFraction] = useState(0);
  const [name, setName] = useState('');
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), []);
  const upload = useMutation({
    mutationFn: (file: File) => {
      abort.current?.abort();
      abort.current = new AbortController();
      setFraction(0);
      setName(file.name);
      return client.upload(file, setFraction, abort.current.signal);
    },
    onSuccess: onDone,
  });
  const aborted = upload.error instanceof DOMException;
  return { send: (file: File) => upload.mutate(file), isPending: upload.isPending, error: aborted ? null : upload.error, fraction, name };
}

export type Uploading = ReturnType<typeof useUpload>;
