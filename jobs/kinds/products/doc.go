// Package products is the kind of flow that makes products of a store what rows of a source say.
//
// A product is identified by its SKU, "FOO", "foo" and "FOO " being one, for BigCommerce refuses
// the second of them although its filters tell them apart. Categories and brands are named by path
// and name, read once, remembered, and created when they are missing. Names are unique in a store:
// one that another product has is written with its SKU, or fails its record. What BigCommerce
// rounds is the same as what was sent.
//
// Products are never deleted.
package products
