// The sentences of the page "Connections".

export const connectionsText = {
  title: 'Connections',
  none: 'Where the data of each sync comes from is listed here.',
};
