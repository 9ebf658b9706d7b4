// The sentences of the page "Needs attention".

export const attentionText = {
  title: 'Needs attention',
  none: 'Nothing needs you at the moment.',
};
