import { type KindText, textOf } from './kind';

const general = textOf({ singular: 'product', plural: 'products' });

export const productsText: KindText = {
  ...general,
  key: 'SKU',
  list: { ...general.list, description: 'Feeds that create and update products in your catalogue, matched by SKU.' },
  options: {
    repeatedNames: {
      name: 'Repeated product names',
      help: 'BigCommerce does not allow two products of the same name.',
      append: 'Add the SKU to the name',
      appendHelp: 'The second “Blue mug” becomes “Blue mug MUG-2”, with a warning in the run.',
      fail: 'Leave the product out',
      failHelp: 'The second “Blue mug” is reported as an error and not written.',
    },
  },
};
