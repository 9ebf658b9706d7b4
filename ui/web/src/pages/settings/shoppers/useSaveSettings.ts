import { useMutation, useQueryClient } from '@tanstack/react-query';
import { storefrontKeys } from '../../../api/queries/storefront';
import type { StorefrontSettings } from '../../../api/types';
import { useApp, useFeedback } from '../../../components/app';
import { text } from '../../../text';

/** Saves the settings of the storefronts, and reads what came of it. */
export function useSaveSettings() {
  const { client } = useApp();
  const qc = useQueryClient();
  const feedback = useFeedback();
  return useMutation({
    mutationFn: (settings: StorefrontSettings) => client.saveStorefront(settings),
    onSuccess: async () => {
      await qc.invalidateQueries({ queryKey: storefrontKeys.storefront });
      feedback.success(text.saved);
    },
    onError: feedback.failure,
  });
}
