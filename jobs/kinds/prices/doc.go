// Package prices is the kind of flow that makes prices of a store what rows of a source say: those
// of its catalogue, or those of its price lists.
//
// A price of the catalogue belongs to a SKU: to the variant that has it or, of a product without
// options, to its base variant, which is the product's own price. The SKU of a product with options
// belongs to no variant and is refused.
//
// A record of a price list belongs to a list, a SKU and a currency. BigCommerce creates or changes
// it in one request, so that nothing is looked up first unless the flow says so. Its answer shows
// nothing: what was sent is remembered. Prices that a write leaves out may be removed by it, so
// that each write has all that the row has. Price lists that are missing are created, and given to
// customer groups and channels, if the flow says so.
//
// Prices are never converted, rounded or guessed. What BigCommerce rounds is the same as what was
// sent.
package prices
