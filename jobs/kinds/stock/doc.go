// Package stock is the kind of flow that sets a store's stock: how many pieces of what has a SKU
// are at which location.
//
// A level is identified by SKU and location. Rows name locations by id, code or name, or the flow
// says one for all, to which the rows of several warehouses may be added up. Levels are set
// absolutely, up to 2,000 in a request, one request at a time. BigCommerce carries such writes out
// after it answered, so what was sent is remembered, and nothing is read back: only a run that
// compares with the store finds what others changed. No webhook of the inventory is registered,
// because each of our own writes would come back as one.
package stock
