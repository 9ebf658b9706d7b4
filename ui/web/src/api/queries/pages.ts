export const pageSize = 25;

/** How the next page of a list is asked for: by what the last one answered. */
export const byPage = {
  initialPageParam: '',
  getNextPageParam: (last: { next: string }) => last.next || undefined,
};
