// The sentences of a list that is searched by typing.

export const searchText = {
  none: 'Nothing has this in its name.',
  more: (n: string) => `${n} more. Type a part of the name to see them.`,
};
