// Package openapitest holds requests and answers of tests against the description of the HTTP API,
// so that it stays true. Only tests import it.
//
// It reads the description more strictly than clients should: an object has no properties but those
// that are described, because one that nobody described is what a test is to find.
package openapitest
